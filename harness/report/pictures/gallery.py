"""All pictures of a run, task by task, in the order in which a reader asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harness.analysis.results.run import RunResult
from harness.records import TimingRow
from harness.report.pictures import learning, losses, money, times, value
from harness.report.pictures.draw import draw
from harness.report.pictures.looks import looks_in
from harness.report.pictures.plot import Drawn, Missing, Plot, TaskView

Timings = Mapping[tuple[str, str], Sequence[TimingRow]]
"""(task, system name) → timed questions."""

PICTURES: tuple[Callable[[TaskView], Plot | Missing | list[Plot | Missing]], ...] = (
    value.accuracy_against_cost,
    money.monthly,
    times.latency,
    times.stages,
    losses.waterfall,
    losses.wrong,
    money.decision_map,
    learning.loss_curves,
    learning.seen_and_unseen,
    learning.forgetting,
)
"""A new picture is one row here."""


@dataclass(frozen=True, slots=True)
class TaskPictures:
    """The pictures of one task: what was drawn, and what could not be."""

    task: str
    drawn: tuple[Drawn, ...]
    missing: tuple[Missing, ...]


def views(results: RunResult, timings: Timings) -> dict[str, TaskView]:
    """Task → what its pictures are drawn from."""
    looks = looks_in(results)
    return {
        task: TaskView(
            figures,
            tuple(adapter for adapter in results.adapters if adapter.task == task),
            {name: rows for name in figures.strategies if (rows := timings.get((task, name)))},
            looks,
        )
        for task, figures in results.tasks.items()
    }


def plots(view: TaskView) -> list[Plot | Missing]:
    made = (picture(view) for picture in PICTURES)
    return [plot for one in made for plot in (one if isinstance(one, list) else [one])]


def gallery(results: RunResult, timings: Timings) -> tuple[TaskPictures, ...]:
    """All pictures of all tasks, drawn."""
    tasks = []
    for task, view in views(results, timings).items():
        made = plots(view)
        drawn = tuple(draw(plot) for plot in made if isinstance(plot, Plot))
        tasks.append(TaskPictures(task, drawn, tuple(plot for plot in made if isinstance(plot, Missing))))
    return tuple(tasks)
