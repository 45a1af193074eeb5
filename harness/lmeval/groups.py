"""lm-eval's groups, as a run keeps them: which tasks of ours are in each, and what it makes of their figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness.records import GroupMetric, TaskGroup


def task_groups(
    groups: Iterable[Any], names: Mapping[str, str], ours: str, top: str
) -> tuple[TaskGroup, ...]:
    """The groups of lm-eval's that aggregate anything.

    `names`: lm-eval's name of a task → ours. The group `top` is called as our task file, `ours`; others OURS.GROUP.
    """
    return tuple(
        TaskGroup(
            name=ours if group.name == top else f"{ours}.{group.name}",
            tasks=tuple(names[task.task_name] for task in group.get_all_tasks() if task.task_name in names),
            metrics=tuple(
                GroupMetric(
                    metric=row.metric,
                    filters=None if row.filter_list is None else tuple(row.filter_list),
                    by_size=bool(row.weight_by_size),
                )
                for row in group.aggregate_metric_list
            ),
        )
        for group in groups
        if group.has_aggregation
    )
