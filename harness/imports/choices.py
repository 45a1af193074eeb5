"""Options as data sets write them, and which of them an answer names: by its text, its letter or its number."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.imports.values import is_empty, one_line

_LETTER = re.compile(r"\(?([A-Za-z])[).:]?")


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a question. `names`: what the source calls each; none where it does not name them."""

    texts: tuple[str, ...]
    names: tuple[str, ...] = ()


def options_of(values: Mapping[str, Any], separator: str | None) -> Options:
    """The options in a row's columns: a list, ARC's `{"text": [...], "label": [...]}`, `{"A": "..."}`, a text with
    separators, or a column for each."""
    if len(values) > 1:
        filled = {name: one_line(value) for name, value in values.items() if not is_empty(value)}
        return Options(tuple(filled.values()), tuple(filled))
    (value,) = values.values()
    if isinstance(value, Mapping):
        if isinstance(value.get("text"), list):
            names = value.get("label")
            return Options(_texts(value["text"]), _texts(names) if isinstance(names, list) else ())
        return Options(_texts(value.values()), _texts(value))
    if isinstance(value, str):
        return Options(_texts(part for part in (value.split(separator) if separator else [value])))
    return Options(_texts(value if isinstance(value, list) else [value]))


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(one_line(value) for value in values if not is_empty(value))


Way = Callable[[str, Options], int | None]
"""What an answer says, and the options → the place of the option that it names."""


def _by_text(answer: str, options: Options) -> int | None:
    return options.texts.index(answer) if answer in options.texts else None


def _by_name(answer: str, options: Options) -> int | None:
    return options.names.index(answer) if answer in options.names else None


def _by_letter(answer: str, options: Options) -> int | None:
    found = _LETTER.fullmatch(answer)
    return _within(string.ascii_uppercase.index(found[1].upper()), options) if found else None


def _from_0(answer: str, options: Options) -> int | None:
    return _within(int(answer), options) if answer.isdecimal() and len(answer) < 4 else None


def _from_1(answer: str, options: Options) -> int | None:
    return _within(int(answer) - 1, options) if answer.isdecimal() and len(answer) < 4 else None


def _within(place: int, options: Options) -> int | None:
    return place if 0 <= place < len(options.texts) else None


def way_of(rows: Sequence[tuple[str, Options]]) -> tuple[Way, str]:
    """How answers name their options: in the way in which most rows do; and a clause for ways that are a guess."""
    counted = _from_0 if any(answer == "0" for answer, _ in rows) else _from_1
    ways: dict[Way, str] = {
        _by_text: "",
        _by_name: "",
        _by_letter: "",
        counted: f"answers are the numbers of the options, from {0 if counted is _from_0 else 1} on",
    }
    best = max(ways, key=lambda way: sum(way(answer, options) is not None for answer, options in rows))
    return best, ways[best]
