"""What two manifests say has changed between two runs: the likeliest causes of any difference, likeliest first."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from harness.analysis.regression.differing import differing, text_of
from harness.spec.strategy import STRATEGIES, Source

Manifest = Mapping[str, Any]


class Cause(StrEnum):
    """What may have changed, in the order in which it is suspected."""

    MODEL = "model"
    ADAPTER = "adapter"
    TRAINING = "training questions"
    INDEX = "index"
    PROMPT = "prompt"
    SETTINGS = "settings"
    LIBRARY = "library"
    MACHINE = "machine"
    PRICE = "price"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class Change:
    """One fact that differs between two manifests, as text."""

    cause: Cause
    name: str
    before: str
    after: str
    task: str | None = None
    strategy: str | None = None
    part: str | None = None
    """The part of a task that it belongs to: of its file (`retrieval`, `examples`, `finetune`, …), or `training`, the
    questions that may be learnt from."""

    @property
    def sentence(self) -> str:
        """`model sha256: 0123456789ab → ba9876543210`."""
        return f"{self.name}: {self.before} → {self.after}"


def changes(before: Manifest, after: Manifest) -> list[Change]:
    """All that differs between the manifests of two runs, likeliest cause first."""
    found = [
        *_run_wide(before, after),
        *(change for task in _both(before, after, "tasks") for change in _of_task(before, after, task)),
        *(change for task in _both(before, after, "indexes") for change in _of_index(before, after, task)),
        *_adapters(before, after),
    ]
    order = list(Cause)
    return sorted(found, key=lambda change: order.index(change.cause))


def touching(
    all_changes: Iterable[Change], task: str, strategy: str, unused: Collection[str]
) -> list[Change]:
    """The changes that can have moved one task and strategy. `unused`: parts of a task that it does not read.

    An adapter that answers another task (`lora@knowledge`) hangs on how it was trained at home.
    """
    name, _, guest_of = strategy.partition("@")
    return [
        change
        for change in all_changes
        if change.part not in unused
        and change.strategy in (None, name)
        and change.task in (None, (guest_of if change.part in AT_HOME else "") or task)
    ]


def unused_parts(strategy: str) -> frozenset[str]:
    """The parts of a task (`Change.part`) that a strategy does not read; an adapter of another task is adapted."""
    known = STRATEGIES.get(strategy)
    adapted = known is None or known.adapted
    examples = known is not None and Source.EXAMPLES in known.context
    used = {
        "retrieval": known is not None and known.uses_corpus,
        "examples": examples,
        "finetune": adapted,
        "training": adapted or examples,
    }
    return frozenset(part for part, is_used in used.items() if not is_used)


AT_HOME = ("finetune", "training")
"""Parts of a task that reach it by an adapter."""


KERNELS = (
    ("machine", "cpu"), ("machine", "accelerator"), ("machine", "threads"), ("model", "device"),
    ("libraries", "torch"), ("libraries", "transformers"), ("libraries", "peft"),
    ("libraries", "sentence-transformers"), ("libraries", "faiss-cpu"), ("libraries", "numpy"),
)  # fmt: skip
"""Facts of a manifest that decide which floating-point kernels run, and so the last bits of every sum."""


def other_kernels(before: Manifest, after: Manifest) -> list[str]:
    """What may change the last bits of sums: `torch 2.9.0 → 2.10.0`. Empty: both runs computed alike."""
    return [
        f"{key if room == 'libraries' else f'{room} {key}'} {text_of(old)} → {text_of(new)}"
        for room, key in KERNELS
        if (old := (before.get(room) or {}).get(key)) != (new := (after.get(room) or {}).get(key))
    ]


def weights_changes(before: Manifest, after: Manifest) -> list[tuple[str, str, str]]:
    """What differs in the base weights: the same hash is the same weights, under whatever name they were found."""
    old, new = ({key: (one.get("model") or {}).get(key) for key in MODEL_FACTS} for one in (before, after))
    hashed = old["sha256"] and new["sha256"]
    return [change for change in differing(old, new) if not hashed or change[0] in ("sha256", "dtype")]


def _both(before: Manifest, after: Manifest, key: str) -> list[str]:
    return [name for name in before.get(key) or {} if name in (after.get(key) or {})]


MODEL_FACTS = ("name", "sha256", "dtype", "revision")
SHEET_NOISE = ("date", "source", "priced_on", "sections_from_shipped")
"""What a price sheet says of itself and no cost depends on."""


def _run_wide(before: Manifest, after: Manifest) -> Iterator[Change]:
    def compare(cause: Cause, room: str, keys: Iterable[str] | None = None) -> Iterator[Change]:
        old, new = before.get(room) or {}, after.get(room) or {}
        for name, was, now in differing(old, new):
            if keys is None or name in keys:
                yield Change(cause, f"{room} {name}", was, now)

    yield from compare(Cause.MODEL, "model", MODEL_FACTS)
    for change in compare(Cause.INDEX, "embedder"):
        yield dataclasses.replace(change, part="retrieval")
    yield from compare(Cause.LIBRARY, "libraries")
    yield from compare(Cause.MACHINE, "machine")
    yield from compare(Cause.MACHINE, "model", ("device",))
    yield from price_changes(before, after)
    for key in ("seed", "seeds", "limit", "quick"):
        old, new = ((one.get("settings") or {}).get(key) for one in (before, after))
        if old != new:
            yield Change(Cause.SETTINGS, f"--{key}", _flag(old), _flag(new))
    for key, name in (("git_commit", "commit"), ("harness_version", "version")):
        if before.get(key) != after.get(key):
            yield Change(Cause.PROGRAM, name, text_of(before.get(key)), text_of(after.get(key)))


def price_changes(before: Manifest, after: Manifest) -> Iterator[Change]:
    """The sheet as used, the prices of hosted models that both runs name, and what flags said of prices."""
    flags = ("usd_per_hour", "utilisation", "tuning_cycles")
    sheets = (_priced(before), _priced(after))
    for name, old, new in differing(*sheets):
        if name.rsplit(".", 1)[-1] not in SHEET_NOISE:
            yield Change(Cause.PRICE, f"price sheet {name}", old, new)
    hosted = [
        {(one.get("model"), one.get("kind")): one for one in manifest.get("api_prices") or ()}
        for manifest in (before, after)
    ]
    for model in hosted[0]:
        for name, old, new in differing(hosted[0][model], hosted[1].get(model, hosted[0][model])):
            if name.rsplit(".", 1)[-1] not in SHEET_NOISE:
                yield Change(Cause.PRICE, f"hosted price of {model[0]} ({model[1]}) {name}", old, new)
    for key in flags:
        was, now = ((one.get("settings") or {}).get(key) for one in (before, after))
        if was != now:
            yield Change(Cause.PRICE, f"--{key.replace('_', '-')}", _flag(was), _flag(now))


def _flag(value: Any) -> str:
    return "not given" if value is None else text_of(value)


def _priced(manifest: Manifest) -> dict[str, Any]:
    """The parts of the sheet that price this run: of machines the price of its own, whatever its name."""
    sheet = manifest.get("price_sheet") or {}
    rest = {key: value for key, value in sheet.items() if key not in ("machine", "machines", "default")}
    return {**rest, "usd_per_hour": (sheet.get("machine") or {}).get("usd_per_hour")}


SCORING = ("metrics", "answer.type", "answer.labels", "answer.refusal")
"""Keys of a task file that say what a right answer is; where they differ, scores are not of the same thing."""
BESIDE_THE_POINT = ("name", "description", "questions.test", "questions.train", "questions.dev", "corpus")
"""Keys that say where things lie, not what they are."""


def setting_changes(
    before: Manifest, after: Manifest, task: str, unused: Collection[str] = ()
) -> list[tuple[str, str, str]]:
    """What differs in the parts of a task file that are used, but for its scoring and where its files lie."""
    specs = [_spec(manifest, task) for manifest in (before, after)]
    own = [
        change
        for change in differing(*specs)
        if change[0] not in (*SCORING, *BESIDE_THE_POINT) and _part(change[0]) not in unused
    ]
    return [*own, *(_lm_eval_change(before, after, task) if all("lm_eval" in spec for spec in specs) else ())]


def _lm_eval_change(before: Manifest, after: Manifest, task: str) -> Iterator[tuple[str, str, str]]:
    """Whether lm-eval's own task file, its release or its documents differ: one hash names them together."""
    old, new = (((one["tasks"][task].get("files")) or {}).get("test") for one in (before, after))
    if old != new:
        yield "lm-eval's task, release or documents", text_of(old), text_of(new)


def _part(name: str) -> str:
    return name.partition(".")[0]


def _spec(manifest: Manifest, task: str) -> Mapping[str, Any]:
    spec = ((manifest.get("tasks") or {}).get(task) or {}).get("spec")
    return spec if isinstance(spec, Mapping) else {}


def _of_task(before: Manifest, after: Manifest, task: str) -> Iterator[Change]:
    for name, old, new in setting_changes(before, after, task):
        cause = Cause.PROMPT if name.startswith("prompt.") else Cause.SETTINGS
        yield Change(cause, f"{task}: {name}", old, new, task, part=_part(name))
    files = [((one["tasks"][task].get("files")) or {}) for one in (before, after)]
    for name, old, new in differing(*files):
        if name not in ("spec", "test"):
            part = "finetune" if name == "dev" else "training"  # dev questions only stop a training
            yield Change(Cause.TRAINING, f"{task}: {name} questions", old, new, task, part=part)


def _of_index(before: Manifest, after: Manifest, task: str) -> Iterator[Change]:
    old, new = (one["indexes"][task] or {} for one in (before, after))
    for key in ("documents", "passages", "key"):
        if old.get(key) != new.get(key):
            values = text_of(old.get(key)), text_of(new.get(key))
            yield Change(Cause.INDEX, f"{task}: index {key}", *values, task, part="retrieval")


def adapters_of(manifest: Manifest) -> dict[tuple[str, str, int], dict[str, Any]]:
    """(Task it was trained for, strategy, seed) → its record."""
    return {
        (one.get("task", ""), one.get("strategy", ""), one.get("seed", 0)): one
        for one in manifest.get("adapters") or ()
    }


TRAINED_ON = ("recipe", "examples", "train_tokens", "base_sha256")
"""What shapes an adapter whatever machine trains it."""


def _adapters(before: Manifest, after: Manifest) -> Iterator[Change]:
    old, new = adapters_of(before), adapters_of(after)
    for name in old:
        if name not in new:
            continue
        task, strategy, seed = name
        facts = [{key: one.get(key) for key in (*TRAINED_ON, "sha256")} for one in (old[name], new[name])]
        for key, was, now in differing(*facts):
            text = f"adapter {strategy} of {task} (seed {seed}) {key}"
            yield Change(Cause.ADAPTER, text, was, now, task, strategy, part="finetune")
