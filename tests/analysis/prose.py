"""Holds prose against results: every number in a sentence must be a figure that stands where it says it does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.analysis.decision.summary import line
from harness.analysis.decision.telling import WORDS, value_at
from harness.analysis.money.breakeven import whole_queries

NUMBER = re.compile(r"(?<![\w.])[<>]?\s?[−+$]*(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e-\d+)?")
"""Not within a word: q12 and f1 are names."""
CONSTANT = ("80 % power", "1/100 to 100 times", "p50", "p90", "p95", "p99", "over 1,000,000,000,000")
"""What is the same in every report."""
WAYS = (*WORDS.values(), whole_queries, lambda value: f"{value:.2g}")
"""How figures are written anywhere in prose."""
NAMES = re.compile(r"(?<!\w)'[^']*'(?!\w)|\(seed \d+\)")
"""What a sentence quotes may hold any number, and a seed's is its name."""


def told_in(decision: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*decision["reasons"], *decision["assumptions"], *decision["would_change"]]


def check_results(results: Mapping[str, Any]) -> int:
    """Check every sentence of results.json; returns how many numbers were checked."""
    for sentence in results["summary"]["sentences"]:
        assert not list(_numbers(sentence)), (
            "the summary has no figures, so that none can be of several tasks"
        )
    turned = results.get("turned", {}).values()
    return sum(check_prose(task) for task in results["tasks"].values()) + sum(
        check(row, results) for row in turned
    )


def check_prose(task: Mapping[str, Any]) -> int:
    """Check every sentence of a task; returns how many numbers were checked."""
    told = sum(check(one, task) for one in told_in(task["decision"]))
    return told + sum(check_row(text, row) for text, row in rows_of(task))


def rows_of(task: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Sentences that stand in a row of results.json, each with the row that has its figures."""
    decision = task["decision"]
    for row in decision.get("break_even", ()):
        blocks = task.get("strategies", {})
        money = [blocks[row[side]].get("cost") for side in ("a", "b") if row["status"] == "unknown"]
        yield row["sentence"], [row, money]  # why a cost is not known has figures of that cost
    for row in task.get("validity", ()):
        yield row["detail"], row
    for kind in ("priors", "shapes"):
        for row in decision["literature"][kind]:
            yield row["text"], row
    yield line("a task", decision), decision["questions_more"]


def check(told: Mapping[str, Any], task: Mapping[str, Any]) -> int:
    written: set[str] = set()
    for place, value in told["figures"].items():
        assert value_at(task, place) == value, f"{place} is not what the sentence says"
        written |= set(_written(value))
    return _held(told["text"], written, told["figures"])


def check_row(text: str, row: Any) -> int:
    return _held(text, {word for value in _leaves(row) for word in _written(value)}, row)


def _held(text: str, written: set[str], figures: Any) -> int:
    numbers = list(_numbers(text))
    for number in numbers:
        assert number in written, f"{number!r} in {text!r} is no figure of it: {figures}"
    return len(numbers)


def _leaves(row: Any) -> Iterator[float]:
    """Every number of a row, however deep."""
    if isinstance(row, Mapping):
        row = list(row.values())
    if isinstance(row, list):
        for value in row:
            yield from _leaves(value)
    elif isinstance(row, int | float) and not isinstance(row, bool):
        yield row


def _written(value: Any) -> Iterable[str]:
    for way in WAYS:
        if value is not None and not isinstance(value, str | bool):
            yield from _numbers(way(value))


def _numbers(text: str) -> Iterable[str]:
    for constant in CONSTANT:
        text = text.replace(constant, "")
    text = NAMES.sub("", text)
    return [found.strip() for found in NUMBER.findall(text)]
