"""All pictures of a run, task by task, in the order in which a reader asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.records import TimingRow
from harness.report.pictures import learning, losses, money, times, value
from harness.report.pictures.draw import draw
from harness.report.pictures.plot import Drawn, Missing, Plot

Figures = Mapping[str, Any]
Timings = Mapping[tuple[str, str], Sequence[TimingRow]]


@dataclass(frozen=True, slots=True)
class Room:
    """The pictures of one task: what was drawn, and what could not be."""

    task: str
    drawn: tuple[Drawn, ...]
    missing: tuple[Missing, ...]


def plots(results: Figures, task: str, timings: Timings) -> list[Plot | Missing]:
    """Everything that can be said in pictures of one task. `timings`: (task, strategy) → rows."""
    figures = results["tasks"][task]
    timed = {name: timings[task, name] for name in figures["strategies"] if timings.get((task, name))}
    return [
        value.accuracy_against_cost(figures),
        money.monthly(figures),
        times.latency(timed),
        times.stages(timed),
        losses.waterfall(figures),
        losses.wrong(figures),
        money.decision_map(figures),
        *learning.loss_curves(results, task),
        learning.seen_and_unseen(figures),
        learning.forgetting(figures),
    ]


def gallery(results: Figures, timings: Timings) -> tuple[Room, ...]:
    rooms = []
    for task in results["tasks"]:
        found = plots(results, task, timings)
        drawn = tuple(draw(plot) for plot in found if isinstance(plot, Plot))
        rooms.append(Room(task, drawn, tuple(plot for plot in found if isinstance(plot, Missing))))
    return tuple(rooms)
