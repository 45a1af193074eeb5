"""Everything that is derived from a run: `results.json` is the JSON of `RunResult`."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.analysis.results.baselines import Baseline, OverTrivial, best_baseline
from harness.analysis.results.checks import Check
from harness.analysis.results.comparison import Comparison, Forgetting
from harness.analysis.results.decision import Decision
from harness.analysis.results.figures import (
    Citations,
    Clusters,
    Estimate,
    Missing,
    Percentiles,
    RepeatNoise,
    Retrieval,
    SeedSpread,
    ShareEstimate,
    Throughput,
    Tokens,
    Unmerged,
    Warm,
    Waterfall,
)
from harness.analysis.results.forms import FormEffect, FormShare
from harness.analysis.results.groups import GroupResult
from harness.analysis.results.labels import FieldFigures, LabelResult
from harness.analysis.results.money import Cost, MonthlyTotal, PriceFacts
from harness.analysis.results.tuning import Effort
from harness.analysis.results.unfinished import Unfinished
from harness.analysis.results.verdict import Verdict
from harness.ranges import Count, NonNegative, Share
from harness.records import LossPoint
from harness.run.facts import (
    EmbedderFacts,
    IndexFacts,
    KeptObstacle,
    ModelFacts,
    TimingOrder,
    examples_of,
    index_of,
)
from harness.run.machines import MachineFacts, WorkerGroup
from harness.run.settings import Settings
from harness.spec.context import Gold, Nearest, Retrieved
from harness.spec.prices import UsedSheet
from harness.spec.system import System

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterResult:
    """An adapter as it was trained. `strategy`: the name of its system on its task. `train_fit`: share of its own
    training answers that it reproduces.
    """

    task: str
    strategy: str
    seed: Count = 0
    sha256: str | None = None
    examples: Count | None = None
    epochs: NonNegative | None = None
    steps: Count | None = None
    train_tokens: Count | None = None
    seconds: NonNegative | None = None
    train_tokens_per_s: NonNegative | None = None
    first_train_loss: NonNegative | None = None
    train_loss: NonNegative | None = None
    dev_loss: NonNegative | None = None
    dev_score: NonNegative | None = None
    dev_metric: str | None = None
    kept_epoch: Count | None = None
    watched: Count | None = None
    held_back: Count | None = None
    train_fit: NonNegative | None = None
    logit_shift: NonNegative | None = None
    stopped: str | None = None
    reused: bool = False
    bytes: Count | None = None
    loss_curve: tuple[LossPoint, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemFigures:
    """What was measured of one system on one task. `accuracy`: by the primary metric. Shares are of its answers.

    `groups`: accuracy by kind of question. `aggregates`: lm-eval's figures of all answers together. `truncated`:
    prompts that lost passages, `dropped_passages` in all. `adapter`: sha256 of the one that answered.
    `over_trivial`: against the task's best trivial baseline; None where there is none. `by_filter`: the primary metric
    of what each of lm-eval's filters makes of the same answers; empty where there is one filter. `missing`: answers
    that could not be had, by reason, the most frequent first. Times of servers are cold; `warm`: those of the same
    prompts asked again. `untimed`: timed requests that failed, and stand in no time. `repeat_noise`: how
    much a server's answers vary by themselves; None where it was asked once. `citations`: None where the task asks for
    none, or no passages are shown. `labels`: of a task with labels. `fields`: key of JSON answers → its figures.
    """

    system: System
    accuracy: ShareEstimate
    metrics: dict[str, Estimate]
    aggregates: dict[str, float | None]
    groups: dict[str, Estimate]
    seeds: SeedSpread | None
    n_answered: Count
    latency_s: Percentiles
    ttft_s: Percentiles
    retrieve_s: Percentiles
    tpot_s: Percentiles
    unmerged: Unmerged | None
    tokens: Tokens
    tokens_per_s: Throughput
    retrieval: Retrieval | None
    adapter: str | None
    truncated: Count
    dropped_passages: Count
    finish_length_share: Share | None
    empty_share: Share | None
    cached_share: Share | None
    over_trivial: OverTrivial | None = None
    by_filter: dict[str, float | None] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()
    warm: Warm | None = None
    untimed: Count = 0
    repeat_noise: RepeatNoise | None = None
    citations: Citations | None = None
    labels: LabelResult | None = None
    fields: dict[str, FieldFigures] = field(default_factory=dict)

    @property
    def control(self) -> bool:
        return self.system.control

    @property
    def out_of_reach(self) -> int:
        """How many of its answers cannot be had, however often they are asked for."""
        return sum(row.n for row in self.missing if row.final)

    @property
    def label(self) -> str:
        return self.system.label


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemResult(SystemFigures):
    """The same with what it costs."""

    cost: Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFigures:
    """What was measured on one task, whatever things cost. `strategies`: system name → figures, in the plan's order.

    `corpus`: where its documents lie, as the task file names it. `baselines`: constant replies, no systems.
    """

    name: str
    n: Count
    n_unanswerable: Count
    primary_metric: str | None
    probes: str | None
    description: str
    corpus: str | None
    train_questions: Count | None
    clusters: Clusters
    strategies: Mapping[str, SystemFigures]
    not_applicable: dict[str, KeptObstacle]
    forgetting: tuple[Forgetting, ...]
    comparisons: tuple[Comparison, ...]
    validity: tuple[Check, ...]
    waterfall: Waterfall
    effort: Effort = field(default_factory=Effort)
    baselines: tuple[Baseline, ...] = ()
    forms: tuple[FormEffect, ...] = ()
    form_shares: tuple[FormShare, ...] = ()

    @property
    def metric(self) -> str:
        """The metric that is the accuracy, in words; a task of lm-eval's may have none that can stand as one."""
        return self.primary_metric or "no accuracy"

    @property
    def aggregates(self) -> tuple[str, ...]:
        """The metrics that lm-eval makes of all answers of a system together."""
        return tuple(dict.fromkeys(name for row in self.strategies.values() for name in row.aggregates))

    @property
    def best_baseline(self) -> Baseline | None:
        """The trivial baseline that every system is held against."""
        return best_baseline(self.baselines)

    def is_foreign(self, system: System) -> bool:
        """Whether the system's adapter was trained for another task, so that it shows here what it forgot."""
        return system.trained_elsewhere(self.name)

    def is_deployable(self, system: System) -> bool:
        """Whether one could use the system: it is neither a control nor an adapter of another task."""
        return not (system.control or self.is_foreign(system))


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult(TaskFigures):
    """The same with what the systems cost and which one to take."""

    strategies: Mapping[str, SystemResult]
    cost_totals: tuple[MonthlyTotal, ...]
    decision: Decision

    @property
    def deployable(self) -> dict[str, SystemResult]:
        """The systems that one could use."""
        return {name: row for name, row in self.strategies.items() if self.is_deployable(row.system)}

    @property
    def is_guard(self) -> bool:
        """Whether there is nothing to choose, and the task shows what fine-tunes for other tasks forgot."""
        return len(self.deployable) < 2 and any(
            self.is_foreign(row.system) for row in self.strategies.values()
        )


@dataclass(frozen=True, slots=True)
class TaskSummary:
    """A task's decision, in short."""

    status: Verdict
    recommended: str | None
    favourite: str | None
    questions_more: int | None


@dataclass(frozen=True, slots=True)
class Summary:
    """All tasks side by side, by what they probe: kind → task → its decision. Kinds are never averaged."""

    by_kind: dict[str, dict[str, TaskSummary]]
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """A whole run. `missing_answers`: of the plan; `torn_lines`: unfinished last lines of evidence, left out.

    `set_aside`: tasks that could not go on, each with the reason.
    """

    schema_version: Count
    run_id: str
    created: str | None
    status: str | None
    command: str | None
    harness_version: str | None
    git_commit: str | None
    model: ModelFacts
    embedder: EmbedderFacts | None
    machine: MachineFacts
    libraries: dict[str, str]
    settings: Settings | None
    price_sheet: UsedSheet | None
    indexes: dict[str, IndexFacts]
    workers: tuple[WorkerGroup, ...] = ()
    """As in the manifest, like what follows."""
    other_indexes: dict[str, tuple[IndexFacts, ...]] = field(default_factory=dict)
    example_indexes: dict[str, tuple[IndexFacts, ...]] = field(default_factory=dict)
    load_s: NonNegative | None
    first_query_s: NonNegative | None
    quick: bool
    incomplete: bool
    missing_answers: Count
    unfinished: Unfinished | None = None
    """How far a run that goes on has come; None once it has ended."""
    set_aside: dict[str, str] = field(default_factory=dict)
    models: tuple[ModelFacts, ...] = ()
    """All of the run, the first one too; none in results from before there could be several."""
    timing_order: TimingOrder | None = None
    torn_lines: Count
    adapters: tuple[AdapterResult, ...]
    prices: PriceFacts
    requirements: dict[str, int | float | str | bool | None]
    summary: Summary
    tasks: dict[str, TaskResult]
    groups: dict[str, GroupResult] = field(default_factory=dict)

    def index_of(self, task: str, passages: Retrieved | Gold | None) -> IndexFacts | None:
        """As `Manifest.index_of`."""
        return index_of(self.indexes, self.other_indexes, task, passages)

    def examples_of(self, task: str, nearest: Nearest | None) -> IndexFacts | None:
        """As `Manifest.examples_of`."""
        return examples_of(self.example_indexes, task, nearest)

    @property
    def systems(self) -> tuple[SystemResult, ...]:
        """The systems of every task, task by task."""
        return tuple(row for task in self.tasks.values() for row in task.strategies.values())

    @property
    def all_indexes(self) -> tuple[tuple[str, IndexFacts], ...]:
        """Each index of the run with its task; of a task, the one that was opened first leads."""
        return tuple(
            (task, index)
            for task in {**self.indexes, **self.other_indexes}
            for index in (*filter(None, [self.indexes.get(task)]), *self.other_indexes.get(task, ()))
        )

    @property
    def all_models(self) -> tuple[ModelFacts, ...]:
        return self.models or (self.model,)

    def model_of(self, system: System) -> ModelFacts:
        """The model that a system of this run answers with."""
        return next((facts for facts in self.all_models if facts.label == system.model_label), self.model)


def read_results(text: str | bytes) -> RunResult:
    """The results that a results.json holds. Raises ValueError where it does not hold any of this version."""
    return _adapter().validate_json(text, strict=True)


@functools.cache
def _adapter() -> TypeAdapter[RunResult]:
    from pydantic import TypeAdapter

    return TypeAdapter(RunResult)
