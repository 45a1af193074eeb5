"""What stands under a task's scoreboard: what its figures rest on, and the strategies that were left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.analysis.results.run import RunResult, TaskResult
from harness.quantities import listed
from harness.report import effort, forms, labels, scoreboard
from harness.report.view import Text
from harness.run.facts import by_obstacle
from harness.steps import Step


def common(results: RunResult) -> list[Text]:
    """What holds for all tasks of a run, where there are several."""
    first, *others = [list(_notes(task)) for task in results.tasks.values()] or [[]]
    return [note for note in first if others and all(note in other for other in others)]


def notes(results: RunResult, task: TaskResult) -> list[Text]:
    """What holds for a task alone. Each a sentence or two; one may end with what to do."""
    said = common(results)
    return [note for note in _notes(task) if note not in said]


def _notes(task: TaskResult) -> Iterator[Text]:
    behind = scoreboard.over_trivial(task)
    weak = any(row.over_trivial and not row.over_trivial.beats for row in task.strategies.values())
    found = (
        scoreboard.partly(task),
        scoreboard.trained(task),
        behind,
        scoreboard.OVER_TRIVIAL if behind and weak else None,
        scoreboard.timed(task),
        effort.note(task),
        effort.curve_note(task),
        forms.note(task),
        labels.note(task),
    )
    yield from (note for note in found if note)


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """Strategies that do not apply for one reason: `says` with their names, and what makes them apply."""

    says: str
    step: Step | None


def absent(task: TaskResult) -> list[NotApplicable]:
    """One row per reason."""
    rows = by_obstacle(task.not_applicable)
    return [NotApplicable(f"{listed(names)}: {obstacle.why}.", obstacle.step) for names, obstacle in rows]
