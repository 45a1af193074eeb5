"""Nested values side by side: where they differ, and each as it stands in a sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

ABSENT = "(absent)"
_HASH = re.compile(r"([0-9a-f]{12})[0-9a-f]{28,52}(\+?)")
"""Of a hash people read the first digits; `+` marks a commit with changes."""
MOST = 40
"""Characters of a text that stands in a sentence as it is."""


def flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """A nested mapping as dotted names and plain values; lists are values."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from flat(inner, f"{name}.{key}" if name else str(key))
    elif name or not isinstance(value, Mapping):  # of an empty whole there is nothing to name
        yield name, value


def differing(before: Any, after: Any) -> list[tuple[str, str, str]]:
    """(Dotted name, before, after) of each value that differs, as text."""
    old, new = dict(flat(before)), dict(flat(after))
    names = dict.fromkeys([*old, *new])
    return [
        (name, *texts(old.get(name, ABSENT), new.get(name, ABSENT)))
        for name in names
        if old.get(name, ABSENT) != new.get(name, ABSENT)
    ]


def texts(old: Any, new: Any) -> tuple[str, str]:
    """Two values in a sentence; two long ones from shortly before they part, since their beginnings may be the same."""
    whole = [json.dumps(value, ensure_ascii=False) for value in (old, new)]
    parting = (place for place, (a, b) in enumerate(zip(*whole, strict=False)) if a != b)
    start = next(parting, min(map(len, whole))) - MOST // 2
    if min(map(len, whole)) <= 2 * MOST or start <= MOST // 2:
        return text_of(old), text_of(new)
    cut = [text[start : start + 2 * MOST] for text in whole]
    ends = ["" if text.endswith(part) else "…" for text, part in zip(whole, cut, strict=True)]
    return f"…{cut[0]}{ends[0]}", f"…{cut[1]}{ends[1]}"


def text_of(value: Any) -> str:
    """A value in a sentence: a hash by its first digits, short text as it is, anything else as JSON has it."""
    if isinstance(value, str):
        if found := _HASH.fullmatch(value):
            return "".join(found.groups())
        if value and len(value) <= MOST:
            return value
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 2 * MOST else f"{text[: 2 * MOST]}…"
