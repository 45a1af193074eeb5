"""What a system costs, as formulas over plain values (docs/method.md, "Cost"). US dollars throughout.

Nothing here reads a file or a run: `tariff.py` makes `Economics` of what was measured and what things cost.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.analysis.results.money import Assumptions, Components

DAYS_PER_MONTH = 365.25 / 12


@dataclass(frozen=True, slots=True)
class CostInputs:
    """What a user may set. None: the price list's value, or (for the last four) not asked for."""

    cycles: int = 3
    """Trainings until a fine-tune is good enough; each costs machine time and engineer hours."""
    utilisation: float | None = None
    usd_per_hour: float | None = None
    horizon_months: float = 12.0
    """Over how many months one-off costs are spread."""
    monthly_queries: float | None = None
    refresh_days: float | None = None
    """Every how many days the knowledge changes; None: it does not."""
    error_price_usd: float | None = None
    """What one wrong answer costs."""
    in_house: bool = False
    """Data may not leave machines of one's own: nothing is priced as a hosted service."""


@dataclass(frozen=True, slots=True)
class Economics:
    """One system's money, US dollars. None: not known, `reason` says why."""

    strategy: str
    per_query_usd: float | None
    """One request at a time, at the assumed utilisation."""
    batched_usd: float | None
    """The same at the throughput of the batched pass."""
    fixed_usd: float | None
    """Once: tuning cycles, labour, labels, evaluation, index."""
    refresh_usd: float | None
    """At each change of knowledge: embed again what changed, train again."""
    storage_usd_per_month: float
    reason: str | None
    components: Components
    assumptions: Assumptions
    cycles: int = 3
    """The tuning cycles that `fixed_usd` is for."""
    per_cycle_usd: float = 0.0
    """What each tuning cycle adds to `fixed_usd`; 0 where nothing is tuned."""
    people_usd: float = 0.0
    """The part of `fixed_usd` that is people's hours and labels: taken from the price list, not measured."""
    people_refresh_usd: float = 0.0
    """The same part of `refresh_usd`."""
    fixed_reason: str | None = None
    """Why `fixed_usd` is None; `reason` is this one only where the cost of a query is known."""
    timed: int = 0
    """Timed questions that `per_query_usd` rests on."""
    per_query_ci_usd: tuple[float, float] | None = None
    """95 % interval of `per_query_usd` as far as the timed questions tell; None where they are too few."""

    def fixed_at(self, cycles: int) -> float | None:
        """`fixed_usd` with another number of tuning cycles."""
        if self.fixed_usd is None:
            return None
        return self.fixed_usd + (cycles - self.cycles) * self.per_cycle_usd

    def upfront_usd(self, horizon_months: float, cycles: int | None = None) -> float | None:
        """What does not depend on the number of queries: one-off cost, and storage over the horizon."""
        fixed = self.fixed_usd if cycles is None else self.fixed_at(cycles)
        return None if fixed is None else fixed + self.storage_usd_per_month * horizon_months

    def monthly_usd(
        self, queries: float, horizon_months: float, refresh_days: float | None, *, batched: bool = False
    ) -> float | None:
        """Dollars a month: queries, storage, one-off cost spread over the horizon, and refreshes.

        `refresh_days` None: the knowledge does not change. None where a part is not known.
        """
        per_query = self.batched_usd if batched else self.per_query_usd
        refreshes = _refreshes(refresh_days)
        if per_query is None or self.fixed_usd is None or (refreshes and self.refresh_usd is None):
            return None
        return (
            per_query * queries
            + self.storage_usd_per_month
            + self.fixed_usd / horizon_months
            + (self.refresh_usd or 0.0) * refreshes
        )

    def people_monthly_usd(self, horizon_months: float, refresh_days: float | None) -> float:
        """The part of `monthly_usd` that is people's: taken from the price list, not measured."""
        return self.people_usd / horizon_months + self.people_refresh_usd * _refreshes(refresh_days)

    def monthly_ci_usd(
        self, queries: float, horizon_months: float, refresh_days: float | None
    ) -> tuple[float, float] | None:
        """95 % interval of `monthly_usd`: only the seconds of a query count as uncertain, prices do not."""
        month = self.monthly_usd(queries, horizon_months, refresh_days)
        if month is None or self.per_query_usd is None or self.per_query_ci_usd is None:
            return None
        low, high = self.per_query_ci_usd
        return month - (self.per_query_usd - low) * queries, month + (high - self.per_query_usd) * queries


def _refreshes(refresh_days: float | None) -> float:
    """Changes of knowledge a month."""
    return 0.0 if refresh_days is None else DAYS_PER_MONTH / refresh_days


# Formulas


def api_cost(
    prompt_tokens: float,
    completion_tokens: float,
    input_usd_per_mtok: float,
    output_usd_per_mtok: float,
    cached_tokens: float = 0.0,
    cached_usd_per_mtok: float | None = None,
) -> float:
    """c = (prompt − cached)·p_in + cached·p_cached + completion·p_out; prices in dollars a million tokens.

    Without a price of cached tokens they cost what others do.
    """
    cached_price = input_usd_per_mtok if cached_usd_per_mtok is None else cached_usd_per_mtok
    return (
        (prompt_tokens - cached_tokens) * input_usd_per_mtok
        + cached_tokens * cached_price
        + completion_tokens * output_usd_per_mtok
    ) / 1e6


def own_machine_cost(usd_per_hour: float, queries_per_s: float, utilisation: float = 1.0) -> float:
    """c = $/h ÷ (3600 · queries/s · utilisation)."""
    return usd_per_hour / (3600 * queries_per_s * utilisation)


def fine_tune_cost(
    cycles: int,
    device_hours: float,
    usd_per_hour: float,
    engineer_hours: float,
    wage: float,
    labels: float = 0,
    usd_per_label: float = 0.0,
    evaluation_usd: float = 0.0,
) -> float:
    """F = cycles · (device hours · $/h + engineer hours · wage) + labels · price + evaluation.

    Hours are of one cycle.
    """
    per_cycle = device_hours * usd_per_hour + engineer_hours * wage
    return cycles * per_cycle + labels * usd_per_label + evaluation_usd


def per_correct_usd(per_query: float | None, accuracy: float | None) -> float | None:
    """c / accuracy; None where nothing was right or either is not known."""
    return per_query / accuracy if per_query is not None and accuracy else None


def with_error_price(
    per_query: float | None, accuracy: float | None, error_price: float | None
) -> float | None:
    """c + (1 − accuracy)·H."""
    if per_query is None or accuracy is None or error_price is None:
        return None
    return per_query + (1 - accuracy) * error_price
