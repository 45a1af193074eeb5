"""The value of a cell → texts, as data sets and spreadsheets spell them."""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.files import read_json

_OF_TEXT = ("text", "value", "aliases")
"""Keys of objects that hold texts: SQuAD's answers and ARC's choices, TriviaQA's answers."""


def is_empty(value: Any) -> bool:
    """Whether a cell holds nothing: also the NaN that data frames have for it."""
    if isinstance(value, float) and math.isnan(value):
        return True
    return value is None or value == [] or value == {} or (isinstance(value, str) and not value.strip())


def one_line(value: Any) -> str:
    """A number, a text or anything else as a text on one line; true and false as people say them."""
    return " ".join(as_text(value).split())


def as_text(value: Any) -> str:
    """As `one_line`, the lines of a text kept."""
    if isinstance(value, str):
        return value.strip().replace("\r\n", "\n")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.15g}"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def texts_of(value: Any, separator: str | None = None, spelled: Callable[[Any], str] = one_line) -> list[str]:
    """The texts of a cell, each once: of a list, of SQuAD's objects, or between separators. `spelled`: `as_text` for
    texts whose lines matter, as those of code."""
    if is_empty(value):
        return []
    if isinstance(value, str) and separator:
        value = value.split(separator)
    entries = [text for entry in (value if isinstance(value, list) else [value]) for text in _held(entry)]
    return list(dict.fromkeys(spelled(entry) for entry in entries if not is_empty(entry)))


def _held(entry: Any) -> list[Any]:
    """The texts that an object holds under the keys for them; anything else as it is."""
    parts = [entry[key] for key in _OF_TEXT if key in entry] if isinstance(entry, Mapping) else []
    return (
        [text for part in parts for text in (part if isinstance(part, list) else [part])]
        if parts
        else [entry]
    )


def objects_of(value: Any) -> list[dict[str, Any]] | None:
    """The JSON objects that a cell holds, one or a list of them; None where it holds anything else.

    Objects that only hold texts (`{"text": [...]}`) are none: they are another way to write these.
    """
    entries = value if isinstance(value, list) else [value]
    if not entries or not all(isinstance(entry, dict) for entry in entries):
        return None
    return None if any(key in entry for entry in entries for key in _OF_TEXT) else entries


def printed(values: Sequence[Any]) -> bool:
    """Whether every cell of a column is a list or an object as Python prints it, which was not read."""
    filled = [value for value in values if not is_empty(value)]
    return bool(filled) and all(
        isinstance(value, str) and re.match(r"""\s*(?:array\()?(?:\[\s*\{?|\{)\s*['"]""", value)
        for value in filled
    )


def decoded(values: Sequence[Any]) -> Sequence[Any]:
    """The values of a column, read where every cell of it is a text that holds a list or an object, or a list of texts
    that hold objects: as JSON, or as the lists of texts that Python writes (`['a', 'b']`)."""
    filled = [value for value in values if not is_empty(value)]
    lists = bool(filled) and all(isinstance(value, list) for value in filled)
    texts = [text for value in filled for text in value] if lists else filled
    opening = ("{",) if lists else ("[", "{")
    if not texts or not all(isinstance(text, str) and text.lstrip().startswith(opening) for text in texts):
        return values

    for read in (read_json, *([] if lists else [_python_list])):
        try:
            return [
                None if is_empty(value) else [read(text) for text in value] if lists else read(value)
                for value in values
            ]
        except (ValueError, SyntaxError, RecursionError):
            continue
    return values


_PYTHON_TEXT = r"""(?:'(?:[^'\\\n]|\\.)*+'|"(?:[^"\\\n]|\\.)*+")"""
_PYTHON_LIST = re.compile(rf"\[\s*(?:{_PYTHON_TEXT}\s*(?:,\s*{_PYTHON_TEXT}\s*)*+,?\s*)?\]")


def _python_list(text: str) -> list[str]:
    """The texts of a list as Python writes it.

    Raises ValueError or SyntaxError for anything else, such as numpy's form, which has no commas.
    """
    if not _PYTHON_LIST.fullmatch(text.strip()):
        raise ValueError("no list of texts")
    found: list[str] = ast.literal_eval(text.strip())
    return found
