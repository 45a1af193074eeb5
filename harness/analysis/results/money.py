"""What systems cost, US dollars. None: not known, and a reason beside it says why."""

from __future__ import annotations

from dataclasses import dataclass

from harness.analysis.results.figures import Interval
from harness.analysis.results.hosting import Hosting
from harness.analysis.results.tokens import ByToken
from harness.ranges import Count, NonNegative
from harness.records import ApiPrice
from harness.spec.tariff import Tariff


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """The terms of a cost: of a query first, at the volume in force, then what is paid once or (training, labour) once
    a tuning cycle, then storage. `tuning_usd`: the search for its settings. None: not known, or no part of the system.

    `retrieve_usd`, `prompt_usd` (up to the first token) and `generate_usd` (the rest) are parts of `serial_usd`, by
    their seconds; where tokens are paid for, by the tokens of the prompt and of the answer. `serial_full_use_usd`: the
    limit, where machines never wait. `*_people_usd`: an engineer's time. `upfront_usd`: what making an adapter cost
    that a server holds, as declared.
    """

    serial_usd: NonNegative | None = None
    batched_usd: NonNegative | None = None
    retrieve_usd: NonNegative | None = None
    prompt_usd: NonNegative | None = None
    generate_usd: NonNegative | None = None
    serial_full_use_usd: NonNegative | None = None
    training_usd: NonNegative | None = None
    labour_usd: NonNegative | None = None
    labels_usd: NonNegative | None = None
    evaluation_usd: NonNegative | None = None
    retrieval_people_usd: NonNegative | None = None
    prompt_people_usd: NonNegative | None = None
    index_usd: NonNegative | None = None
    tuning_usd: NonNegative | None = None
    storage_usd_per_month: NonNegative | None = None
    upfront_usd: NonNegative | None = None

    @property
    def people_once_usd(self) -> float:
        """People's time that is paid once, but for that of a tuning cycle."""
        parts = (self.labels_usd, self.evaluation_usd, self.prompt_people_usd, self.retrieval_people_usd)
        return sum(part or 0.0 for part in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What the dollars rest on and nobody measured, and the throughput that they were made from."""

    machine: str | None = None
    provider: str | None = None
    usd_per_hour: NonNegative | None = None
    utilisation: NonNegative | None = None
    priced_on: str | None = None
    source: str | None = None
    serial_queries_per_s: NonNegative | None = None
    batched_queries_per_s: NonNegative | None = None
    stored_gb: NonNegative | None = None
    tuning_cycles: Count | None = None
    training_hours_per_cycle: NonNegative | None = None
    prompt_hours: NonNegative | None = None
    examples_hours: NonNegative | None = None
    retrieval_hours: NonNegative | None = None
    engineer_hours_per_cycle: NonNegative | None = None
    engineer_hours_per_refresh: NonNegative | None = None
    wage_usd_per_hour: NonNegative | None = None
    labels: Count | None = None
    usd_per_label: NonNegative | None = None
    evaluation_hours: NonNegative | None = None
    changed_share: NonNegative | None = None
    embedding_usd_per_mtok: NonNegative | None = None


@dataclass(frozen=True, slots=True)
class Projection:
    """The measured token counts at a hosted model's prices. `missed`: requirements that rule it out.

    `cached_per_query_usd`: with the front that all prompts share, `shared_prefix_tokens` long by an estimate, billed as
    cached as far as a provider does, `cached_tokens`. `machine_cheaper_from`: the volume a month above which the
    machines of the tariff cost less than these tokens; None: never, or not known.
    """

    model: str
    provider: str
    kind: str
    label: str
    per_query_usd: NonNegative | None
    cached_per_query_usd: NonNegative | None
    shared_prefix_tokens: Count | None
    cached_tokens: Count | None
    machine_cheaper_from: NonNegative | None
    n: Count
    input_usd_per_mtok: NonNegative | None
    output_usd_per_mtok: NonNegative | None
    training_usd: NonNegative | None
    priced_on: str | None
    source: str | None
    reason: str | None
    feasible: bool
    missed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """One system's money.

    `hosting`: how the machines, or tokens, that answer are paid for, `queries`: the volume a month that the costs of a
    query are at. `per_query_usd`: of `seconds` on the mean over `timed_n` timed questions, one request at a time (of a
    server that answers several at once, over the `pass_n` answers of its pass), or of the tokens, with its interval or
    the reason why there is none. `per_correct_ci_usd`: over the ends of the accuracy's interval.
    `*_people_usd`: the part that is people's time and labels, from the price list.
    """

    hosting: Hosting | ByToken | None
    queries: NonNegative
    seconds: NonNegative | None
    seconds_ci: Interval | None
    per_query_usd: NonNegative | None
    per_query_ci_usd: Interval | None
    per_query_ci_reason: str | None
    timed_n: Count
    batched_usd: NonNegative | None
    per_correct_usd: NonNegative | None
    per_correct_ci_usd: Interval | None
    with_error_price_usd: NonNegative | None
    error_price_usd: NonNegative | None
    fixed_usd: NonNegative | None
    fixed_people_usd: NonNegative
    refresh_usd: NonNegative | None
    refresh_people_usd: NonNegative
    storage_usd_per_month: NonNegative
    components: Components
    assumptions: Assumptions
    reason: str | None
    fixed_reason: str | None
    projections: tuple[Projection, ...]
    pass_n: Count = 0


@dataclass(frozen=True, slots=True)
class MonthlyTotal:
    """A month of one system at one volume. `own_volume`: it is the user's. `machines`: so many are kept up (None: the
    tariff keeps none up). `standing_usd`: what a month costs whatever the volume, without the machines that answer."""

    strategy: str
    monthly_queries: float
    own_volume: bool
    monthly_usd: float | None
    monthly_ci_usd: Interval | None
    machines: float | None
    standing_usd: float | None
    timed_n: int
    batched_monthly_usd: float | None
    over_horizon_usd: float | None
    horizon_months: float
    refresh_days: float | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class BreakEven:
    """From how many queries a month on `a`, which costs more up front, costs less in all than `b`.

    `status`: `reached` (at `monthly_queries`), `always`, `never`, `equal` or `unknown`. `tuned`: tuning cycles
    matter. `upfront_*`: once, and storage over the horizon. `standing_*`: dollars a month whatever the volume.
    `seconds_*`: of a query. `hourly_*`: of the machine that answers (None: paid by the token). `per_query_*`: at
    the volume in force. Where a query costs as much at every volume, `queries`: from how many in all on `a` has
    cost less, without changes of knowledge, and `per_refresh_queries`: between two of these.
    """

    a: str
    b: str
    cycles: int
    tuned: bool
    upfront_a_usd: float | None
    upfront_b_usd: float | None
    standing_a_usd: float | None
    standing_b_usd: float | None
    seconds_a: float | None
    seconds_b: float | None
    hourly_a_usd: float | None
    hourly_b_usd: float | None
    per_query_a_usd: float | None
    per_query_b_usd: float | None
    monthly_queries: float | None
    batched_monthly_queries: float | None
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
    tariff: Tariff
    tuning_cycles: int
    horizon_months: float
    monthly_queries: float | None
    refresh_days: float | None
    error_price_usd: float | None
    api_prices: tuple[ApiPrice, ...]
