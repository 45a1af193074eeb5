"""What `run.json` says, as types: the one place that knows its keys.

`systems` is keyed by `System.id`, and `plan` and the rows of evidence name systems by it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.records import AdapterRecord, ApiPrice
from harness.run.settings import Settings
from harness.spec.lmevalspec import LmEvalSpec
from harness.spec.prices import UsedSheet
from harness.spec.system import System
from harness.spec.taskspec import TaskSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """The model that answered. `parameters`: known once its weights were loaded."""

    name: str
    source: str | None = None
    sha256: str | None = None
    dtype: str | None = None
    device: str | None = None
    licence: str | None = None
    revision: str | None = None
    parameters: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderFacts:
    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFacts:
    """Where a run was made. `memory_gb`: of the machine; `threads`: that torch used."""

    platform: str | None = None
    python: str | None = None
    cpu: str | None = None
    cores: int | None = None
    threads: int | None = None
    memory_gb: float | None = None
    accelerator: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFacts:
    """An index as a run used it. `seconds`: to build it, also where it was reused. `bytes`: on disk."""

    key: str | None = None
    sha256: str | None = None
    documents: int | None = None
    passages: int | None = None
    embed_tokens: int | None = None
    seconds: float | None = None
    reused: bool = False
    bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """A task as the run asked it. `spec`: its file's content; `files`: sha256 of each file, by role."""

    spec: TaskSpec | LmEvalSpec
    fingerprint: str | None = None
    files: dict[str, str] = field(default_factory=dict)
    questions: int | None = None
    train_questions: int | None = None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One system on one task, trained with one seed. `adapter`: sha256 of the one that answered."""

    task: str
    system: str
    seed: int = 0
    adapter: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedAdapter:
    """An adapter that a run used: its training record, for which system and seed, and its size on disk."""

    system: str
    seed: int
    record: AdapterRecord
    reused: bool
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """What an lm-eval task makes of all answers of a system together, where that is no mean of scores."""

    task: str
    system: str
    seed: int
    metric: str
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeds:
    sampling: int
    training: tuple[int, ...]
    order: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`run.json`. What a run only learns on its way is None or empty before."""

    schema_version: int
    run_id: str
    created: str
    """ISO 8601, UTC."""
    status: str
    """`running`, `complete`, `interrupted` or `failed`."""
    quick: bool
    command: str
    harness_version: str
    git_commit: str | None
    settings: Settings
    model: ModelFacts
    embedder: EmbedderFacts | None
    tasks: dict[str, TaskFacts]
    systems: dict[str, System]
    plan: tuple[Planned, ...]
    not_applicable: dict[str, dict[str, str]]
    """Task → system → why it does not apply."""
    forgetting: tuple[str, ...]
    """Tasks that adapters of other tasks answer, to show what they forgot."""
    adapters: tuple[TrainedAdapter, ...] = ()
    indexes: dict[str, IndexFacts] = field(default_factory=dict)
    price_sheet: UsedSheet | None = None
    api_prices: tuple[ApiPrice, ...] = ()
    seeds: Seeds
    libraries: dict[str, str]
    machine: MachineFacts
    aggregates: tuple[Aggregate, ...] = ()
    load_s: float | None = None
    first_query_s: float | None = None
    peak_memory_gb: float | None = None
