"""What a group of lm-eval tasks comes to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GroupFigure:
    """lm-eval's aggregate of `tasks` members with `n` answers in all. `share`: whether it is one, from 0 to 1."""

    value: float | None
    tasks: int
    n: int
    share: bool


@dataclass(frozen=True, slots=True)
class GroupResult:
    """A group and its members. `metrics`: each with whether members count by their size; `strategies`: system → metric
    → figure."""

    tasks: tuple[str, ...]
    metrics: dict[str, bool]
    strategies: dict[str, dict[str, GroupFigure]]
