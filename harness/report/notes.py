"""What stands under a task's scoreboard: what its figures rest on, and the strategies that were left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.analysis.results.run import TaskResult
from harness.quantities import listed
from harness.report import effort, forms, labels, scoreboard
from harness.report.view import Text
from harness.steps import Step


def notes(task: TaskResult) -> Iterator[Text]:
    """Each a sentence or two; one may end with what to do."""
    found = (
        scoreboard.over_trivial(task),
        scoreboard.timed(task),
        effort.note(task),
        effort.curve_note(task),
        forms.note(task),
        labels.note(task),
    )
    yield from (note for note in found if note)


@dataclass(frozen=True, slots=True)
class Absent:
    """Strategies that do not apply for one reason: `says` with their names, and what makes them apply."""

    says: str
    step: Step | None


def absent(task: TaskResult) -> list[Absent]:
    """A row a reason."""
    reasons: dict[str, list[str]] = {}
    for name, obstacle in task.not_applicable.items():
        reasons.setdefault(obstacle.in_words, []).append(name)
    rows = ((names, task.not_applicable[names[0]]) for names in reasons.values())
    return [Absent(f"{listed(names)}: {obstacle.why}.", obstacle.step) for names, obstacle in rows]
