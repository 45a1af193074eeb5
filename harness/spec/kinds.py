"""The kind of a question's answer, for the metric kind_match: its `parts`, `tolerance` or `pattern`."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from harness.errors import nearest, shown
from harness.patterns import cost
from harness.quantities import listed
from harness.scoring.kinds import READ, holds_parts, margin, quantity
from harness.scoring.normal import normalise
from harness.spec.mistakes import is_unicode

METRIC = "kind_match"
KEYS = ("parts", "tolerance", "pattern")
LONGEST = 500
"""Characters of a pattern."""
STEPS = 100_000_000_000
"""What a pattern may take at the worst on the characters of a reply that are read: two repeats without an end, with a
few choices beside them. Real texts take a small part of it."""


def tolerance_of(value: Any) -> str:
    """A tolerance as it is written, `0.5` or `2%`; raises ValueError with a sentence."""
    text = str(value) if type(value) in (int, float) else value
    if not isinstance(text, str) or margin(text, Fraction(1)) is None:
        raise ValueError(
            f"is {shown(value)}, but a tolerance is a number, such as 0.5, or a share, such as 2%."
        )
    return text.strip()


def kind_of(row: Mapping[str, Any], default: str | None) -> tuple[dict[str, Any], list[str]]:
    """What a record says of its kind, as of a Question, and what is wrong with it.

    `default`: the task's own tolerance, which holds where all answers are numbers and the record names no kind.
    """
    given = [key for key in KEYS if row.get(key) is not None]
    answers = row.get("answers") or ()
    if not given:
        numbers = default and answers and not row.get("choices") and all(map(quantity, answers))
        return ({"tolerance": default} if numbers else {}), []
    if len(given) > 1:
        return {}, [f"has {listed(map(repr, given))}: an answer is of one kind, so give one of them."]
    (key,) = given
    if not answers or row.get("choices"):
        return {}, [
            f"{key!r} is for questions that are answered in words, which have answers and no choices."
        ]
    try:
        value = _READERS[key](row[key])
    except ValueError as error:
        return {}, [f"{key!r} {error}"]
    fault = _AGAINST[key](value, answers)
    return {key: value}, [fault] if fault else []


def misspelled(row: Mapping[str, Any], known: Sequence[str]) -> list[str]:
    """Keys that are probably meant to say the kind."""
    near = {
        key: next(iter(nearest(key, KEYS, cutoff=0.85)), None) for key in row if key not in (*known, *KEYS)
    }
    return [
        f"{shown(key)} is not a known key (did you mean {meant!r}?)." for key, meant in near.items() if meant
    ]


def _parts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) < 2:
        raise ValueError(f"must be a list of two texts or more, but is {shown(value)}.")
    for part in value:
        if not isinstance(part, str) or not is_unicode(part) or not normalise(part):
            raise ValueError(f"must hold texts with a word in them, but holds {shown(part)}.")
    return tuple(value)


def _pattern(value: Any) -> str:
    if not isinstance(value, str) or not value or not is_unicode(value):
        raise ValueError(f"must be a regular expression as text, but is {shown(value)}.")
    if fault := pattern_fault(value):
        raise ValueError(fault)
    return value


def pattern_fault(pattern: str) -> str | None:
    """Why a regular expression cannot be looked for in replies; None where it can.

    Python's matcher goes back and tries again without a limit, so what it may cost is read off the pattern.
    """
    if len(pattern) > LONGEST:
        return f"has more than {LONGEST} characters."
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f"{shown(pattern)} is no regular expression: {error}."
    expected = cost(pattern)
    if expected.nested:
        return (
            f"{shown(pattern)} may take exponential time: in {shown(expected.nested)} a repeat is repeated. "
            r"Write one repeat over a class of characters, such as [\d,]+."
        )
    if expected.steps(READ) > STEPS:
        return (
            f"{shown(pattern)} may take very long: it has too many repeats without an end (* and +). "
            r"Give some of them an end, such as \s{0,3}."
        )
    return None


_READERS: dict[str, Callable[[Any], Any]] = {"parts": _parts, "tolerance": tolerance_of, "pattern": _pattern}


def _without_parts(parts: Sequence[str], answers: Sequence[str]) -> str | None:
    if any(holds_parts(normalise(answer), parts) for answer in answers):
        return None
    lost = next(part for part in parts if not normalise(answers[0]).hold(normalise(part)))
    return f"no answer holds all of its 'parts'; in {shown(answers[0])} {shown(lost)} is missing."


def _no_number(_: str, answers: Sequence[str]) -> str | None:
    for answer in answers:
        if quantity(answer) is None:
            return f"'tolerance' needs answers that are a number with or without a unit; {shown(answer)} is none."
    return None


def _unmatched(pattern: str, answers: Sequence[str]) -> str | None:
    if any(re.search(pattern, answer[:READ]) for answer in answers):
        return None
    return f"no answer has its 'pattern' {shown(pattern)}; the first is {shown(answers[0])}."


_AGAINST: dict[str, Callable[[Any, Sequence[str]], str | None]] = {
    "parts": _without_parts,
    "tolerance": _no_number,
    "pattern": _unmatched,
}
