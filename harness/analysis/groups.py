"""What lm-eval's groups make of their members: its own aggregate, weighted by size or not, over each group's tasks.

As `lm_eval/api/group.py` (0.4.13): the mean of the members' figures, weighted by their documents where the group says
so, over the members that have the metric under the filter. Without an interval, as members share neither documents nor
sizes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from harness.analysis.results.groups import GroupFigure, GroupResult
from harness.analysis.results.run import SystemFigures, TaskFigures
from harness.records import GroupMetric, TaskGroup

NO_FILTER = "none"
"""lm-eval's name for answers that no filter was asked for."""


def aggregated(groups: Sequence[TaskGroup], tasks: Mapping[str, TaskFigures]) -> dict[str, GroupResult]:
    """Every group with an aggregate of its own, by name."""
    return {group.name: _aggregated(group, tasks) for group in groups if group.metrics}


def _aggregated(group: TaskGroup, tasks: Mapping[str, TaskFigures]) -> GroupResult:
    members = {name: tasks[name] for name in group.tasks if name in tasks}
    systems = dict.fromkeys(
        name
        for task in members.values()
        for name, row in task.strategies.items()
        if not task.is_foreign(row.system)
    )
    wanted = [(name, metric.by_size) for metric in group.metrics for name in _names(metric, members)]
    figures = {
        system: {name: _figure(system, name, members, by_size=by_size) for name, by_size in wanted}
        for system in systems
    }
    return GroupResult(tuple(members), dict(wanted), figures)


def _names(metric: GroupMetric, members: Mapping[str, TaskFigures]) -> Iterator[str]:
    """The metric under each of its filters, as METRIC or METRIC,FILTER; by default under those that members have."""
    filters = metric.filters
    if filters is None:
        known = (
            name for task in members.values() for row in task.strategies.values() for name in _known(row)
        )
        filters = tuple(
            sorted(
                {
                    name.partition(",")[2] or NO_FILTER
                    for name in known
                    if name.partition(",")[0] == metric.metric
                }
            )
        )
    for filter_ in filters:
        yield metric.metric if filter_ == NO_FILTER else f"{metric.metric},{filter_}"


def _known(row: SystemFigures) -> dict[str, float]:
    """The figures of a system: means of scores, and lm-eval's aggregates."""
    means = {name: estimate.mean for name, estimate in row.metrics.items()}
    return {name: value for name, value in {**row.aggregates, **means}.items() if value is not None}


def _figure(system: str, name: str, members: Mapping[str, TaskFigures], *, by_size: bool) -> GroupFigure:
    rows = [task.strategies[system] for task in members.values() if system in task.strategies]
    having = [row for row in rows if name in _known(row)]
    sizes = [row.n_answered if by_size else 1 for row in having]
    total = math.fsum(_known(row)[name] * size for row, size in zip(having, sizes, strict=True))
    return GroupFigure(
        value=total / sum(sizes) if sum(sizes) else None,
        tasks=len(having),
        n=sum(row.n_answered for row in having),
        share=all(name in row.metrics for row in having),
    )
