"""What `--tune` may change: a table of settings, and the systems that a system becomes by them.

A setting is called as in a task file (`retrieval.k`), so that whoever reads what was chosen can keep it there.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import chain, zip_longest
from typing import Any

from harness.spec.context import Context, Instructions
from harness.spec.system import LoRA, System

Value = int | float | str | bool
Changes = dict[str, Value]
"""Setting → the value that it gets in the place of the default's."""

SECTIONS = {
    "examples": "examples",
    "nearest": "examples",
    "retrieved": "retrieval",
    "gold": "retrieval",
    "adapter": "finetune",
    "instructions": "prompt",
}
"""Part of a system (a kind of context, or its adapter) → the section of a task file that sets it up."""


@dataclass(frozen=True, slots=True)
class Row:
    """One value of one setting of a part of a system."""

    part: str
    field: str
    value: Value

    @property
    def name(self) -> str:
        return f"{SECTIONS[self.part]}.{self.field}"


MESSAGE = "prompt.system"
"""The setting that a proposed system message is, as a task file calls its own."""
SPACE = (
    # The rate decides more than anything else of a recipe (arXiv 2602.04998): a factor of ten, in five values.
    Row("adapter", "learning_rate", 5e-4),
    Row("adapter", "learning_rate", 1e-3),
    Row("adapter", "learning_rate", 2e-4),
    Row("adapter", "learning_rate", 2e-3),
    Row("adapter", "rank", 32),
    Row("adapter", "learning_rate", 1e-4),
    Row("adapter", "rank", 8),
    Row("retrieved", "method", "hybrid"),
    Row("retrieved", "k", 5),
    Row("retrieved", "chunk_tokens", 128),
    Row("retrieved", "k", 2),
    Row("retrieved", "method", "bm25"),
    Row("retrieved", "expand", 1),
    Row("retrieved", "chunk_tokens", 64),
    Row("retrieved", "k", 8),
    Row("retrieved", "k", 3),
    Row("retrieved", "k", 1),
    Row("retrieved", "method", "dense"),
    Row("retrieved", "chunk_tokens", 256),
    Row("examples", "k", 8),
    Row("examples", "seed", 1),
    Row("examples", "k", 2),
    Row("examples", "seed", 2),
    Row("examples", "k", 16),
    Row("examples", "k", 4),
    Row("nearest", "k", 8),
    Row("nearest", "k", 2),
    Row("nearest", "k", 16),
    Row("nearest", "k", 1),
    Row("nearest", "k", 4),
)
"""In the order in which they are tried: of each part what moves its results most comes first."""


LEAST = (
    Row("adapter", "learning_rate", 2e-5),
    Row("retrieved", "chunk_tokens", 32),
    Row("examples", "k", 2),
)
"""What nobody who wants a strategy to win would go below."""


def too_weak(system: System) -> dict[str, tuple[float, float]]:
    """Settings of a system below `LEAST`: name → its value, and the least."""
    return {
        row.name: (value, float(row.value))
        for row in LEAST
        for part in _parts(system, row.part)
        if (value := float(getattr(part, row.field))) < float(row.value)
    }


def neighbours(system: System, count: int, seed: int, messages: Sequence[str] = ()) -> list[Changes]:
    """At most `count` ways to set a system up otherwise, each once: single changes, then seeded pairs of them.

    The parts of a system take turns, the adapter first. `messages`: system messages that were proposed for it.
    """
    rows = [_rows(system, part) for part in ("adapter", *system.kinds) if part in SECTIONS]
    rows.append([Row("instructions", "system", text) for text in messages])
    single = [row for row in chain.from_iterable(zip_longest(*rows)) if row is not None]
    if len(single) >= count:
        return [{row.name: row.value} for row in single[:count]]
    pairs = [(a, b) for i, a in enumerate(single) for b in single[i + 1 :] if a.name != b.name]
    random.Random(f"tune:{seed}").shuffle(pairs)
    both = [{a.name: a.value, b.name: b.value} for a, b in pairs]
    return [*({row.name: row.value} for row in single), *both][:count]


def tunable(system: System) -> bool:
    """Whether there is anything to tune: controls follow the systems that they explain."""
    return not system.control and bool(neighbours(system, 1, 0))


def changed(system: System, changes: Mapping[str, Value]) -> System:
    """The same system with other settings, under the same name; its adapter is trained on prompts with them."""
    context, recipe = _context(system.context, changes), system.recipe
    if recipe is None:
        return replace(system, context=context)
    adapter = replace(_part(recipe, "adapter", changes), context=_context(recipe.context, changes))
    return replace(system, context=context, adapter=adapter)


def _context(context: tuple[Context, ...], changes: Mapping[str, Value]) -> tuple[Context, ...]:
    """A context with the changes, a system message of its own before all else."""
    parts = tuple(_part(part, part.kind, changes) for part in context)
    if MESSAGE not in changes or any(isinstance(part, Instructions) for part in parts):
        return parts
    return (Instructions(str(changes[MESSAGE])), *parts)


def _rows(system: System, part: str) -> list[Row]:
    """The rows that change a part of a system."""
    return [
        row
        for row in SPACE
        if row.part == part
        for value in _parts(system, part)
        if _has(value, row.field) and _value(value, row.field) != row.value
    ]


def _parts(system: System, part: str) -> Iterable[Context | LoRA]:
    if part == "adapter":
        return [system.recipe] if system.recipe else []
    return [one for one in system.context if one.kind == part]


def _value(part: Any, field: str) -> Any:
    """A setting as a task file would have it: passages that are ranked by the embedder alone have no method."""
    value = getattr(part, field)
    return "dense" if field == "method" and value is None else value


def _has(part: Any, field: str) -> bool:
    return field in (known.name for known in fields(part))


def _part(part: Any, kind: str, changes: Mapping[str, Value]) -> Any:
    """A part with the changes that are its own."""
    section = SECTIONS.get(kind)
    own: dict[str, Any] = {
        field: value
        for name, value in changes.items()
        for where, _, field in [name.partition(".")]
        if where == section and _has(part, field)
    }
    if own.get("method") == "dense":
        own["method"] = None
    if "chunk_tokens" in own:
        own["overlap_tokens"] = min(part.overlap_tokens, int(own["chunk_tokens"]) // 2)
    return replace(part, **own)
