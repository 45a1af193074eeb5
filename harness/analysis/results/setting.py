"""The point at which systems are valued: volume, horizon, prices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from harness.spec.tariff import Tariff

ASSUMED_MONTHLY_QUERIES = 10_000
"""Where nobody says a volume: the middle one of those for which tables show totals."""


@dataclass(frozen=True, slots=True)
class Setting:
    """The point at which systems are valued. None: not set, or the run has no price for it.

    `refresh_days` None: the knowledge does not change. `utilisation`: of shared machines. `peak_factor`: of kept-up
    ones, the peak over the mean load. `people_factor`: people's hours, as a multiple of the price list's.
    `token_factor`: what tokens cost, as a multiple of their prices in the run; None where no candidate pays for tokens.
    """

    monthly_queries: float = ASSUMED_MONTHLY_QUERIES
    horizon_months: float = 12.0
    error_price_usd: float | None = None
    refresh_days: float | None = None
    usd_per_hour: float | None = None
    utilisation: float | None = None
    cycles: int | None = None
    monthly_queries_assumed: bool = False
    tariff: Tariff = Tariff.KEPT_UP
    peak_factor: float | None = None
    people_factor: float = 1.0
    token_factor: float | None = None

    def with_value(self, field: str, value: float | None) -> Setting:
        changed: dict[str, Any] = {field: value}
        return replace(self, **changed)
