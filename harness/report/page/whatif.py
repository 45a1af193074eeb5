"""What the page's section "What if" works with: the form's fields, and the facts that its formulas need.

`assets/whatif.js` computes costs and the choice from these facts as `decide` does, and tests hold the two against each
other. All that does not move with a field of the form is worked out here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from harness.analysis.decision import headline
from harness.analysis.decision.candidates import taught_of
from harness.analysis.decision.pairs import Difference, Pairs, trainings
from harness.analysis.decision.requirements.table import Row, required, rows
from harness.analysis.decision.sensitivity import REFRESHES, VOLUMES
from harness.analysis.latency import PERCENTILES
from harness.analysis.money.economics import DAYS_PER_MONTH, FEW_TIMED, PEOPLE_OFF
from harness.analysis.money.prices import Prices
from harness.analysis.results.figures import Percentiles, Tokens
from harness.analysis.results.money import Cost
from harness.analysis.results.requirements import Outcome
from harness.analysis.results.run import RunResult, SystemResult, TaskResult
from harness.analysis.results.setting import ASSUMED_MONTHLY_QUERIES
from harness.analysis.results.tokens import ByToken
from harness.analysis.results.unfinished import not_decided
from harness.analysis.validity.check import excluded
from harness.report.pictures.looks import Look, Looks, looks_in
from harness.report.view import visible
from harness.scoring.table import is_graded
from harness.spec.bounds import LEAST, MOST_CYCLES, MOST_USD_PER_HOUR
from harness.spec.strategy import rank
from harness.spec.system import ServedAdapter
from harness.spec.tariff import TARIFF_WORDS

Own = dict[str, float | str | bool | None]


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
class WhatIfTaught:
    """A fine-tune's accuracy on facts that training did not hold, and the share that a change of knowledge touches."""

    untaught: float | None
    changed_share: float | None


@dataclass(frozen=True, slots=True)
class WhatIfSystem:
    """One system that could be deployed. `candidate`: whether it may be chosen here. `rank`: how simple it is,
    `parameters`: how large its model (None: not known).

    `compared`: the accuracy that it is compared by, as if all candidates had answered the same questions.
    `taught`, `taught_words`: what a fine-tune makes of facts it was not taught, and what the headline says of that.
    `constant`: how the requirements turned out that have no field in the form. `tuned`: tuning cycles matter.
    `training_s`, `index_s`: device seconds; `index_by_token`: indexing is priced by the token instead.
    `upfront_usd`: what making an adapter cost that a server holds. `people_once_usd`: people's time that is paid once,
    but for that of a tuning cycle. `search_s`, `search_usd`: the search for its settings, on the run's machine or by a
    server.
    `update_people_s`: an engineer's time at each change of knowledge (None: none); `update_unknown`: an adapter is made
    elsewhere, in a time that nobody knows. `hosted`: what a query's tokens
    would cost on hosted models, by their names: a projection, which takes no part in the choice.
    """

    name: str
    look: Look
    candidate: bool
    rank: float
    parameters: int | None
    accuracy: float | None
    compared: float | None
    taught: WhatIfTaught | None
    taught_words: str
    beats_trivial: bool | None
    latency_s: Percentiles
    tokens: Tokens
    constant: tuple[Outcome, ...]
    tuned: bool
    training_s: float
    index_s: float
    index_by_token: bool
    update_people_s: float | None
    update_unknown: bool
    people_once_usd: float
    upfront_usd: float
    search_s: float
    search_usd: float
    cost: Cost
    hosted: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class WhatIfTask:
    """`graded`: an answer can be partly right. `excluded`: system → the failed check, `unjudged`: that it
    could not be judged, and why; `none_left`: that none of them could. `unfit`: why nothing of the run may be
    recommended. `waiting`: why nothing is decided yet, of a run that goes on. `pairs`: a, b, and the accuracy of
    b minus that of a by the primary metric."""

    metric: str | None
    graded: bool
    excluded: dict[str, str]
    unjudged: dict[str, str]
    none_left: str
    unfit: str | None
    waiting: str
    pairs: tuple[tuple[str, str, Difference], ...]
    systems: tuple[WhatIfSystem, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the script knows. `own`: the run's own terms, by the names of the fields (None: not set, or no price).
    `tariffs`: the ways to pay for machines, in words. `volumes`, `refreshes`: the axes of the decision map.
    `few_timed`, `people_off`: of the margin of a cost difference. `labels`: requirement → what it limits.
    `least_error_usd`: what any wrong answer costs."""

    fields: tuple[Field, ...]
    own: Own
    assumed_monthly_queries: float
    percentiles: tuple[str, ...]
    tariffs: dict[str, str]
    volumes: tuple[float, ...]
    refreshes: tuple[float, ...]
    days_per_month: float
    least_error_usd: float
    labels: dict[str, str]
    few_timed: float
    people_off: float
    tasks: dict[str, WhatIfTask]

    @property
    def hosted(self) -> bool:
        """Whether any system's tokens were priced on a hosted model."""
        return any(system.hosted for task in self.tasks.values() for system in task.systems)


def whatif(results: RunResult) -> Facts:
    """The facts of a run."""
    needs, looks = required(results.requirements), looks_in(results)
    settings = [task.decision.setting for task in results.tasks.values()]  # the same for all tasks
    own: Own = {
        **{name: getattr(needs, name) for name in rows()},
        "usd_per_hour": settings[0].usd_per_hour if settings else None,
        "utilisation": settings[0].utilisation if settings else None,
        "tuning_cycles": results.prices.tuning_cycles,
    }
    return Facts(
        fields=_fields(own),
        own=own,
        assumed_monthly_queries=ASSUMED_MONTHLY_QUERIES,
        percentiles=tuple(PERCENTILES),
        tariffs={str(tariff): words for tariff, words in TARIFF_WORDS.items()},
        volumes=VOLUMES,
        refreshes=tuple(days for days in REFRESHES if days is not None),
        days_per_month=DAYS_PER_MONTH,
        least_error_usd=Prices.of(sheet).second_usd if (sheet := results.price_sheet) else 0.0,
        labels={name: row.label for name, row in rows().items() if row.label},
        few_timed=FEW_TIMED,
        people_off=PEOPLE_OFF,
        tasks={name: _task(results, task, looks) for name, task in results.tasks.items()},
    )


def _fields(own: Own) -> tuple[Field, ...]:
    """What can be changed: needs, and prices where the run has a price list."""

    def price(name: str, label: str, most: float, least: float = LEAST, *, whole: bool = False) -> Field:
        return Field(name, label, f"--{name.replace('_', '-')}", least, most, _kept(own[name]), whole=whole)

    volume, *others = (_need(name, row, own[name]) for name, row in rows().items() if row.form)
    if own["usd_per_hour"] is None or own["utilisation"] is None:
        return volume, *others
    prices = (
        price("usd_per_hour", "Price of a machine hour, $", MOST_USD_PER_HOUR),
        price("utilisation", "Utilisation of shared machines, 0 to 1", 1.0),
        price("tuning_cycles", "Tuning cycles", MOST_CYCLES, 1, whole=True),
    )
    return volume, *prices, *others


def _need(name: str, row: Row, value: float | str | bool | None) -> Field:
    assumed = value is None and name == "monthly_queries"
    kept = f"{ASSUMED_MONTHLY_QUERIES:,} assumed" if assumed else _kept(value)
    return Field(
        name, str(row.form), str(row.flag), row.least, row.most, kept, row.above, row.whole, row.label
    )


def _kept(value: float | str | bool | None) -> str:
    return "not set" if value is None else f"{value:,.10g}"


def _task(results: RunResult, task: TaskResult, looks: Looks) -> WhatIfTask:
    metric, checks = task.primary_metric, excluded(task.validity)
    failed = {name: checks[name] for name in task.decision.excluded if name in checks}
    return WhatIfTask(
        metric=metric,
        graded=is_graded(metric),
        excluded={system: visible(reason) for system, reason in task.decision.excluded.items()},
        unjudged={name: headline.unjudged(name, why).text for name, why in failed.items()},
        none_left=headline.none_left(failed) if failed else "",
        unfit=task.decision.unfit if results.quick or results.incomplete else None,
        waiting=not_decided(_rivals(results, task)),
        pairs=Pairs(task.comparisons, metric, trainings(task.strategies)).items(),
        systems=tuple(_system(results, task, row, looks[name]) for name, row in task.deployable.items()),
    )


def _rivals(results: RunResult, task: TaskResult) -> tuple[str, ...]:
    waiting = results.unfinished.waiting.get(task.name, ()) if results.unfinished else ()
    return tuple(name for name in waiting if name in task.deployable)


def _system(results: RunResult, task: TaskResult, row: SystemResult, look: Look) -> WhatIfSystem:
    """Seconds come from the records of training and indexing: cost components are at the run's own prices."""
    candidate = task.decision.candidates.get(row.system.name)
    outcomes = candidate.requirements if candidate else ()
    assumed, parts = row.cost.assumptions, row.cost.components
    updated = row.system.adapted or row.system.searches
    hours = assumed.engineer_hours_per_refresh if updated else None
    taught = taught_of(row, assumed.changed_share)
    searched = (
        results.index_of(task.name, row.system.retrieved),
        results.examples_of(task.name, row.system.nearest),
    )
    indexes = [index for index in searched if index]
    adapter = next((one for one in results.adapters if row.adapter and one.sha256 == row.adapter), None)
    priced = bool(indexes) and assumed.embedding_usd_per_mtok is not None
    by_token = priced and all(index.embed_tokens is not None for index in indexes)
    projections = row.cost.projections
    search = task.effort.tuning.get(row.system.name)
    return WhatIfSystem(
        name=row.system.name,
        look=look,
        candidate=candidate is not None,
        rank=rank(row.system, hosted=isinstance(row.cost.hosting, ByToken)),
        parameters=results.model_of(row.system).parameters,
        accuracy=row.accuracy.mean,
        compared=candidate.accuracy_measured if candidate else row.accuracy.mean,
        taught=WhatIfTaught(taught.untaught.mean, taught.changed_share) if taught else None,
        taught_words=headline.taught(row, required(results.requirements).accuracy_margin).text,
        beats_trivial=candidate.beats_trivial if candidate else None,
        latency_s=row.latency_s,
        tokens=row.tokens,
        constant=tuple(outcome for outcome in outcomes if not rows()[outcome.requirement].form),
        tuned=assumed.tuning_cycles is not None,
        training_s=(adapter.seconds if adapter else None) or 0.0,
        index_s=sum(index.seconds or 0.0 for index in indexes),
        index_by_token=by_token,
        update_unknown=isinstance(row.system.adapter, ServedAdapter),
        update_people_s=None if hours is None else 3600 * hours,
        people_once_usd=parts.people_once_usd,
        upfront_usd=parts.upfront_usd or 0.0,
        search_s=search.seconds if search and search.usd is None else 0.0,
        search_usd=(search.usd if search else None) or 0.0,
        cost=replace(row.cost, projections=()),
        hosted=tuple((visible(p.model), p.per_query_usd) for p in projections if p.per_query_usd is not None),
    )
