"""What a run is priced on: a sheet with one of its machines, and hosted models; and a finished run priced anew.

Light: the models of a sheet are imported where one is read, so that `--help` is quick.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.errors import InputError

if TYPE_CHECKING:
    from harness.records import ApiPrice
    from harness.spec.prices import PriceSheet, UsedSheet

FIELDS = ("prices", "machine", "usd_per_hour", "utilisation", "tuning_cycles", "price_as")
"""The settings of a run that say what things cost."""


class Prices(NamedTuple):
    """The sheet with the machine of a run, and the prices of hosted models in force on the run's day."""

    sheet: UsedSheet
    api: tuple[ApiPrice, ...]


def prices_of(settings: Mapping[str, Any], device: str, on: datetime.date) -> Prices:
    """What a run with these settings is priced on. Raises InputErrors for a wrong sheet, machine or API model."""
    return _prices(_sheet(settings.get("prices")), settings, device, on)


def check_prices(given: Mapping[str, Any], on: datetime.date) -> None:
    """Raise InputErrors as `prices_of` does, before anything long begins: on the device of the machine named."""
    sheet = _sheet(given.get("prices"))
    kinds = {machine.name: machine.kind for machine in sheet.machines}
    _prices(sheet, given, kinds.get(given.get("machine") or "", "cpu"), on)


def listed_prices(reference: str, sheet: PriceSheet, on: datetime.date) -> tuple[ApiPrice, ...]:
    """The prices in force on a day of a hosted model, as it is and fine-tuned; none where no list knows it.

    `reference`: as a person names it (`openai:gpt-4o-mini`).
    """
    from harness.spec.apiprices import api_prices

    try:
        return api_prices([reference], sheet, on)
    except InputError:
        return ()


def prices_anew(
    own: UsedSheet | None, settings: Mapping[str, Any], given: Mapping[str, Any], device: str, created: str
) -> Prices | None:
    """What a run is priced on under other settings; None where `given` leaves its sheet and API prices as they are.

    Without `prices` in `given` the sheet is `own`, the run's copy. API prices are those of the day the run was made,
    so that no clock decides. Raises InputErrors as `prices_of` does, and where there is no sheet to change.
    """
    if given and "prices" not in given and own is None:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise InputError(f"the run has no price list to apply {flags} to; name one with --prices.")
    if not {"prices", "machine", "price_as"} & given.keys():
        return None
    try:
        day = datetime.date.fromisoformat(created[:10])
    except ValueError:
        raise InputError("the run does not say when it was made, so it cannot be priced anew.") from None
    merged = {**settings, **given}
    if "prices" in given:  # a machine of the run's own sheet need not stand on another one
        return _prices(_sheet(given["prices"]), {**merged, "machine": given.get("machine")}, device, day)
    assert own is not None
    prices = _prices(own, merged, device, day)
    sheet = prices.sheet.model_copy(update={"sections_from_shipped": own.sections_from_shipped})
    return Prices(sheet, prices.api)


def _sheet(path: str | None) -> PriceSheet:
    from harness.spec.prices import load_prices

    return load_prices(Path(path) if path else None)


def _prices(sheet: PriceSheet, settings: Mapping[str, Any], device: str, on: datetime.date) -> Prices:
    from harness.spec.apiprices import api_prices

    used = sheet.as_used(device, settings.get("machine"))
    return Prices(used, api_prices(settings.get("price_as") or (), sheet, on))
