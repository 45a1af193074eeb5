"""Nested values side by side: where they differ, each as text. The one comparison of what two runs were made of."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

ABSENT = "(absent)"
_HASH = re.compile(r"([0-9a-f]{12})[0-9a-f]{28,52}(\+?)")
"""A hash is shortened to its first digits; `+` marks a commit with changes."""
MOST = 40
"""Characters of a text that stands in a sentence as it is."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that differs, before and after as text. `path`: the names of what it stands in, then its own."""

    path: tuple[str, ...]
    before: str
    after: str

    @property
    def name(self) -> str:
        """`retrieval.k`, for people."""
        return ".".join(self.path)

    @property
    def sentence(self) -> str:
        """`sha256: 0123456789ab → ba9876543210`."""
        return f"{self.name}: {self.before} → {self.after}"


def sentences(differences: Iterable[Difference]) -> str:
    """`k: 3 → 2; chunk_tokens: 64 → 128`."""
    return "; ".join(difference.sentence for difference in differences)


def differing(before: object, after: object) -> list[Difference]:
    """Each plain value that differs between two nested ones: mappings, dataclasses or models. Lists are plain."""
    old, new = dict(_flat(before)), dict(_flat(after))
    pairs = {path: (old.get(path, ABSENT), new.get(path, ABSENT)) for path in {**old, **new}}
    return [Difference(path, *_texts(*pair)) for path, pair in pairs.items() if pair[0] != pair[1]]


def _flat(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """A nested value as paths and plain values."""
    parts = _parts(value)
    if parts:
        for key, inner in parts.items():
            yield from _flat(inner, (*path, str(key)))
    elif path or parts is None:  # of an empty whole there is nothing to name
        yield path, value


def _parts(value: object) -> Mapping[str, Any] | None:
    if isinstance(value, Mapping):
        return value
    if isinstance(value, BaseModel):
        return dict(value)
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return None


def _texts(old: object, new: object) -> tuple[str, str]:
    """Two values in a sentence; two long ones from shortly before they part, since their beginnings may be the same."""
    whole = [json.dumps(value, ensure_ascii=False) for value in (old, new)]
    start = parting(*whole) - MOST // 2
    if min(map(len, whole)) <= 2 * MOST or start <= MOST // 2:
        return text_of(old), text_of(new)
    cut = [text[start : start + 2 * MOST] for text in whole]
    ends = ["" if text.endswith(part) else "…" for text, part in zip(whole, cut, strict=True)]
    return f"…{cut[0]}{ends[0]}", f"…{cut[1]}{ends[1]}"


def parting(old: str, new: str) -> int:
    """The first place at which two texts differ."""
    unequal = (place for place, (a, b) in enumerate(zip(old, new, strict=False)) if a != b)
    return next(unequal, min(len(old), len(new)))


def text_of(value: object) -> str:
    """A value in a sentence: a hash by its first digits, short text as it is, anything else as JSON has it."""
    if isinstance(value, str):
        if digits := _HASH.fullmatch(value):
            return "".join(digits.groups())
        if value and len(value) <= MOST:
            return value
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 2 * MOST else f"{text[: 2 * MOST]}…"
