"""Dollars per query on a machine that one pays by the hour, and the one-off cost beside it.

c = $/h ÷ (3600 · queries/s · utilisation). Seconds are this run's; the price is a machine's on the sheet, so
the figure holds as far as that machine is as fast as the one that was measured.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.analysis.throughput import Batched
from harness.records import TimingRow


@dataclass(frozen=True, slots=True)
class Price:
    """What the run is priced on. `assumptions` is what the reader has to know, as plain values."""

    usd_per_hour: float
    utilisation: float
    assumptions: dict[str, Any]

    def usd(self, seconds: float) -> float:
        """Dollars for seconds of the machine, fully used."""
        return self.usd_per_hour * seconds / 3600


def price_of(manifest: dict[str, Any]) -> Price | None:
    """The price in a run's manifest, or None where the run has no price sheet."""
    sheet = manifest.get("price_sheet") or {}
    machine = sheet.get("machine")
    if not isinstance(machine, dict):
        return None
    return Price(
        usd_per_hour=machine["usd_per_hour"],
        utilisation=sheet["utilisation"],
        assumptions={
            "machine": machine["name"],
            "provider": machine.get("provider"),
            "usd_per_hour": machine["usd_per_hour"],
            "utilisation": sheet["utilisation"],
            "priced_on": machine.get("date"),
            "source": machine.get("source"),
        },
    )


def per_query_usd(price: Price, seconds_per_query: float, utilisation: float | None = None) -> float:
    """c = $/h ÷ (3600 · queries/s · utilisation), with queries/s = 1 / seconds per query."""
    return price.usd(seconds_per_query) / (utilisation or price.utilisation)


@dataclass(frozen=True, slots=True)
class OneOff:
    """Device seconds spent once: on training this strategy's adapter, on building its index.

    `known` is False where a part is missing (an adapter not trained yet), so that no sum can be given.
    """

    known: bool = True
    training_s: float | None = None
    index_s: float | None = None


def costs(
    price: Price | None,
    timings: Sequence[TimingRow],
    passed: Batched | None,
    one_off: OneOff,
    accuracy: float | None,
) -> dict[str, Any]:
    """{per_query_usd, per_correct_usd, fixed_usd, components, assumptions, reason}.

    per_query_usd is the serial row: one request at a time, at the sheet's utilisation. `reason` says why it
    is None. fixed_usd counts the device only, for one training and one index.
    """
    deployed = [row.e2e_s for row in timings if row.merged]
    mean_s = math.fsum(deployed) / len(deployed) if deployed else None
    serial = per_query_usd(price, mean_s) if price and mean_s is not None else None
    training = price.usd(one_off.training_s) if price and one_off.training_s is not None else None
    index = price.usd(one_off.index_s) if price and one_off.index_s is not None else None
    return {
        "per_query_usd": serial,
        "per_correct_usd": serial / accuracy if serial is not None and accuracy else None,
        "fixed_usd": math.fsum(filter(None, (training, index))) if price and one_off.known else None,
        "components": {
            "serial_usd": serial,
            "batched_usd": _batched_usd(price, passed),
            "serial_full_use_usd": per_query_usd(price, mean_s, 1.0)
            if price and mean_s is not None
            else None,
            "training_usd": training,
            "index_usd": index,
        },
        "assumptions": {
            **(price.assumptions if price else {}),
            "serial_queries_per_s": 1 / mean_s if mean_s else None,
            "batched_queries_per_s": passed.questions / passed.wall_s if passed else None,
        },
        "reason": _reason(price, deployed),
    }


def _batched_usd(price: Price | None, passed: Batched | None) -> float | None:
    if price is None or passed is None or not passed.questions:
        return None
    return per_query_usd(price, passed.wall_s / passed.questions)


def _reason(price: Price | None, deployed: Sequence[float]) -> str | None:
    if price is None:
        return "the run has no price sheet"
    return None if deployed else "not timed"
