"""Sentences whose figures are looked up in a task's results, never handed in: prose and tables cannot part.

`Teller(task).say("rag gets {right:percent} right", right="strategies/rag/accuracy/mean")` gives
`{"text": …, "figures": {"strategies/rag/accuracy/mean": 0.6}}`. A place is a way through the task's block of
results.json; names with a slash do not occur there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.quantities import NA, dollars, number, percent, points, seconds, three

Told = dict[str, Any]
"""{text, figures: {place: value}}."""


def whole(value: float | None) -> str:
    """A count: `1,200`."""
    return NA if value is None else f"{round(value):,}"


def days(value: float | None) -> str:
    """`7 days`, `181.9 days`, `6 hours`."""
    if value is None:
        return NA
    size, unit = (24 * value, "hour") if value < 1 else (value, "day")
    return f"{_plain(size)} {unit}{'' if _plain(size) == '1' else 's'}"


def share(value: float | None) -> str:
    """A distance between two shares without a sign: `5 points`."""
    return NA if value is None else f"{_plain(100 * value)} points"


def gigabytes(value: float | None) -> str:
    return NA if value is None else f"{three(value)} GB"


def end_points(value: float | None) -> str:
    """One end of an interval of a difference, its unit said before: `+3.1`."""
    return NA if value is None else points(value).removesuffix(" points")


def months(value: float | None) -> str:
    return NA if value is None else f"{_plain(value)} month{'' if _plain(value) == '1' else 's'}"


def _plain(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")


WORDS: dict[str, Callable[[Any], str]] = {
    "percent": percent,
    "points": points,
    "end": end_points,
    "share": share,
    "dollars": dollars,
    "seconds": seconds,
    "number": number,
    "whole": whole,
    "plain": lambda value: NA if value is None else _plain(value),
    "days": days,
    "months": months,
    "gigabytes": gigabytes,
}
"""How a figure is written: the part after the colon."""


class Teller:
    """Tells of one task's block of results.json, as far as it is made."""

    def __init__(self, task: Mapping[str, Any]) -> None:
        self._task = task

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
