"""All tasks of a run: one row per task, one column per system; a group of lm-eval's stands above its members."""

from __future__ import annotations

from collections.abc import Iterator

from harness.analysis.results.groups import GroupFigure, GroupResult
from harness.analysis.results.run import RunResult, TaskResult
from harness.analysis.results.verdict import recommendation
from harness.quantities import NA, counted, percent, whole
from harness.report import scoreboard
from harness.report.numbers import estimate, figure
from harness.report.view import Table

MANY = 4
"""Up to so many tasks are read one by one; more want this table first, and the rest folded away."""
DECISION = "Decision"


def many(results: RunResult) -> bool:
    return len(results.tasks) > MANY


def title(results: RunResult) -> str:
    """What the figures of the table are."""
    groups = "; of a group lm-eval's own aggregate of its members, without one" if results.groups else ""
    return f"Accuracy with its 95 % interval{groups}."


def board(results: RunResult) -> Table | None:
    """None where there are few tasks and no groups."""
    if not many(results) and not results.groups:
        return None
    systems = tuple(dict.fromkeys(name for task in results.tasks.values() for name in task.strategies))
    rows: list[tuple[str, ...]] = []
    for name, task in results.tasks.items():
        for group_name, group in results.groups.items():
            if group.tasks[:1] == (name,):
                rows += _group(group_name, group, systems)
        rows.append(_task(name, task, systems))
    return Table(("Task", DECISION, *systems, "Questions"), tuple(rows))


def _task(name: str, task: TaskResult, systems: tuple[str, ...]) -> tuple[str, ...]:
    decision = task.decision
    said = recommendation(decision.status, decision.favourite)
    return (name, said, *(_cell(task, system) for system in systems), whole(task.n))


def _cell(task: TaskResult, system: str) -> str:
    row = task.strategies.get(system)
    if row is None:
        return "not applicable" if system in task.not_applicable else "–"
    if task.primary_metric is None:
        return ",\n".join(f"{name}\n{figure(value)}" for name, value in row.aggregates.items()) or NA
    # Broken where a narrow column may break it; Markdown has cells of one line.
    return (scoreboard.filters(row) or estimate(row.accuracy)).replace(", ", ",\n").replace(" (", "\n(")


def _group(name: str, group: GroupResult, systems: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """One row per metric that the group aggregates."""
    for metric, by_size in group.metrics.items():
        how = "by size" if by_size else "each alike"
        figures = [group.strategies.get(system, {}).get(metric) for system in systems]
        asked = max((one.n for one in figures if one), default=0)
        cells = (_figure(one, len(group.tasks)) for one in figures)
        yield (
            f"{name}: {metric} of {counted(len(group.tasks), 'task')}, {how}",
            "a group",
            *cells,
            whole(asked),
        )


def _figure(found: GroupFigure | None, members: int) -> str:
    if found is None or found.value is None:
        return "–"
    value = percent(found.value) if found.share else figure(found.value)
    return value if found.tasks == members else f"{value} of {counted(found.tasks, 'task')}"
