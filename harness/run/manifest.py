"""What `run.json` says, as a type: the one place that knows its keys.

`systems` is keyed by `System.id`, and `plan` and the rows of evidence name systems by it. One system may answer several
tasks: the adapter of one shows on another what it forgot.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from harness.ranges import (
    Gigabytes,
    Moment,
    Name,
    Seconds,
    Text,
)
from harness.records import ApiPrice, TaskGroup
from harness.run.facts import (
    Aggregate,
    EmbedderFacts,
    IndexFacts,
    KeptObstacle,
    ModelFacts,
    Planned,
    Seeds,
    TaskFacts,
    TimingOrder,
    TrainedAdapter,
    Tuned,
    examples_of,
    index_of,
)
from harness.run.machines import MachineFacts, WorkerGroup
from harness.run.settings import Settings
from harness.spec.context import Gold, Nearest, Retrieved
from harness.spec.prices import UsedSheet
from harness.spec.system import System

SCHEMA_VERSION = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`run.json`. What a run only learns on its way is None or empty before."""

    schema_version: int = SCHEMA_VERSION
    run_id: Name
    created: Moment
    """UTC."""
    status: Literal["running", "complete", "interrupted", "failed"]
    quick: bool
    command: Text
    harness_version: Text
    git_commit: Text | None
    settings: Settings
    model: ModelFacts
    """The first of the run's models."""
    other_models: tuple[ModelFacts, ...] = ()
    embedder: EmbedderFacts | None
    tasks: dict[Name, TaskFacts]
    systems: dict[Name, System]
    plan: tuple[Planned, ...]
    not_applicable: dict[Name, dict[Name, KeptObstacle]]
    """Task → system → why it does not apply."""
    set_aside: dict[Name, Text] = field(default_factory=dict)
    """Tasks that could not go on, each with the reason, a sentence."""
    groups: tuple[TaskGroup, ...] = ()
    forgetting: tuple[Name, ...]
    """Tasks that adapters of other tasks answer, to show what they forgot."""
    untuned: tuple[Name, ...] = ()
    """Ids of the systems as they were planned before settings were chosen for them; empty: `systems` are these."""
    tuned: tuple[Tuned, ...] = ()
    """What was chosen, for each system of each task that was tuned."""
    adapters: tuple[TrainedAdapter, ...] = ()
    indexes: dict[Name, IndexFacts] = field(default_factory=dict)
    """Task → the index that was opened first."""
    other_indexes: dict[Name, tuple[IndexFacts, ...]] = field(default_factory=dict)
    """Task → those of systems that cut or rank passages in other ways."""
    example_indexes: dict[Name, tuple[IndexFacts, ...]] = field(default_factory=dict)
    """Task → those that examples are found in."""
    price_sheet: UsedSheet | None = None
    api_prices: tuple[ApiPrice, ...] = ()
    seeds: Seeds
    libraries: dict[Name, Text]
    machine: MachineFacts
    """That the run was driven from, and, but for `workers`, computed on."""
    workers: tuple[WorkerGroup, ...] = ()
    """The workers of a cluster that computed for the run when it last went on; none: it was this machine."""
    aggregates: tuple[Aggregate, ...] = ()
    timing_order: TimingOrder | None = None
    """None in runs that answered nothing yet, or are from before there could be several models."""
    load_s: Seconds | None = None
    """Of the first model, as `first_query_s`."""
    first_query_s: Seconds | None = None
    peak_memory_gb: Gigabytes | None = None

    @property
    def models(self) -> tuple[ModelFacts, ...]:
        """All models of the run, in the order in which they were named."""
        return (self.model, *self.other_models)

    def model_of(self, system: System) -> ModelFacts:
        """The model that a system of this run answers with."""
        return next((facts for facts in self.models if facts.label == system.model_label), self.model)

    def index_of(self, task: str, passages: Retrieved | Gold | None) -> IndexFacts | None:
        """The index of a task that passages of these settings come from; None where there is none, or not yet."""
        return index_of(self.indexes, self.other_indexes, task, passages)

    def examples_of(self, task: str, nearest: Nearest | None) -> IndexFacts | None:
        """The index of a task that examples of these settings are found in; None where there is none, or not yet."""
        return examples_of(self.example_indexes, task, nearest)

    def systems_of(self, task: str) -> dict[str, System]:
        """The systems that answer a task, by name, in the plan's order."""
        planned = (self.systems[entry.system].on(task) for entry in self.plan if entry.task == task)
        return {system.name: system for system in planned}

    def name(self, task: str, system: str) -> str:
        """The name of a system, given by its id, on a task."""
        return self.systems[system].on(task).name
