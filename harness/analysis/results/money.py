"""What systems cost, US dollars. None: not known, and a reason beside it says why."""

from __future__ import annotations

from dataclasses import dataclass

from harness.analysis.results.figures import Interval
from harness.records import ApiPrice


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """The terms of a cost: of a query first, then what is paid once or (training, labour) once a tuning cycle,
    then storage. None: not known, or the system has no such part.

    `retrieve_usd`, `prompt_usd` (up to the first token) and `generate_usd` (the rest) are parts of `serial_usd`.
    """

    serial_usd: float | None = None
    batched_usd: float | None = None
    retrieve_usd: float | None = None
    prompt_usd: float | None = None
    generate_usd: float | None = None
    serial_full_use_usd: float | None = None
    training_usd: float | None = None
    labour_usd: float | None = None
    labels_usd: float | None = None
    evaluation_usd: float | None = None
    index_usd: float | None = None
    storage_usd_per_month: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What the dollars rest on and nobody measured, and the throughput that they were made from."""

    machine: str | None = None
    provider: str | None = None
    usd_per_hour: float | None = None
    utilisation: float | None = None
    priced_on: str | None = None
    source: str | None = None
    serial_queries_per_s: float | None = None
    batched_queries_per_s: float | None = None
    stored_gb: float | None = None
    tuning_cycles: int | None = None
    training_hours_per_cycle: float | None = None
    engineer_hours_per_cycle: float | None = None
    engineer_hours_per_refresh: float | None = None
    wage_usd_per_hour: float | None = None
    labels: int | None = None
    usd_per_label: float | None = None
    evaluation_hours: float | None = None
    changed_share: float | None = None
    embedding_usd_per_mtok: float | None = None


@dataclass(frozen=True, slots=True)
class Projection:
    """The measured token counts at a hosted model's prices. `missed`: requirements that rule it out."""

    model: str
    provider: str
    kind: str
    label: str
    per_query_usd: float | None
    n: int
    input_usd_per_mtok: float | None
    output_usd_per_mtok: float | None
    training_usd: float | None
    priced_on: str | None
    source: str | None
    reason: str | None
    feasible: bool
    missed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """One system's money.

    `per_query_usd`: one request at a time, from `timed_n` timed questions, with its interval or the reason why there
    is none. `per_correct_ci_usd`: over the ends of the accuracy's interval. `*_people_usd`: the part that is people's
    time and labels, from the price list.
    """

    per_query_usd: float | None
    per_query_ci_usd: Interval | None
    per_query_ci_reason: str | None
    timed_n: int
    batched_usd: float | None
    per_correct_usd: float | None
    per_correct_ci_usd: Interval | None
    with_error_price_usd: float | None
    error_price_usd: float | None
    fixed_usd: float | None
    fixed_people_usd: float
    refresh_usd: float | None
    refresh_people_usd: float
    storage_usd_per_month: float
    components: Components
    assumptions: Assumptions
    reason: str | None
    fixed_reason: str | None
    projections: tuple[Projection, ...]


@dataclass(frozen=True, slots=True)
class MonthlyTotal:
    """A month of one system at one volume. `own_volume`: it is the user's."""

    strategy: str
    monthly_queries: float
    own_volume: bool
    monthly_usd: float | None
    monthly_ci_usd: Interval | None
    timed_n: int
    batched_monthly_usd: float | None
    over_horizon_usd: float | None
    horizon_months: float
    refresh_days: float | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class BreakEven:
    """From how many `queries` on `a`, which costs more up front, has cost less in all than `b`.

    `status`: `reached` (at `queries`), `always`, `never`, `equal` or `unknown`. `tuned`: tuning cycles matter.
    """

    a: str
    b: str
    cycles: int
    tuned: bool
    upfront_a_usd: float | None
    upfront_b_usd: float | None
    per_query_a_usd: float | None
    per_query_b_usd: float | None
    queries: float | None
    batched_queries: float | None
    per_refresh_queries: float | None
    flip_error_price_usd: float | None
    accuracy_a: float | None
    accuracy_b: float | None
    accuracy_resolved: bool
    excluded: tuple[str, ...]
    status: str
    sentence: str


@dataclass(frozen=True, slots=True)
class PriceFacts:
    """How old the price list was when the run began, and what the user set."""

    date: str | None
    age_days: int | None
    stale_after_days: int
    stale: bool
    stale_api_prices: tuple[str, ...]
    sections_from_shipped: tuple[str, ...]
    tuning_cycles: int
    horizon_months: float
    monthly_queries: float | None
    refresh_days: float | None
    error_price_usd: float | None
    api_prices: tuple[ApiPrice, ...]
