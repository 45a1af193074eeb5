"""What is recommended for each task, in a few sentences, and whether the race was valid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.analysis.decision.choice import NONE_FEASIBLE, NOT_COMPUTED, RECOMMENDED, UNDECIDED
from harness.analysis.results.figures import Check, Status
from harness.analysis.results.run import RunResult
from harness.quantities import whole
from harness.report import validity
from harness.report.decisions import all_alike
from harness.report.view import Table

Figures = Mapping[str, Any]
MARKS = {RECOMMENDED: "✓", UNDECIDED: "?", NONE_FEASIBLE: "✗", NOT_COMPUTED: "–"}
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
    """One task's verdict: a headline, two sentences, what else speaks for it, and its lights with all checks."""

    task: str
    about: str
    status: str
    mark: str
    headline: str
    sentences: tuple[str, ...]
    more: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    """(strategy, why it stood for no election)."""
    change: tuple[str, ...]
    assumed: tuple[str, ...]
    lights: tuple[Light, ...]
    checks: Table


def verdicts(results: Figures, typed: RunResult) -> tuple[Verdict, ...]:
    return tuple(_verdict(name, task, typed.tasks[name].validity) for name, task in results["tasks"].items())


def _verdict(name: str, task: Figures, checks: Sequence[Check]) -> Verdict:
    decision = task["decision"]
    reasons = [one["text"] for one in decision["reasons"]]
    kind = f"{task['probes']} task, " if task["probes"] else ""
    alike = all_alike(decision)
    return Verdict(
        task=name,
        about=f"{kind}{whole(task['n'])} questions. {task['description']}".strip(),
        status=decision["status"],
        mark=MARKS[decision["status"]],
        headline=headline(decision),
        sentences=tuple(reasons[:SHOWN_REASONS]),
        more=tuple(reasons[SHOWN_REASONS:]),
        left_out=tuple(decision["excluded"].items()),
        change=(alike,) if alike else tuple(one["text"] for one in decision["would_change"]),
        assumed=tuple(one["text"] for one in decision["assumptions"]),
        lights=_lights(checks),
        checks=validity.checks(checks),
    )


def headline(decision: Figures) -> str:
    """The verdict in a few words: the strategy, or that there is none yet and what is missing."""
    status, best, more = decision["status"], decision["favourite"], decision["questions_more"]
    if status == RECOMMENDED:
        return f"Take {decision['recommended']}"
    if status == UNDECIDED:
        missing = f"; about {whole(more)} more questions would decide" if more else ""
        return (f"Undecided, {best} is ahead" if best else "Undecided") + missing
    if status == NONE_FEASIBLE:
        nearest = f"; nearest is {decision['nearest']}" if decision["nearest"] else ""
        return f"No strategy meets the requirements{nearest}"
    return "Nothing to choose between"


def _lights(checks: Sequence[Check]) -> tuple[Light, ...]:
    """Failures and warnings by name, what passed as a number; what does not apply stays in the fold."""
    found = Counter(check.status for check in checks)
    shown = []
    for status in SHOWN_LIGHTS:
        if found[status]:
            mark = validity.mark(status)
            names = [check.title for check in checks if check.status == status]
            listed = f": {', '.join(names)}" if status != Status.PASS else ""
            shown.append(Light(status, mark, f"{found[status]} {validity.COUNTS[status]}{listed}"))
    return tuple(shown)
