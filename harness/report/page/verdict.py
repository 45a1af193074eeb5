"""What is recommended for each task, in a few sentences, and whether the race was valid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from harness.analysis.results.figures import Check, Status
from harness.analysis.results.run import RunResult, TaskResult
from harness.quantities import listed, whole
from harness.report import validity
from harness.report.decisions import all_alike
from harness.report.view import Table

MARKS = {"recommended": "✓", "undecided": "?", "none_feasible": "✗", "not_computed": "–"}
SHOWN_REASONS = 2
SHOWN_LIGHTS = (Status.FAIL, Status.WARN, Status.PASS)


@dataclass(frozen=True, slots=True)
class Light:
    """How many of a task's checks ended so, and the names of those that a reader must know of."""

    status: str
    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """One task's verdict: a headline, two sentences, what else speaks for it, and its checks.

    `left_out`: (system, why it could not be chosen).
    """

    task: str
    about: str
    status: str
    mark: str
    headline: str
    sentences: tuple[str, ...]
    more: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    change: tuple[str, ...]
    assumed: tuple[str, ...]
    lights: tuple[Light, ...]
    checks: Table


def verdicts(results: RunResult) -> tuple[Verdict, ...]:
    """A verdict a task."""
    return tuple(_verdict(name, task) for name, task in results.tasks.items())


def _verdict(name: str, task: TaskResult) -> Verdict:
    decision = task.decision
    reasons = [reason.text for reason in decision.reasons]
    kind = f"{task.probes} task, " if task.probes else ""
    alike = all_alike(decision)
    return Verdict(
        task=name,
        about=f"{kind}{whole(task.n)} questions. {task.description}".strip(),
        status=decision.status,
        mark=MARKS[decision.status],
        headline=decision.headline,
        sentences=tuple(reasons[:SHOWN_REASONS]),
        more=tuple(reasons[SHOWN_REASONS:]),
        left_out=tuple(decision.excluded.items()),
        change=(alike,) if alike else tuple(change.text for change in decision.would_change),
        assumed=tuple(reason.text for reason in decision.assumptions),
        lights=_lights(task.validity),
        checks=validity.checks(task.validity),
    )


def _lights(checks: Sequence[Check]) -> tuple[Light, ...]:
    """Failures and warnings by name, what passed as a number; what does not apply stays in the fold."""
    found = Counter(check.status for check in checks)
    shown = []
    for status in SHOWN_LIGHTS:
        if found[status]:
            names = [check.title for check in checks if check.status is status]
            named = "" if status is Status.PASS else f": {listed(names)}"
            text = f"{found[status]} {validity.COUNTS[status]}{named}"
            shown.append(Light(status, validity.mark(status), text))
    return tuple(shown)
