"""What `run.json` says, as types: the one place that knows its keys.

`systems` is keyed by `System.id`, and `plan` and the rows of evidence name systems by it. One system may answer several
tasks: the adapter of one shows on another what it forgot.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import Discriminator, Tag, TypeAdapter, ValidationError

from harness.errors import InputError, InputErrors, shown
from harness.files import LFS_POINTER, is_lfs_pointer, read_json, write_text
from harness.records import AdapterRecord, ApiPrice, NotReadFiles, TaskGroup
from harness.run.settings import Settings
from harness.spec.lmevalspec import LmEvalSpec
from harness.spec.prices import UsedSheet
from harness.spec.system import System
from harness.spec.taskspec import TaskSpec

SCHEMA_VERSION = 2
MANIFEST = "run.json"
SHOWN = 5
"""Damaged keys that an error names."""


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
    billed_by: str = "hour"
    parameters: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderFacts:
    """What embedded questions and passages. `max_tokens`: the longest text it reads whole."""

    name: str
    sha256: str
    max_tokens: int | None = None


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
    """An index as a run used it. `seconds`: to build it, also where it was reused. `bytes`: on disk.

    Prefixes: what stood before questions and passages when they were embedded; empty: nothing; None: not kept.
    `files`, `characters`: of the corpus that were read; `passed_over`: those that were not, by reason.
    """

    key: str | None = None
    sha256: str | None = None
    documents: int | None = None
    passages: int | None = None
    embed_tokens: int | None = None
    seconds: float | None = None
    reused: bool = False
    bytes: int | None = None
    query_prefix: str | None = None
    passage_prefix: str | None = None
    files: int | None = None
    characters: int | None = None
    passed_over: tuple[NotReadFiles, ...] = ()


LM_EVAL, TASK_FILE = "lm_eval", "task file"


def _kind_of_spec(spec: Any) -> str:
    lm_eval = LM_EVAL in spec if isinstance(spec, dict) else isinstance(spec, LmEvalSpec)
    return LM_EVAL if lm_eval else TASK_FILE


Spec = Annotated[
    Annotated[TaskSpec, Tag(TASK_FILE)] | Annotated[LmEvalSpec, Tag(LM_EVAL)], Discriminator(_kind_of_spec)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """A task as the run asked it. `spec`: its file's content; `files`: sha256 of each file, by role."""

    spec: Spec
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

    schema_version: int = SCHEMA_VERSION
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
    set_aside: dict[str, str] = field(default_factory=dict)
    """Tasks that could not go on, each with the reason, a sentence."""
    groups: tuple[TaskGroup, ...] = ()
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

    def systems_of(self, task: str) -> dict[str, System]:
        """The systems that answer a task, by name, in the plan's order."""
        planned = (self.systems[entry.system].on(task) for entry in self.plan if entry.task == task)
        return {system.name: system for system in planned}

    def name(self, task: str, system: str) -> str:
        """The name of a system, given by its id, on a task."""
        return self.systems[system].on(task).name


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace `run.json` in one step."""
    text = _adapter().dump_json(manifest, indent=2).decode("utf-8")
    write_text(folder / MANIFEST, f"{text}\n")


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a run folder.

    Raises InputError where there is none, where it is of another version, and InputErrors, each with its key, where
    it is damaged.
    """
    file = folder / MANIFEST
    try:
        text = file.read_bytes()
        if is_lfs_pointer(text):
            raise InputError(f"this is {LFS_POINTER}.", path=file)
        data = read_json(text)
    except FileNotFoundError:
        raise InputError(f"there is no run in {folder}: it holds no {MANIFEST}.") from None
    except NotADirectoryError:
        raise InputError(
            f"this is a file; name the folder of a run, which holds {MANIFEST}.", path=folder
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"the manifest cannot be read: {error}", path=file) from error
    version = data.get("schema_version") if isinstance(data, dict) else None
    if type(version) is not int:  # nor true, which Python counts among the integers
        raise InputError("is not the manifest of a run: it has no schema_version.", path=file)
    if version != SCHEMA_VERSION:
        newer = version > SCHEMA_VERSION
        again = "Make the run again: its command stands in the file under `command`."
        raise InputError(
            f"was written by {'a newer' if newer else 'an older'} version (schema {version}; this version reads "
            f"{SCHEMA_VERSION}). {'Update the program.' if newer else again}",
            path=file,
        )
    try:
        return _adapter().validate_json(text, strict=True)
    except ValidationError as error:
        raise InputErrors(_damage(error, file)) from None


@functools.cache
def _adapter() -> TypeAdapter[Manifest]:
    return TypeAdapter(Manifest)


def _damage(error: ValidationError, file: Path) -> list[InputError]:
    """What does not fit, key by key."""
    errors = []
    for item in error.errors(include_url=False)[:SHOWN]:
        place = ".".join(str(part) for part in item["loc"] if part not in (LM_EVAL, TASK_FILE))
        lacks = item["type"] in ("missing", "missing_argument")
        what = "is missing" if lacks else f"is {shown(item['input'])}, which is not what a run writes there"
        errors.append(InputError(f"is damaged: {place!r} {what}.", path=file))
    return errors
