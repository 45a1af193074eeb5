"""Answers that could not be had: which of them are still missing, and what a person is told of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from harness.quantities import listed
from harness.records import AnswerRow, FailureRow

SHOWN_REASONS = 3

Place = tuple[str, str, str, int, int]


def place_of(row: AnswerRow | FailureRow) -> Place:
    """Which answer a row is, or would have been."""
    return row.task, row.system, row.question_id, row.seed, row.repeat


def still_missing(failures: Iterable[FailureRow], answered: Iterable[Place]) -> list[FailureRow]:
    """The last row of each failure that no answer has made good; an answer makes all before it history."""
    last = {(row.timed, place_of(row)): row for row in failures}
    had = {place for _, place in last}.intersection(answered) if last else set()
    return [row for (timed, place), row in last.items() if timed or place not in had]


def reasons(failures: Iterable[tuple[str, int]]) -> str:
    """Reasons with how often each was given, the most frequent first: `the request timed out (12), HTTP 500 (3)`."""
    count: Counter[str] = Counter()
    for reason, times in failures:
        count[reason] += times
    ordered = sorted(count.items(), key=lambda item: (-item[1], item[0]))
    return listed((f"{reason} ({times:,})" for reason, times in ordered), SHOWN_REASONS, apart="; ")
