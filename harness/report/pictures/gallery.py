"""All pictures of a run, task by task, in the order in which a reader asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from harness.analysis.results.run import RunResult
from harness.records import TimingRow
from harness.report.pictures import effort, learning, losses, money, times
from harness.report.pictures.looks import looks_in
from harness.report.pictures.plot import Missing, Plot, TaskView

Timings = Mapping[tuple[str, str], Sequence[TimingRow]]
"""(task, system name) → timed questions."""

PICTURES: tuple[Callable[[TaskView], Plot | Missing | list[Plot | Missing]], ...] = (
    money.accuracy_against_cost,
    money.decision_map,
    losses.waterfall,
    learning.forgetting,
    money.monthly,
    losses.wrong,
    learning.seen_and_unseen,
    times.latency,
    times.stages,
    learning.loss_curves,
    effort.score_against_effort,
    effort.learning_curves,
)
"""A new picture is one row here; the first three that have something to say carry the verdict."""
FIRST = 3


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


def reading(results: RunResult, pictures: Mapping[str, Sequence[Plot | Missing]]) -> str:
    """What holds for all pictures of a run; nothing where none is drawn."""
    if not any(isinstance(plot, Plot) for plots in pictures.values() for plot in plots):
        return ""
    alone = " A control takes part in no decision." if any(row.control for row in results.systems) else ""
    return f"A strategy keeps its colour and its shape in every picture.{alone}"


def plots(view: TaskView) -> list[Plot | Missing]:
    made = (picture(view) for picture in PICTURES)
    return [plot for one in made for plot in (one if isinstance(one, list) else [one])]
