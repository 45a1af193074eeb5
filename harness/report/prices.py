"""What a report says of the prices it used: their machine, source and date, and how old they were."""

from __future__ import annotations

from typing import Any

from harness.quantities import NA, dollars, percent, seconds
from harness.report.view import Block, Bullets, Table

Figures = dict[str, Any]


def prices(results: Figures) -> list[Block]:
    """The machine, what else was priced, and how old the prices were when the run began."""
    sheet = results["price_sheet"] or {}
    chosen = sheet.get("machine")
    if not isinstance(chosen, dict):
        return ["The run has no price sheet, so no cost was computed."]
    assumed: Figures = next(
        (
            block["cost"]["assumptions"]
            for task in results["tasks"].values()
            for block in task["strategies"].values()
        ),
        {},
    )
    hour = assumed.get("usd_per_hour", chosen["usd_per_hour"])
    given = "" if hour == chosen["usd_per_hour"] else " (given by the user)"
    lead = (
        f"Priced as {chosen['name']} ({chosen.get('provider', '')}) at {dollars(hour)} an hour{given}, answering "
        f"questions in {percent(assumed.get('utilisation', sheet['utilisation']))} of the paid time. "
        f"Price sheet of {sheet.get('date', 'unknown date')}."
    )
    return [lead, *_age(results), _assumed(sheet), _machines(sheet, chosen)]


def warnings(results: Figures) -> list[str]:
    """What is said of old prices wherever a figure rests on them."""
    about, found = results["prices"], []
    if about["stale"]:
        found.append(stale(about))
    if about["stale_api_prices"]:
        models = ", ".join(about["stale_api_prices"])
        found.append(f"Prices of {models} are from a snapshot older than {about['stale_after_days']} days.")
    return found


def _age(results: Figures) -> list[Block]:
    about, notes = results["prices"], warnings(results)
    if about["sections_from_shipped"]:
        names = ", ".join(about["sections_from_shipped"])
        notes.append(f"Not in the price sheet that was given, so taken from the one that ships: {names}.")
    return [Bullets(tuple(notes))]


def stale(about: Figures) -> str:
    """The sentence about a price sheet that was old when the run began."""
    return (
        f"The price sheet of {about['date']} was {about['age_days']} days old when the run began, more than "
        f"{about['stale_after_days']}: check the prices before you spend money on them."
    )


def _assumed(sheet: Figures) -> Table:
    """Prices of everything that is no machine, with their sources; many are assumptions and say so."""
    rows = tuple(
        (what, text(sheet[name][key]), sheet[name]["date"], sheet[name]["source"])
        for what, name, key, text in ASSUMED
        if sheet.get(name)
    )
    return Table(("What", "Price or amount", "Of", "Source"), rows)


def _hours(value: float) -> str:
    return seconds(value * 3600)


def _embedding(value: float | None) -> str:
    return "measured seconds" if value is None else dollars(value)


ASSUMED: tuple[tuple[str, str, str, Any], ...] = (
    ("Engineer, an hour", "labour", "wage_usd_per_hour", dollars),
    ("Engineer, a tuning cycle", "labour", "engineer_hours_per_cycle", _hours),
    ("Engineer, a change of knowledge", "labour", "engineer_hours_per_refresh", _hours),
    ("One training label", "labels", "usd_per_label", dollars),
    ("Engineer, evaluation", "evaluation", "engineer_hours", _hours),
    ("Storage, GB a month", "storage", "usd_per_gb_month", dollars),
    ("Embedding, a million tokens", "embedding", "usd_per_mtok", _embedding),
    ("Share that a change of knowledge touches", "refresh", "changed_share", percent),
)
"""Row of the table of prices: what, section and key of the sheet, how the value reads."""


def _machines(sheet: Figures, chosen: Figures) -> Table:
    rows = tuple(
        (
            f"{machine['name']} (used)" if machine["name"] == chosen["name"] else machine["name"],
            str(machine.get("provider", "")),
            f"{machine.get('vcpus', NA)} vCPU, {machine.get('memory_gb', NA)} GB",
            machine.get("accelerator") or "none",
            dollars(machine["usd_per_hour"]),
            str(machine.get("date", "")),
            str(machine.get("source", "")),
        )
        for machine in sheet.get("machines") or [chosen]
    )
    headers = ("Machine", "Provider", "Size", "Accelerator", "Per hour", "Seen on", "Source")
    return Table(headers, rows)
