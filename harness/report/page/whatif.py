"""What the page's section "What if" works with: the form's fields, and the facts that its formulas need.

`assets/whatif.js` computes costs and the choice from these facts as `decide` does, and tests hold the two against each
other. All that does not move with a field of the form is worked out here.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.analysis.decision.pairs import difference
from harness.analysis.decision.requirements.table import Requirements, Row, required, rows
from harness.analysis.decision.sensitivity import REFRESHES, VOLUMES
from harness.analysis.latency import PERCENTILES
from harness.analysis.money.economics import DAYS_PER_MONTH
from harness.analysis.results.decision import ASSUMED_MONTHLY_QUERIES, Outcome, Verdict, headline
from harness.analysis.results.figures import Percentiles
from harness.analysis.results.run import RunResult, SystemResult, TaskResult
from harness.report.pictures.looks import Look, Looks, looks_in
from harness.report.view import visible
from harness.scoring.table import is_graded
from harness.spec.bounds import LEAST, MOST_CYCLES, MOST_USD_PER_HOUR


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the form, which stands for a flag of `decide`, with the bounds that the flag accepts (None: no bound).

    `above`: the least value other than 0. `kept`: what the run itself has, in words. `limit`: of a requirement that a
    system meets or misses, what is limited.
    """

    name: str
    label: str
    flag: str
    min: float | None
    max: float | None
    kept: str
    above: float | None = None
    whole: bool = False
    limit: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a decision is made under. None: not set, or the run has no price for it."""

    monthly_queries: float | None
    horizon_months: float
    error_price_usd: float | None
    refresh_days: float | None
    min_accuracy: float | None
    max_latency_s: float | None
    latency_percentile: str
    monthly_budget_usd: float | None
    accuracy_margin: float
    value_margin: float
    usd_per_hour: float | None
    utilisation: float | None
    tuning_cycles: int


@dataclass(frozen=True, slots=True)
class Money:
    """What a system's cost is made of, as far as it does not depend on the terms.

    `*_known`: whether all parts were measured and priced. `index_usd`: where indexing is priced by the token.
    """

    queries_per_s: float | None
    fixed_known: bool
    refresh_known: bool
    tuned: bool
    training_s: float
    labour_per_cycle_usd: float
    labels_usd: float
    evaluation_usd: float
    index_s: float
    index_usd: float | None
    changed_share: float
    refresh_people_usd: float
    storage_usd_per_month: float


@dataclass(frozen=True, slots=True)
class Hosted:
    """What a query's tokens would cost on a hosted model: a projection, which takes no part in the choice."""

    model: str
    per_query_usd: float


@dataclass(frozen=True, slots=True)
class WhatIfSystem:
    """One system that could be deployed. `candidate`: whether it may be chosen here.

    `update_s`: device seconds to take up changed documents, `update_people_s` an engineer's beside them (None: none).
    `constant`: how the requirements turned out that have no field in the form.
    """

    name: str
    colour: str
    dash: tuple[int, ...]
    candidate: bool
    accuracy: float | None
    latency_s: Percentiles
    update_s: float
    update_people_s: float | None
    constant: tuple[Outcome, ...]
    money: Money
    prompt_tokens: float | None
    completion_tokens: float | None
    hosted: tuple[Hosted, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Accuracy of b minus that of a by the primary metric: its interval, and p."""

    a: str
    b: str
    low: float
    high: float
    p: float | None


@dataclass(frozen=True, slots=True)
class WhatIfTask:
    """`graded`: an answer can be partly right. `excluded`: system → the failed check. `unfit`: why nothing of the run
    may be recommended. `headlines`: status → favourite or nearest system ("" for none) → the headline."""

    metric: str | None
    graded: bool
    excluded: dict[str, str]
    unfit: str | None
    headlines: dict[str, dict[str, str]]
    pairs: tuple[Pair, ...]
    systems: tuple[WhatIfSystem, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the script knows. `own`: the run's own terms. `volumes`, `refreshes`: the axes of the decision map."""

    fields: tuple[Field, ...]
    own: Terms
    assumed_monthly_queries: float
    percentiles: tuple[str, ...]
    volumes: tuple[float, ...]
    refreshes: tuple[float, ...]
    days_per_month: float
    tasks: dict[str, WhatIfTask]

    @property
    def hosted(self) -> bool:
        """Whether any system's tokens were priced on a hosted model."""
        return any(system.hosted for task in self.tasks.values() for system in task.systems)


def whatif(results: RunResult) -> Facts:
    """The facts of a run."""
    needs, looks = required(results.requirements), looks_in(results)
    own = _own(results, needs)
    return Facts(
        fields=_fields(own),
        own=own,
        assumed_monthly_queries=ASSUMED_MONTHLY_QUERIES,
        percentiles=tuple(PERCENTILES),
        volumes=VOLUMES,
        refreshes=tuple(days for days in REFRESHES if days is not None),
        days_per_month=DAYS_PER_MONTH,
        tasks={name: _task(results, task, looks) for name, task in results.tasks.items()},
    )


def _own(results: RunResult, needs: Requirements) -> Terms:
    """What `decide` goes by where no flag says otherwise."""
    settings = [task.decision.setting for task in results.tasks.values()]  # the same for all tasks
    return Terms(
        monthly_queries=needs.monthly_queries,
        horizon_months=needs.horizon_months,
        error_price_usd=needs.error_price_usd,
        refresh_days=needs.refresh_days,
        min_accuracy=needs.min_accuracy,
        max_latency_s=needs.max_latency_s,
        latency_percentile=needs.latency_percentile,
        monthly_budget_usd=needs.monthly_budget_usd,
        accuracy_margin=needs.accuracy_margin,
        value_margin=needs.value_margin,
        usd_per_hour=settings[0].usd_per_hour if settings else None,
        utilisation=settings[0].utilisation if settings else None,
        tuning_cycles=results.prices.tuning_cycles,
    )


def _fields(own: Terms) -> tuple[Field, ...]:
    """What can be changed: needs, and prices where the run has a price list."""
    volume, *others = (_need(name, row, own) for name, row in rows().items() if row.form)
    hour, utilisation, cycles = own.usd_per_hour, own.utilisation, own.tuning_cycles
    if hour is None or utilisation is None:
        return volume, *others
    most = MOST_USD_PER_HOUR
    prices = (
        Field("usd_per_hour", "Price of a machine hour, $", "--usd-per-hour", LEAST, most, _kept(hour)),
        Field("utilisation", "Utilisation, 0 to 1", "--utilisation", LEAST, 1.0, _kept(utilisation)),
        Field("tuning_cycles", "Tuning cycles", "--tuning-cycles", 1, MOST_CYCLES, _kept(cycles), whole=True),
    )
    return volume, *prices, *others


def _kept(value: float | None) -> str:
    return "not set" if value is None else f"{value:,.10g}"


def _need(name: str, row: Row, own: Terms) -> Field:
    value: float | None = getattr(own, name)
    kept = _kept(value)
    if value is None and name == "monthly_queries":
        kept = f"{ASSUMED_MONTHLY_QUERIES:,} assumed"
    assert row.form is not None
    return Field(name, row.form, str(row.flag), row.least, row.most, kept, row.above, row.whole, row.label)


def _task(results: RunResult, task: TaskResult, looks: Looks) -> WhatIfTask:
    metric, names = task.primary_metric, ("", *task.deployable)
    pairs = [
        (row, difference(row)) for row in task.comparisons if row.delta is not None and row.metric == metric
    ]
    return WhatIfTask(
        metric=metric,
        graded=is_graded(metric),
        excluded={system: visible(reason) for system, reason in task.decision.excluded.items()},
        unfit=task.decision.unfit if results.quick or results.incomplete else None,
        headlines={
            status: {name: headline(status, name or None, name or None) for name in names}
            for status in Verdict
        },
        pairs=tuple(Pair(row.a, row.b, found.low, found.high, found.p) for row, found in pairs),
        systems=tuple(_system(results, task, row, looks[name]) for name, row in task.deployable.items()),
    )


def _system(results: RunResult, task: TaskResult, row: SystemResult, look: Look) -> WhatIfSystem:
    candidate = task.decision.candidates.get(row.system.name)
    money = _money(results, task.name, row)
    people = row.cost.assumptions
    hours = (people.engineer_hours_per_refresh, people.evaluation_hours)
    return WhatIfSystem(
        name=row.system.name,
        colour=look.colour,
        dash=look.dash,
        candidate=candidate is not None,
        accuracy=row.accuracy.mean,
        latency_s=row.latency_s,
        update_s=money.training_s + money.index_s,
        update_people_s=None if None in hours else 3600 * sum(hour or 0.0 for hour in hours),
        constant=tuple(
            outcome
            for outcome in (candidate.requirements if candidate else ())
            if not rows()[outcome.requirement].form
        ),
        money=money,
        prompt_tokens=row.tokens.prompt_mean,
        completion_tokens=row.tokens.completion_mean,
        hosted=tuple(
            Hosted(visible(one.model), one.per_query_usd)
            for one in row.cost.projections
            if one.per_query_usd is not None
        ),
    )


def _money(results: RunResult, task: str, row: SystemResult) -> Money:
    """Seconds come from the records of training and indexing: cost components are at the run's own prices."""
    cost, assumed = row.cost, row.cost.assumptions
    index = results.indexes.get(task) if row.system.retrieved else None
    by_token = index and index.embed_tokens is not None and assumed.embedding_usd_per_mtok is not None
    adapter = next((one for one in results.adapters if row.adapter and one.sha256 == row.adapter), None)
    return Money(
        queries_per_s=None if assumed.usd_per_hour is None else assumed.serial_queries_per_s,
        fixed_known=cost.fixed_usd is not None,
        refresh_known=cost.refresh_usd is not None,
        tuned=row.system.adapted,
        training_s=(adapter.seconds if adapter else None) or 0.0,
        labour_per_cycle_usd=cost.components.labour_usd or 0.0,
        labels_usd=cost.components.labels_usd or 0.0,
        evaluation_usd=cost.components.evaluation_usd or 0.0,
        index_s=(index.seconds if index else None) or 0.0,
        index_usd=cost.components.index_usd if by_token else None,
        changed_share=assumed.changed_share or 0.0,
        refresh_people_usd=cost.refresh_people_usd,
        storage_usd_per_month=cost.storage_usd_per_month,
    )
