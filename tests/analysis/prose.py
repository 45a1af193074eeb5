"""Checks prose against results: every number in a sentence must be one of its figures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

from harness import quantities
from harness.analysis.money.breakeven_words import whole_queries

NUMBER = re.compile(r"(?<![\w.])[<>]?\s?[−+$]*(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e-\d+)?")
"""Not within a word: q12 and f1 are names."""
CONSTANT = ("80 % power", "1/100 to 100 times", "p50", "p90", "p95", "p99", "over 1,000,000,000,000")
"""What is the same in every report."""
QUANTITIES = (
    "percent",
    "points",
    "signed",
    "share",
    "dollars",
    "seconds",
    "number",
    "whole",
    "plain",
    "queries",
)
WAYS = (
    *(getattr(quantities, name) for name in (*QUANTITIES, "days", "months", "gigabytes")),
    whole_queries,
    lambda value: f"{value:.2g}",
)
"""How figures are written anywhere in prose."""
NAMES = re.compile(r"(?<!\w)'[^']*'(?!\w)|\(seed \d+\)")
"""What a sentence quotes may hold any number, and a seed's is its name."""


def sentences_of(decision: Any) -> list[dict[str, Any]]:
    """Each sentence of a decision with its figures."""
    found = _plain(decision)
    first = [found[name] for name in ("what_to_do", "how_sure", "what_would_change")]
    rest = ("reasons", "assumptions", "would_change", "next_steps")
    return [*first, *(sentence for name in rest for sentence in found[name])]


def check_results(results: Any) -> int:
    """Check every sentence of a run's results; returns how many numbers were checked."""
    for sentence in _plain(results)["summary"]["sentences"]:
        assert not list(_numbers(sentence)), (
            "the summary has no figures, so that none can be of several tasks"
        )
    return sum(check_prose(task) for task in _plain(results)["tasks"].values())


def check_prose(task: Any) -> int:
    """Check every sentence of a task; returns how many numbers were checked."""
    block = _plain(task)
    decision = block["decision"]
    found = sum(check(sentence) for sentence in sentences_of(decision))
    return found + sum(check_row(text, row) for text, row in rows_of(block))


def rows_of(task: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Sentences that stand in a row of the results, each with the row that has its figures."""
    decision = task["decision"]
    for row in decision.get("break_even", ()):
        blocks = task.get("strategies", {})
        money = [blocks[row[side]].get("cost") for side in ("a", "b") if row["status"] == "unknown"]
        yield row["sentence"], [row, money]  # why a cost is not known has figures of that cost
    for row in task.get("validity", ()):
        yield row["detail"], row
        if row.get("remedy"):
            yield row["remedy"]["text"], row["remedy"]
    for kind in ("priors", "shapes"):
        for row in decision["literature"][kind]:
            yield row["text"], row


def check(sentence: Any) -> int:
    """Check one sentence with its own figures."""
    found = _plain(sentence)
    return check_row(found["text"], found["figures"])


def check_row(text: str, row: Any) -> int:
    written = {word for value in _leaves(row) for word in _written(value)}
    numbers = list(_numbers(text))
    for number in numbers:
        assert number in written, f"{number!r} in {text!r} is no figure of it: {row}"
    return len(numbers)


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def _leaves(row: Any) -> Iterator[float]:
    """Every number of a row, however deep."""
    if isinstance(row, Mapping):
        row = list(row.values())
    if isinstance(row, list | tuple):
        for value in row:
            yield from _leaves(value)
    elif isinstance(row, int | float) and not isinstance(row, bool):
        yield row


def _written(value: float) -> Iterable[str]:
    for way in WAYS:
        yield from _numbers(way(value))


def _numbers(text: str) -> Iterable[str]:
    for constant in CONSTANT:
        text = text.replace(constant, "")
    text = NAMES.sub("", text)
    return [found.strip() for found in NUMBER.findall(text)]
