"""Groups of lm-eval tasks."""

from __future__ import annotations

from dataclasses import dataclass

from harness.ranges import Name


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMetric:
    """A metric that a group of lm-eval tasks aggregates. `filters` None: those that its members have."""

    metric: Name
    filters: tuple[Name, ...] | None = None
    by_size: bool = True
    """Whether a member counts by its documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskGroup:
    """A group of lm-eval tasks: the tasks of a run that are in it, and in groups within it."""

    name: Name
    tasks: tuple[Name, ...]
    metrics: tuple[GroupMetric, ...] = ()
