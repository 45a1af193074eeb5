"""Holds prose against results: every number in a sentence must be a figure that stands where it says it does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from harness.analysis.decision.telling import WORDS, value_at

NUMBER = re.compile(r"(?<![A-Za-z])[<>]?\s?[−+$]*\d[\d,]*(?:\.\d+)?(?:e-\d+)?")
CONSTANT = ("80 % power", "1/100 to 100 times", "p50", "p90", "p95", "p99")
"""What is the same in every report."""


def told_in(decision: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*decision["reasons"], *decision["assumptions"], *decision["would_change"]]


def check_prose(task: Mapping[str, Any]) -> int:
    """Check every sentence of a task's decision; returns how many numbers were checked."""
    return sum(check(one, task) for one in told_in(task["decision"]))


def check(told: Mapping[str, Any], task: Mapping[str, Any]) -> int:
    written: set[str] = set()
    for place, value in told["figures"].items():
        assert value_at(task, place) == value, f"{place} is not what the sentence says"
        written |= set(_written(value))
    numbers = list(_numbers(told["text"]))
    for number in numbers:
        assert number in written, f"{number!r} in {told['text']!r} is no figure of it: {told['figures']}"
    return len(numbers)


def _written(value: Any) -> Iterable[str]:
    for word in WORDS.values():
        if value is not None and not isinstance(value, str | bool):
            yield from _numbers(word(value))


def _numbers(text: str) -> Iterable[str]:
    for constant in CONSTANT:
        text = text.replace(constant, "")
    return [found.strip() for found in NUMBER.findall(text)]
