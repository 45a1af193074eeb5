"""What `run.json` says, as types: the one place that knows its keys.

`systems` is keyed by `System.id`, and `plan` and the rows of evidence name systems by it. One system may answer several
tasks: the adapter of one shows on another what it forgot.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Tag, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from harness.engines.catalogue import DEFAULT_BASE
from harness.errors import InputError, InputErrors, shown
from harness.files import LFS_POINTER, is_lfs_pointer, read_regular, sha256_json, write_text
from harness.ranges import (
    Bytes,
    Count,
    Finite,
    Gigabytes,
    Moment,
    Name,
    Positive,
    Seconds,
    Seed,
    Sha256,
    Text,
    Usd,
)
from harness.records import AdapterRecord, ApiPrice, NotReadFiles, Proof, Question, TaskGroup, TemplateFacts
from harness.run.rows import reason
from harness.run.settings import Settings
from harness.spec.lmevalspec import LmEvalSpec
from harness.spec.models import TokenPrice
from harness.spec.prices import UsedSheet
from harness.spec.system import System
from harness.spec.task import fingerprint_of
from harness.spec.taskspec import TaskSpec
from harness.strictjson import line_of, place_in, read_strict

SCHEMA_VERSION = 2
MANIFEST = "run.json"
SHOWN = 5
"""Damaged keys that an error names."""


DECLARED = "declared with the model"
"""Where a price comes from that a person gives for a model (usd_per_hour, usd_per_mtok)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """A model that answered. `parameters`, `load_s`: known once its weights were loaded.

    `usd_per_hour`, `usd_per_mtok`: what its own machine or its tokens cost, as declared. `listed_prices`: of its
    tokens, as it is and fine-tuned, by the price list of hosted models on the run's day. `same_as`: the name of another
    model of the run that is declared to have the same weights. `template`: None where a server applies it. `decoding`,
    `training`, `merging`: whether our own fast paths were used, as in `LoadFacts`; None: not asked.
    """

    name: Name
    source: Text | None = None
    sha256: Sha256 | None = None
    dtype: Name | None = None
    device: Name | None = None
    licence: Text | None = None
    revision: Name | None = None
    billed_by: Literal["hour", "token"] = "hour"
    server: Name | None = None
    structured: Literal[True] | None = None
    parameters: Count | None = None
    label: Name | None = None
    """What the run calls it, and its systems behind an @; None: the run has no other."""
    load_s: Seconds | None = None
    first_query_s: Seconds | None = None
    usd_per_hour: Usd | None = None
    usd_per_mtok: TokenPrice | None = None
    listed_prices: tuple[ApiPrice, ...] = ()
    same_as: Name | None = None
    upfront_usd: dict[Name, Usd] = field(default_factory=dict)
    """Task → what making the adapter cost that the model's server holds for it, as declared."""
    template: TemplateFacts | None = None
    decoding: Proof | None = None
    training: Proof | None = None
    merging: Proof | None = None
    unsent: tuple[Name, ...] = ()
    """Parameters of decoding that its server refuses, and that requests leave out."""

    @property
    def by_token(self) -> bool:
        """Whether its tokens are paid for, and not the hours of a machine. What is declared decides."""
        if self.usd_per_mtok is not None or self.usd_per_hour is not None:
            return self.usd_per_mtok is not None
        return self.billed_by == "token"

    def token_price(self, *, adapted: bool = False) -> ApiPrice | None:
        """The price of its tokens: as declared, else as listed for the model or (`adapted`) its fine-tuned variant."""
        declared = self.usd_per_mtok
        if declared is None:
            kind = "fine-tuned" if adapted else "base"
            return next((price for price in self.listed_prices if price.kind == kind), None)
        return ApiPrice(
            asked=self.name,
            model=self.name,
            provider=self.server or self.name,
            kind="base",
            input_usd_per_mtok=declared.input,
            output_usd_per_mtok=declared.output,
            cached_usd_per_mtok=declared.cached,
            source=DECLARED,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderFacts:
    """What embedded questions and passages. `max_tokens`: the longest text it reads whole."""

    name: Name
    sha256: Sha256
    max_tokens: Positive | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFacts:
    """Where a run was made. `memory_gb`: of the machine; `threads`: that torch used."""

    platform: Text | None = None
    python: Text | None = None
    cpu: Text | None = None
    cores: Positive | None = None
    threads: Positive | None = None
    memory_gb: Gigabytes | None = None
    accelerator: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFacts:
    """An index as a run used it. `seconds`: to build it, also where it was reused. `bytes`: on disk.

    Prefixes: what stood before questions and passages when they were embedded; empty: nothing; None: not kept.
    `files`, `characters`: of the corpus that were read; `passed_over`: those that were not, by reason.
    """

    key: Name | None = None
    sha256: Sha256 | None = None
    documents: Count | None = None
    passages: Count | None = None
    embed_tokens: Count | None = None
    seconds: Seconds | None = None
    reused: bool = False
    bytes: Bytes | None = None
    query_prefix: Text | None = None
    passage_prefix: Text | None = None
    files: Count | None = None
    characters: Bytes | None = None
    passed_over: tuple[NotReadFiles, ...] = ()


def asked_sha256(questions: Iterable[Question]) -> str:
    """Names questions with all that decides whether an answer is right, in their order."""
    asked = [(q.id, q.question, q.answers, q.choices, q.gold_docs, q.answerable) for q in questions]
    return sha256_json(asked)


LM_EVAL, TASK_FILE = "lm_eval", "task file"


def _kind_of_spec(spec: Any) -> str:
    lm_eval = LM_EVAL in spec if isinstance(spec, dict) else isinstance(spec, LmEvalSpec)
    return LM_EVAL if lm_eval else TASK_FILE


Spec = Annotated[
    Annotated[TaskSpec, Tag(TASK_FILE)] | Annotated[LmEvalSpec, Tag(LM_EVAL)], Discriminator(_kind_of_spec)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """A task as the run asked it. `spec`: its file's content; `files`: sha256 of each file, by role.

    `asked`: names its questions and their right answers (`asked_sha256`); None in runs from before it was kept.
    `unfit`: those of its metrics whose scores turned out as no shares, so that none is an accuracy.
    """

    spec: Spec
    fingerprint: Sha256 | None = None
    files: dict[Name, Sha256] = field(default_factory=dict)
    questions: Count | None = None
    asked: Sha256 | None = None
    train_questions: Count | None = None
    left_out: tuple[Text, ...] = ()
    unfit: tuple[Name, ...] = ()

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that stand as accuracy, the primary one first."""
        return tuple(name for name in self.spec.metrics if name not in self.unfit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One system on one task, trained with one seed. `adapter`: sha256 of the one that answered."""

    task: Name
    system: Name
    seed: Seed = 0
    adapter: Sha256 | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedAdapter:
    """An adapter that a run used: its training record, for which system and seed, and its size on disk.

    `left_out`: training examples that it did not see, since they are longer than the model reads.
    """

    system: Name
    seed: Seed
    record: AdapterRecord
    reused: bool
    bytes: Bytes
    left_out: Count = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """What an lm-eval task makes of all answers of a system together, where that is no mean of scores."""

    task: Name
    system: Name
    seed: Seed
    metric: Name
    value: Finite | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeds:
    sampling: Seed
    training: tuple[Seed, ...]
    order: Seed


class TimingOrder(StrEnum):
    """How the systems of several models take turns in the timing pass."""

    INTERLEAVED = "interleaved"
    """All models in memory: every system answers each question in turn."""
    ABBA = "A B B A"
    """One model in memory at a time: each answers half of the questions, then, in the opposite order, the other half.

    Two blocks, in which positions count through.
    """


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
    not_applicable: dict[Name, dict[Name, Text]]
    """Task → system → why it does not apply."""
    set_aside: dict[Name, Text] = field(default_factory=dict)
    """Tasks that could not go on, each with the reason, a sentence."""
    groups: tuple[TaskGroup, ...] = ()
    forgetting: tuple[Name, ...]
    """Tasks that adapters of other tasks answer, to show what they forgot."""
    adapters: tuple[TrainedAdapter, ...] = ()
    indexes: dict[Name, IndexFacts] = field(default_factory=dict)
    price_sheet: UsedSheet | None = None
    api_prices: tuple[ApiPrice, ...] = ()
    seeds: Seeds
    libraries: dict[Name, Text]
    machine: MachineFacts
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

    Raises InputError where there is none, where it is of another version, and InputErrors, each with its line and key,
    where it is damaged: a value out of its range, or parts of it that contradict one another.
    """
    file = folder / MANIFEST
    try:
        content = read_regular(file)
    except FileNotFoundError:
        raise InputError(f"there is no run in {folder}: it holds no {MANIFEST}.") from None
    except NotADirectoryError:
        raise InputError(
            f"this is a file; name the folder of a run, which holds {MANIFEST}.", path=folder
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"the manifest cannot be read: {error}", path=file) from error
    if is_lfs_pointer(content):
        raise InputError(f"this is {LFS_POINTER}.", path=file)
    try:
        data = read_strict(content)
    except ValueError as error:
        raise InputError(f"the manifest cannot be read: {error}.", path=file) from None
    version = data.get("schema_version") if isinstance(data, dict) else None
    if type(version) is not int:  # nor true, which Python counts among the integers
        raise InputError("is not the manifest of a run: it has no schema_version.", path=file)
    if version != SCHEMA_VERSION:
        newer = version > SCHEMA_VERSION
        again = "Make the run again: its command stands in the file under `command`."
        raise InputError(
            f"was written by {'a newer' if newer else 'an older'} version (schema {shown(version)}; this version "
            f"reads {SCHEMA_VERSION}). {'Update the program.' if newer else again}",
            path=file,
        )
    text = content.decode("utf-8")
    try:
        manifest = _adapter().validate_json(_with_models(content, data), strict=True)
    except ValidationError as error:
        misfits = (_misfit(item, data) for item in error.errors(include_url=False))
        damage = list({sentence.partition(":")[0]: (place, sentence) for place, sentence in misfits}.values())
    else:
        damage = list(contradictions(manifest, data))
    errors = [
        InputError(f"is damaged: {sentence}.", path=file, line=line_of(text, place))
        for place, sentence in damage[:SHOWN]
    ]
    if errors:
        raise InputErrors(errors)
    return manifest


def _with_models(content: bytes, data: Any) -> bytes:
    """A manifest whose settings name their models. Runs from before there could be several have `model` and so on."""
    settings = data.get("settings")
    if not isinstance(settings, dict) or "models" in settings or "model" not in settings:
        return content
    said = {
        name: settings[name] for name in ("revision", "device", "dtype") if settings.get(name) is not None
    }
    entry = {"model": DEFAULT_BASE if settings["model"] is None else settings["model"], **said}
    return json.dumps({**data, "settings": {**settings, "models": [entry]}}).encode()


@functools.cache
def _adapter() -> TypeAdapter[Manifest]:
    return TypeAdapter(Manifest)


Damage = tuple[Sequence[str | int], str]
"""Where in the file, and what is wrong there, without the full stop."""


def _misfit(item: ErrorDetails, data: Any) -> Damage:
    """A value that does not fit its type or its range."""
    place = place_in(data, item["loc"])
    if item["type"] in ("missing", "missing_argument"):
        return place, f"{_key(*place, item['loc'][-1])} is missing"
    return (
        place,
        f"{_key(*place)} is {shown(item['input'])}, which is not what a run writes there: {reason(item)}",
    )


def contradictions(manifest: Manifest, data: Any) -> Iterator[Damage]:
    """Where parts of a manifest do not fit together. `data`: what it was read from."""
    labels = [facts.label for facts in manifest.models]
    if len(set(labels)) < len(labels):
        yield ("other_models",), "'other_models' gives two models one label"
    for key, system in manifest.systems.items():
        if system.id != key:
            yield ("systems", key), f"{_key('systems', key)} is not the system that its id names, {system.id}"
        elif system.model_label not in labels:
            yield (
                ("systems", key),
                f"{_key('systems', key)} is of the model {system.model_label!r}, which is not there",
            )
    for name, task in manifest.tasks.items():
        facts = data["tasks"][name]
        if task.spec.name != name:
            yield ("tasks", name), f"{_key('tasks', name)} is the task {task.spec.name!r}"
        if task.fingerprint and task.fingerprint != fingerprint_of(facts["spec"], task.files):
            yield ("tasks", name, "fingerprint"), f"{_key('tasks', name)} is not what its fingerprint names"
    yield from _names_unknown(manifest)


def _names_unknown(manifest: Manifest) -> Iterator[Damage]:
    """Tasks and systems that are named but not there."""
    tasks, systems = manifest.tasks, manifest.systems
    called: dict[tuple[str, str], str] = {}
    planned: set[tuple[str, str, int]] = set()
    for index, entry in enumerate(manifest.plan):
        place = ("plan", index)
        if entry.task not in tasks or entry.system not in systems:
            yield (
                place,
                f"{_key(*place)} names the system {entry.system!r} on {entry.task!r}, and one is not there",
            )
        elif (
            called.setdefault((entry.task, manifest.name(entry.task, entry.system)), entry.system)
            != entry.system
        ):
            yield place, f"{_key(*place)} gives {entry.task!r} two systems of one name"
        if (entry.task, entry.system, entry.seed) in planned:
            yield place, f"{_key(*place)} stands there twice"
        planned.add((entry.task, entry.system, entry.seed))
    for key in ("not_applicable", "set_aside", "indexes", "forgetting"):
        for name in getattr(manifest, key):
            if name not in tasks:
                yield (key,), f"{key!r} names the task {name!r}, which is not there"
    for index, trained in enumerate(manifest.adapters):
        if trained.system not in systems or not systems[trained.system].adapted:
            place = ("adapters", index)
            yield place, f"{_key(*place)} is of {trained.system!r}, which is no system with an adapter"
    for index, row in enumerate(manifest.aggregates):
        if (row.task, row.system, row.seed) not in planned:
            yield ("aggregates", index), f"{_key('aggregates', index)} is of a system that is not planned"


def _key(*place: str | int) -> str:
    """A place in the file, as a sentence names it."""
    return repr(".".join(map(str, place)))
