"""What a report says of the prices it used: their machine, source and date, and how old they were."""

from __future__ import annotations

from collections.abc import Iterator

from harness.analysis.results.hosting import Hosting
from harness.analysis.results.money import Assumptions
from harness.analysis.results.run import RunResult
from harness.analysis.results.tokens import ByToken
from harness.quantities import NA, dollars, percent, plain
from harness.report.view import Block, Bullets, Table, led, table_of
from harness.spec.prices import Dated, UsedSheet
from harness.spec.tariff import TARIFF_WORDS, Tariff


def prices(results: RunResult) -> list[Block]:
    """The machine, what else was priced, and how old the prices were when the run began."""
    sheet = results.price_sheet
    if sheet is None:
        return ["The run has no price list, so no cost was computed."]
    machine = sheet.machine
    assumptions = (row.cost.assumptions for row in results.systems)
    assumed = next((row for row in assumptions if row.machine == machine.name), Assumptions())
    hour = assumed.usd_per_hour or machine.usd_per_hour
    given = "" if hour == machine.usd_per_hour else " (given by the user)"
    lead = (
        f"Priced as {machine.name} ({machine.provider}) at {dollars(hour)} an hour{given}, "
        f"{_tariff(results)}. Price list of {sheet.date or 'unknown date'}."
    )
    notes = warnings(results)
    if sheet.sections_from_shipped:
        names = ", ".join(sheet.sections_from_shipped)
        notes.append(f"Not in the price list that was given, so taken from the one that ships: {names}.")
    return [lead, Bullets(tuple(notes)), *led(OWN, _own_prices(results)), _amounts(sheet), _machines(sheet)]


OWN = "Models with a price of their own, which the machine and its price do not touch:"


def _own_prices(results: RunResult) -> Table:
    """What the answers of each system are paid for with, where that is not the run's machine."""
    rows = {
        row.system.name: row.cost
        for row in results.systems
        if isinstance(row.cost.hosting, ByToken) or (row.cost.hosting and row.cost.hosting.own_price)
    }
    return table_of(
        rows.items(),
        ("Strategy", lambda row: row[0]),
        ("Price", lambda row: _own_price(row[1].hosting)),
        ("Of", lambda row: row[1].assumptions.priced_on or NA),
        ("Source", lambda row: row[1].assumptions.source or NA),
    )


def _own_price(paid: Hosting | ByToken | None) -> str:
    if isinstance(paid, ByToken):
        cached = "" if paid.cached_usd_per_mtok is None else f", {dollars(paid.cached_usd_per_mtok)} cached"
        prices = f"{dollars(paid.input_usd_per_mtok)} in, {dollars(paid.output_usd_per_mtok)} out{cached}"
        return f"a million tokens: {prices}"
    return NA if paid is None else f"{dollars(paid.usd_per_hour)} an hour"


def _tariff(results: RunResult) -> str:
    """The tariff, the same for all strategies, a clause."""
    paid = (row.cost.hosting for row in results.systems)
    hosting = next((one for one in paid if isinstance(one, Hosting)), None)
    if hosting is None:
        return "for the seconds that were measured"
    words = f"with {TARIFF_WORDS[hosting.tariff]} (--tariff {hosting.tariff})"
    used = f", answering questions in {percent(hosting.utilisation)} of the paid time"
    return f"{words}{used if hosting.tariff is Tariff.SHARED else ''}"


def warnings(results: RunResult) -> list[str]:
    """What is said of old prices wherever a figure rests on them."""
    facts, notes = results.prices, []
    if facts.stale:
        notes.append(
            f"The price list of {facts.date} was {facts.age_days} days old when the run began, more than "
            f"{facts.stale_after_days}: check the prices before you spend money on them."
        )
    if facts.stale_api_prices:
        models = ", ".join(facts.stale_api_prices)
        notes.append(f"Prices of {models} are from a snapshot older than {facts.stale_after_days} days.")
    return notes


def _amounts(sheet: UsedSheet) -> Table:
    """Prices of everything that is no machine, with their sources; many are assumptions and say so."""
    rows = tuple(row for _, section in sheet if isinstance(section, Dated) for row in _section(section))
    return Table(("What", "Price or amount", "Of", "Source"), rows)


def _section(section: Dated) -> Iterator[tuple[str, ...]]:
    for name, field in type(section).model_fields.items():
        if name not in Dated.model_fields:
            value = _amount(name, getattr(section, name))
            yield field.title or name.replace("_", " "), value, section.date, section.source


def _amount(name: str, value: float | None) -> str:
    """An amount in the unit that its name says. What has no price is paid for in measured seconds, what has no hours
    takes as long as the first time."""
    if value is None:
        return "measured seconds" if "usd" in name else "the same again"
    if "usd" in name:
        return dollars(value)
    if "hours" in name:
        return f"{plain(value)} h"
    return percent(value) if "share" in name else plain(value)


def _machines(sheet: UsedSheet) -> Table:
    used = sheet.machine.name
    return table_of(
        sheet.machines or (sheet.machine,),
        ("Machine", lambda row: f"{row.name} (used)" if row.name == used else row.name),
        ("Provider", lambda row: row.provider),
        ("Size", lambda row: f"{row.vcpus} vCPU, {row.memory_gb} GB"),
        ("Accelerator", lambda row: row.accelerator or "none"),
        ("Per hour", lambda row: dollars(row.usd_per_hour)),
        ("Seen on", lambda row: row.date),
        ("Source", lambda row: row.source),
    )
