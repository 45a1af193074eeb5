"""The flags of `compare` and `decide` that say what things cost. Light: nothing is read until they are used."""

from __future__ import annotations

import argparse
import datetime
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import InputError, shown
from harness.spec.requirement_flags import whole

if TYPE_CHECKING:
    from harness.spec.prices import PriceSheet

FIELDS = ("prices", "machine", "usd_per_hour", "utilisation", "tuning_cycles", "price_as")
"""What the flags set, as a run's settings name it."""
MOST_CYCLES = 1000
LEAST, MOST_USD_PER_HOUR = 1e-6, 1e6
"""Bounds of what is multiplied and divided by: within them no figure overflows."""


def add_price_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags; each is None where it was not given."""
    add = parser.add_argument_group("prices").add_argument
    add("--prices", metavar="FILE", help="price sheet (default: the one that ships)")
    add("--machine", metavar="NAME", help="machine of the price sheet that the run is priced on")
    add("--usd-per-hour", type=_price, metavar="USD", help="price of the machine instead of the sheet's")
    add(
        "--utilisation",
        type=_share,
        metavar="SHARE",
        help="share of paid time in use, instead of the sheet's",
    )
    add(
        "--tuning-cycles",
        type=whole(1, MOST_CYCLES),
        metavar="N",
        help="trainings until a fine-tune is good (default 3)",
    )
    add("--price-as", action="append", metavar="MODEL", help="also price the tokens on this API model "
        "(repeatable, or comma-separated), for instance gpt-4o-mini")  # fmt: skip


def price_settings(options: argparse.Namespace) -> dict[str, Any]:
    """What was given, by field. Raises InputError for empty names."""
    given = {name: value for name in FIELDS if (value := getattr(options, name)) is not None}
    empty = [f"--{name}" for name in ("prices", "machine") if given.get(name) == ""]
    if empty:
        raise InputError(f"{', '.join(empty)}: the name is empty.")
    if "price_as" in given:
        names = (name.strip() for text in given["price_as"] for name in text.split(","))
        given["price_as"] = tuple(dict.fromkeys(name for name in names if name))
        if not given["price_as"]:
            raise InputError("--price-as: name an API model, for instance gpt-4o-mini.")
    return given


def check_prices(given: dict[str, Any], on: datetime.date) -> None:
    """Raise InputErrors for a wrong sheet, an unknown machine or API model, before anything long begins."""
    from harness.spec.apiprices import api_prices
    from harness.spec.prices import load_prices

    path, machine = given.get("prices"), given.get("machine")
    sheet = load_prices(Path(path) if path else None)
    kinds = {one.name: one.kind for one in sheet.machines}
    sheet.machine_for(kinds.get(machine or "", "cpu"), machine)
    api_prices(given.get("price_as", ()), sheet, on)


def price_facts(settings: dict[str, Any], device: str, on: datetime.date) -> dict[str, Any]:
    """What a manifest keeps of prices: `price_sheet` as used, and `api_prices` in force on a day.

    Raises InputErrors for a wrong sheet, machine or API model.
    """
    from harness.spec.prices import load_prices

    path = settings.get("prices")
    return _facts(load_prices(Path(path) if path else None), settings, device, on)


def _facts(sheet: PriceSheet, settings: dict[str, Any], device: str, on: datetime.date) -> dict[str, Any]:
    from harness.spec.apiprices import api_prices

    return {
        "price_sheet": sheet.as_used(device, settings.get("machine")),
        "api_prices": api_prices(settings.get("price_as") or (), sheet, on),
    }


def repriced(manifest: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """The manifest as if the run had been started with these settings too; the run itself stays as it is.

    Without `prices` among them the sheet is the run's own copy. API prices are those in force on the day the
    run was made, so that no clock decides. Raises InputErrors as `price_facts` does, and where the run has no
    sheet that the settings could change.
    """
    from harness.spec.prices import load_prices, sheet_of, used_sheet

    if given and "prices" not in given and used_sheet(manifest) is None:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise InputError(f"the run has no price sheet to apply {flags} to; name a sheet with --prices.")
    settings = {**(manifest.get("settings") or {}), **given}
    changed = {**manifest, "settings": settings}
    if not {"prices", "machine", "price_as"} & given.keys():
        return changed
    if "prices" in given:
        sheet, machine = load_prices(Path(given["prices"])), given.get("machine")
    else:
        sheet, machine = sheet_of(manifest.get("price_sheet") or {}), settings.get("machine")
    device = (manifest.get("model") or {}).get("device") or "cpu"
    facts = _facts(sheet, {**settings, "machine": machine}, device, _day(manifest))
    if "prices" not in given:
        added = manifest["price_sheet"].get("sections_from_shipped", [])
        facts["price_sheet"]["sections_from_shipped"] = added
    return {**changed, **facts}


def _day(manifest: dict[str, Any]) -> datetime.date:
    try:
        return datetime.date.fromisoformat(str(manifest.get("created"))[:10])
    except ValueError:
        raise InputError("the run does not say when it was made, so it cannot be priced anew.") from None


def _price(text: str) -> float:
    value = _number(text)
    if not LEAST <= value <= MOST_USD_PER_HOUR:
        wanted = f"a price from {LEAST:f} to {MOST_USD_PER_HOUR:,.0f}"
        raise argparse.ArgumentTypeError(f"{shown(text)} is not {wanted}")
    return value


def _share(text: str) -> float:
    value = _number(text)
    if not LEAST <= value <= 1:
        hint = f" (for {text} % write {value / 100:g})" if 1 < value <= 100 else ""
        raise argparse.ArgumentTypeError(f"{shown(text)} is not a share from {LEAST:f} to 1{hint}")
    return value


def _number(text: str) -> float:
    """The number, or NaN, which no range holds, for what is none."""
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan
