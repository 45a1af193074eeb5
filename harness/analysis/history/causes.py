"""What two runs' manifests tell apart, the likeliest cause of a change first.

A row of the table says what is looked at, in which figures it can show, and of which strategies. What differs is a
candidate and no more: the manifests cannot tell which of several it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.errors import shown
from harness.spec.strategy import STRATEGIES, Source, Strategy

Manifest = Mapping[str, Any]
ACCURACY, COST, LATENCY = "accuracy", "cost", "latency ratio"
ANSWERS = frozenset({ACCURACY, COST, LATENCY})
"""What changes the answers changes their length, and with it cost and time."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that differs between two runs, as text."""

    name: str
    before: str
    after: str

    def to_json(self) -> dict[str, str]:
        return {"name": self.name, "before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    of: Callable[[Manifest, str, Strategy], Any]
    """(manifest, task, strategy) → what is compared."""
    concerns: Callable[[Strategy], bool] = lambda _strategy: True
    figures: frozenset[str] = ANSWERS


def causes(before: Manifest, after: Manifest, task: str, strategy: str, figure: str) -> tuple[Cause, ...]:
    """What differs between two runs and may have moved this figure of this strategy."""
    about = STRATEGIES.get(strategy.split("@")[0], STRATEGIES["base"])
    rows = [row for row in ROWS if figure in row.figures and row.concerns(about)]
    found = [
        cause
        for row in rows
        for cause in _differing(row.name, row.of(before, task, about), row.of(after, task, about))
    ]
    return (*found, *_libraries(before, after), *_last(before, after))


def _differing(name: str, old: Any, new: Any) -> Iterator[Cause]:
    """One cause, or of two sections with keys one a key that differs."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            yield from _differing(f"{name}: {key}", old.get(key), new.get(key))
    elif old != new:
        yield Cause(name, _said(old, new), _said(new, old))


def _said(value: Any, other: Any) -> str:
    """A value as text. A hash is cut short; two names that are alike get theirs."""
    if isinstance(value, _Named):
        alike = isinstance(other, _Named) and other.name == value.name
        return f"{value.name} ({value.sha256[:8]})" if alike else value.name
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or "nothing"
    return "nothing" if value is None else shown(value)


@dataclass(frozen=True, slots=True)
class _Named:
    """A name for people and the hash that decides."""

    name: str
    sha256: str


def _model(manifest: Manifest, _task: str, _strategy: Strategy) -> _Named | None:
    model = manifest.get("model") or {}
    about = " ".join(str(model[key]) for key in ("name", "revision", "dtype") if model.get(key))
    return _Named(about, str(model.get("sha256"))) if about else None


def _embedder(manifest: Manifest, _task: str, _strategy: Strategy) -> _Named | None:
    embedder = manifest.get("embedder") or {}
    return _Named(str(embedder.get("name")), str(embedder.get("sha256"))) if embedder else None


def _index(manifest: Manifest, task: str, _strategy: Strategy) -> _Named | None:
    """The passages that are searched: they follow from corpus, chunking and embedder."""
    index = (manifest.get("indexes") or {}).get(task) or {}
    size = f"{index.get('documents')} documents in {index.get('passages')} passages"
    return _Named(size, str(index.get("key"))) if index else None


def _adapter(manifest: Manifest, task: str, strategy: Strategy) -> tuple[str, ...]:
    found = [
        str(record.get("sha256"))[:8]
        for record in manifest.get("adapters") or ()
        if record.get("task") == task and record.get("strategy") == strategy.name
    ]
    return tuple(sorted(found))


def _spec(*path: str) -> Callable[[Manifest, str, Strategy], Any]:
    def value(manifest: Manifest, task: str, _strategy: Strategy) -> Any:
        found: Any = ((manifest.get("tasks") or {}).get(task) or {}).get("spec") or {}
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    return value


def _train(manifest: Manifest, task: str, _strategy: Strategy) -> _Named | None:
    about = (manifest.get("tasks") or {}).get(task) or {}
    sha = (about.get("files") or {}).get("train")
    return _Named(f"{about.get('train_questions')} questions", str(sha)) if sha else None


def _machine(manifest: Manifest, _task: str, _strategy: Strategy) -> str:
    return machine(manifest)


def machine(manifest: Manifest) -> str:
    """What computed: the accelerator, else the processor, with its threads."""
    found = manifest.get("machine") or {}
    name = found.get("accelerator") or found.get("cpu") or (manifest.get("model") or {}).get("device") or ""
    threads = "" if found.get("accelerator") or not found.get("threads") else f", {found['threads']} threads"
    return f"{name}{threads}"


def _seeds(manifest: Manifest, _task: str, _strategy: Strategy) -> Any:
    return (manifest.get("seeds") or {}).get("training")


def _priced(manifest: Manifest, _task: str, _strategy: Strategy) -> str | None:
    sheet = manifest.get("price_sheet") or {}
    machine = sheet.get("machine") or {}
    settings = manifest.get("settings") or {}
    hour = (
        settings.get("usd_per_hour")
        if settings.get("usd_per_hour") is not None
        else machine.get("usd_per_hour")
    )
    share = (
        settings.get("utilisation") if settings.get("utilisation") is not None else sheet.get("utilisation")
    )
    return f"${hour} an hour at {share} in use ({machine.get('name')})" if hour is not None else None


def _hosted(manifest: Manifest, _task: str, _strategy: Strategy) -> tuple[str, ...]:
    keys = ("model", "input_usd_per_mtok", "output_usd_per_mtok")
    return tuple(" ".join(str(row.get(key)) for key in keys) for row in manifest.get("api_prices") or ())


def _retrieves(strategy: Strategy) -> bool:
    return Source.RETRIEVED in strategy.context


ROWS = (
    _Row("model", _model),
    _Row("system message", _spec("prompt", "system")),
    _Row("wording of the question", _spec("prompt", "question")),
    _Row("stop strings", _spec("answer", "stop")),
    _Row("longest answer, tokens", _spec("answer", "max_tokens")),
    _Row("labels", _spec("answer", "labels")),
    _Row("examples", _spec("examples"), lambda one: Source.EXAMPLES in one.context),
    _Row("embedder", _embedder, _retrieves),
    _Row("retrieval", _spec("retrieval"), lambda one: one.uses_corpus),
    _Row("corpus or index", _index, lambda one: one.uses_corpus),
    _Row("training questions", _train, lambda one: one.adapted or Source.EXAMPLES in one.context),
    _Row("training recipe", _spec("finetune"), lambda one: one.adapted),
    _Row("training seeds", _seeds, lambda one: one.adapted),
    _Row("adapter", _adapter, lambda one: one.adapted),
    _Row("price of the machine", _priced, figures=frozenset({COST})),
    _Row("prices of hosted models", _hosted, figures=frozenset({COST})),
    _Row("machine", _machine),
)


def _libraries(before: Manifest, after: Manifest) -> list[Cause]:
    old, new = (one.get("libraries") or {} for one in (before, after))
    names = dict.fromkeys([*old, *new])
    return [
        Cause(name, str(old.get(name, "nothing")), str(new.get(name, "nothing")))
        for name in names
        if old.get(name) != new.get(name)
    ]


def _last(before: Manifest, after: Manifest) -> list[Cause]:
    """This program's own version and commit, which may stand for anything."""
    pairs = (("version of this program", "harness_version"), ("commit", "git_commit"))
    found = [(name, before.get(key), after.get(key)) for name, key in pairs]
    return [Cause(name, _short(old), _short(new)) for name, old, new in found if old != new]


def _short(value: Any) -> str:
    """A commit as people write it, with its `+` where the checkout had changes."""
    text = "unknown" if value is None else str(value)
    return text if len(text) < 20 else f"{text[:7]}{'+' if text.endswith('+') else ''}"
