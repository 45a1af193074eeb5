"""Sentences whose figures are looked up in a task's results, never handed in: prose and tables cannot part.

`Teller(task).say("rag gets {right:percent} right", right="strategies/rag/accuracy/mean")` gives
`{"text": …, "figures": {"strategies/rag/accuracy/mean": 0.6}}`. A place is a way through the task's block of
results.json; names with a slash do not occur there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.quantities import (
    days,
    dollars,
    gigabytes,
    months,
    number,
    percent,
    plain,
    points,
    queries,
    seconds,
    share,
    signed,
    whole,
)
from harness.scoring.table import is_graded

Told = dict[str, Any]
"""{text, figures: {place: value}}."""


WORDS: dict[str, Callable[[Any], str]] = {
    "percent": percent,
    "points": points,
    "end": signed,
    "share": share,
    "dollars": dollars,
    "seconds": seconds,
    "number": number,
    "whole": whole,
    "plain": plain,
    "queries": queries,
    "days": days,
    "months": months,
    "gigabytes": gigabytes,
    "needed": lambda value: "needed" if value else "not needed",
    "as_is": str,
}
"""How a figure is written: the part after the colon."""


class Teller:
    """Tells of one task's block of results.json, as far as it is made."""

    def __init__(self, task: Mapping[str, Any]) -> None:
        self._task = task

    @property
    def graded(self) -> str | None:
        """The primary metric, where an answer can be partly right by it; its mean is no share of right answers."""
        metric = self._task.get("primary_metric")
        return metric if is_graded(metric) else None

    def mean(self, figure: str) -> str:
        """How a mean of the primary metric is told, as a part of a template."""
        return (
            f"a mean {self.graded} of {{{figure}:percent}}" if self.graded else f"{{{figure}:percent}} right"
        )

    def say(self, template: str, **places: str) -> Told:
        """Fill `{name:word}` with the value at the place of that name."""
        found = {name: _Figure(value_at(self._task, place)) for name, place in places.items()}
        figures = {place: found[name].value for name, place in places.items()}
        return {"text": template.format(**found), "figures": figures}


class _Figure:
    def __init__(self, value: Any) -> None:
        self.value = value

    def __format__(self, word: str) -> str:
        return WORDS[word](self.value)


def value_at(block: Any, place: str) -> Any:
    """What stands at `strategies/rag/accuracy/mean`; raises KeyError, IndexError where nothing does."""
    for step in place.split("/"):
        block = block[int(step)] if isinstance(block, list) else block[step]
    return block


def joined(*told: Told) -> Told:
    """Several sentences as one."""
    figures = {place: value for one in told for place, value in one["figures"].items()}
    return {"text": " ".join(one["text"] for one in told), "figures": figures}


def ends(row: Mapping[str, Any]) -> str:
    return " ({low:end} to {high:end})" if row["ci_low"] is not None else ""


def interval(at: str, row: Mapping[str, Any]) -> dict[str, str]:
    """The places of an interval's ends; none where the questions show none."""
    return {"low": f"{at}/ci_low", "high": f"{at}/ci_high"} if row["ci_low"] is not None else {}
