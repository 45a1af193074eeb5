"""Metrics for replies with a form: one label of a list, or a JSON value.

Like `text.py` and `choice.py` this needs the standard library alone: exported tasks carry a copy of it.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from math import nan
from typing import Any, Literal, NoReturn

Fate = Literal["right", "wrong", "missing", "invented"]
"""What became of a field: its value equals the answer's or not; the answer alone has it; the reply alone has it."""


def label(reply: str, answers: Iterable[str]) -> float:
    """1 where the reply, stripped, is the label; case and spelling count."""
    replied = reply.strip()
    return float(any(replied == answer.strip() for answer in answers))


def json_valid(reply: str, _answers: Iterable[str] = ()) -> float:
    """1 where the whole reply parses as JSON (RFC 8259: no NaN, nothing before or after it)."""
    return float(_parse(reply) is not None)


def exact_json(reply: str, answers: Iterable[str]) -> float:
    """1 where the reply parses and equals an answer: order of keys and spaces do not count, types do."""
    replied = _parse(reply)
    if replied is None:
        return 0.0
    wanted = (_parse(answer) for answer in answers)
    return float(any(answer is not None and _same(replied[0], answer[0]) for answer in wanted))


def json_fields(reply: str, answers: Iterable[str]) -> float:
    """The share of fields that are equal, of those that the reply or the answer has: the best against any answer.

    Fields are the keys of the outermost object. A reply that is no object scores 0.
    """
    if not isinstance(_value(reply), dict):
        return 0.0
    return _share(fates(reply, answers))


def fates(reply: str, answers: Iterable[str]) -> dict[str, Fate]:
    """What became of each field, against the answer that the reply is nearest to (of equals the first).

    Of a reply that is no object every field is missing.
    """
    replied = _value(reply)
    given = replied if isinstance(replied, dict) else {}
    known = [value for answer in answers if isinstance(value := _value(answer), dict)]
    return max((_fates(given, wanted) for wanted in known), key=_share, default={})


def _fates(given: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Fate]:
    found: dict[str, Fate] = {key: "invented" for key in given if key not in wanted}
    for key, value in wanted.items():
        if key not in given:
            found[key] = "missing"
        else:
            found[key] = "right" if _same(given[key], value) else "wrong"
    return found


def _share(found: dict[str, Fate]) -> float:
    """Two empty objects agree fully."""
    return sum(fate == "right" for fate in found.values()) / len(found) if found else 1.0


def _value(text: str) -> Any:
    parsed = _parse(text)
    return parsed[0] if parsed else None


def _parse(text: str) -> tuple[Any] | None:
    """The parsed value in a tuple (it may itself be null), or None where the text is no JSON."""
    try:
        return (
            json.loads(unicodedata.normalize("NFC", text), object_pairs_hook=_fields, parse_constant=_refuse),
        )
    except (ValueError, RecursionError):
        return None


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object. A key with two values says both, which equals nothing; a NaN does not equal itself either."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        found[key] = value if key not in found or _same(found[key], value) else nan
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _same(left: Any, right: Any) -> bool:
    """JSON equality: in Python true equals 1, in JSON it does not; 1 and 1.0 are one number."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return bool(left == right)
