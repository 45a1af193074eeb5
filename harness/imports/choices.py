"""Options as data sets write them, and which of them an answer names: by its text, its letter or its number."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import InputError
from harness.imports.values import is_empty, one_line

_NUMBERED = re.compile(r"\D+(\d{1,3})")
_LETTER = re.compile(r"\(?([A-Za-z])[).:]?")
_LETTERED = re.compile(r"\(?([A-Za-z])[).:]\s*(\S.*)")


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a question. `names`: what the source calls each; none where it does not name them."""

    texts: tuple[str, ...]
    names: tuple[str, ...] = ()


def options_of(values: Mapping[str, Any], separator: str | None) -> Options:
    """The options in a row's columns: a list of texts or of `{"text": "...", "label": "A"}`, `{"text": [...], "label":
    [...]}`, `{"A": "..."}`, a text with separators, or a column for each."""
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
    entries = value if isinstance(value, list) else [value]
    if all(isinstance(entry, Mapping) and not is_empty(entry.get("text")) for entry in entries):
        names = _texts(entry.get("label") for entry in entries)
        return Options(
            _texts(entry["text"] for entry in entries), names if len(names) == len(entries) else ()
        )
    return Options(_texts(entries))


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(one_line(value) for value in values if not is_empty(value))


Way = Callable[[str, Options], int | None]
"""What an answer says, and the options → the place of the option that it names."""


def _by_text(answer: str, options: Options) -> int | None:
    return options.texts.index(answer) if answer in options.texts else None


def _by_name(answer: str, options: Options) -> int | None:
    """Match an answer to an option by its whole name, or by its number: 2 is `Option 2`."""
    if answer in options.names:
        return options.names.index(answer)
    numbers = [_NUMBERED.fullmatch(name) for name in options.names]
    return next((place for place, found in enumerate(numbers) if found and found[1] == answer), None)


def _by_letter(answer: str, options: Options) -> int | None:
    found = _LETTER.fullmatch(answer)
    return _within(string.ascii_uppercase.index(found[1].upper()), options) if found else None


def _by_both(answer: str, options: Options) -> int | None:
    """By its letter and its text: `B) green`."""
    found = _LETTERED.fullmatch(answer)
    place = _by_letter(found[1], options) if found else None
    return place if found and place is not None and options.texts[place] in (found[2], answer) else None


def _from_0(answer: str, options: Options) -> int | None:
    return _within(int(answer), options) if answer.isdecimal() and len(answer) < 4 else None


def _from_1(answer: str, options: Options) -> int | None:
    return _within(int(answer) - 1, options) if answer.isdecimal() and len(answer) < 4 else None


def _within(place: int, options: Options) -> int | None:
    return place if 0 <= place < len(options.texts) else None


def way_of(rows: Sequence[tuple[str, Options]], path: Path) -> tuple[Way, str]:
    """How answers name their options: in the way in which most rows do; and a clause for ways that are a guess.

    Raises InputError for numbers that may count from 0 as well as from 1: none is 0 or that of a last option.
    """
    counted = _from_0 if any(answer == "0" for answer, _ in rows) else _from_1
    ways: dict[Way, str] = {
        _by_text: "",
        _by_name: "",
        _by_letter: "",
        _by_both: "",
        counted: f"answers are the numbers of the options, from {0 if counted is _from_0 else 1} on",
    }
    best = max(ways, key=lambda way: sum(way(answer, options) is not None for answer, options in rows))
    if best is _from_1 and not any(answer == str(len(options.texts)) for answer, options in rows):
        raise InputError(
            "answers are the numbers of their options, and none is 0 or that of a last option, so they may count from "
            "0 as well as from 1: write each answer as the letter or the text of its option.",
            path=path,
        )
    return best, ways[best]
