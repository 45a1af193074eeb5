"""What the first screen of a task shows beside its verdict: up to three figures, and one line per strategy.

The figures say how good the choice is, by how much it is ahead of its nearest rival, and how sure that is. A line holds
a strategy's accuracy with its interval, its cost and its latency; the most accurate stands first, controls last.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlencode

from harness.analysis.results.decision import Against, Decision
from harness.analysis.results.run import RunResult, SystemResult, TaskResult
from harness.analysis.statistics.paired import AMONG_MANY
from harness.quantities import NA, counted, dollars, listed, percent, points, seconds, signed_ends
from harness.report import per_query
from harness.report.numbers import ends
from harness.report.scoreboard import Bar, bar
from harness.scoring.table import is_graded

MOSTLY = 0.5
"""Of what is right more often than not, a choice may be shown in the colour of what is right."""


class Tile(NamedTuple):
    """A figure: what it is of, itself, what it rests on, and the questions that show it, as an address on the page."""

    title: str
    value: str
    detail: str
    find: str = ""


class Line(NamedTuple):
    """A strategy in the strip. `state`: `taken`, `rival`, `out` (it failed a check), `control` or nothing of these.

    `bar`: None where it answered nothing. `under`: cost and latency, nothing where neither is known.
    """

    name: str
    state: str
    note: str
    bar: Bar | None
    accuracy: str
    under: str


def tone(task: TaskResult) -> str:
    """`good` for a recommendation that is right more often than wrong; else the verdict's own name."""
    decision = task.decision
    taken = task.strategies.get(decision.recommended or "")
    right = taken.accuracy.mean if taken else None
    return "good" if right is not None and right > MOSTLY else decision.status


def about(results: RunResult, task: TaskResult) -> str:
    """How many questions were asked of which models."""
    models = listed(model.name or NA for model in results.all_models)
    return f"{counted(task.n, 'question')} · {models}"


def tiles(task: TaskResult) -> Iterator[Tile]:
    """Nothing where nothing could be chosen."""
    decision = task.decision
    name = decision.favourite or decision.nearest
    if name is None or decision.why_not:
        return
    accuracy = task.strategies[name].accuracy
    what = f"mean {task.metric}" if is_graded(task.primary_metric) else "right"
    interval = f"{ends(*accuracy.interval)} %, " if accuracy.interval else ""
    yield Tile(f"{name}: {what}", percent(accuracy.mean), f"{interval}{counted(accuracy.n, 'question')}")
    rival = decision.rival
    if rival and decision.favourite:
        row = decision.against[rival]
        yield Tile(f"against {rival}", points(row.delta), _shown(row), _find(task, name, rival))
    if condition := decision.condition:
        less = _monthly(decision, condition.then) - _monthly(decision, condition.below)
        yield Tile(f"less to pay than for {condition.then}", dollars(less), "a month")
    elif (chance := decision.candidates[name].probability_best) is not None and rival:
        best = "worth most" if decision.by_value else "the best"
        among = counted(len(decision.candidates), "strategy", "strategies")
        yield Tile(f"chance that it is {best}", percent(chance), f"of {among}")


def _find(task: TaskResult, right: str, wrong: str) -> str:
    """The address of the questions that one has right and the other wrong (`find` in page/assets/page.js)."""
    return "#find?" + urlencode([("task", task.name), ("is", f"right:{right}"), ("is", f"wrong:{wrong}")])


def _monthly(decision: Decision, name: str) -> float:
    return decision.candidates[name].monthly_usd or 0.0


def _shown(row: Against) -> str:
    """What the questions say of a difference, with its interval."""
    open_words = "inconclusive among so many" if row.reason == AMONG_MANY else "inconclusive"
    words = "alike" if row.alike else "significant" if row.resolved else open_words
    interval = signed_ends(row.ci_low, row.ci_high)
    return f"{interval}: {words}" if interval else words


BARS = "Bars are 95 % intervals."
MOST = 7
"""The most lines that fit beside a verdict."""


def strip(task: TaskResult) -> tuple[list[Line], list[Line]]:
    """The lines that stand beside the verdict, and the others where there are many: the choice and what may yet be
    better always stand there. Adapters of other tasks are left out: they show what was forgotten."""
    rows = [row for row in task.strategies.values() if not task.is_foreign(row.system)]
    rows.sort(key=lambda row: (row.control, -1 if row.accuracy.mean is None else -row.accuracy.mean))
    lines = [_line(task, row) for row in rows]
    if len(lines) <= MOST + 1:
        return lines, []
    first = sorted(lines, key=lambda line: line.state not in ("taken", "rival"))[:MOST]
    return [line for line in lines if line in first], [line for line in lines if line not in first]


def _line(task: TaskResult, row: SystemResult) -> Line:
    name, decision = row.system.name, task.decision
    state, note = "", ""
    if row.control:
        state, note = "control", "control"
    elif name in decision.excluded:
        state, note = "out", "failed a check"
    elif name == decision.recommended:
        state = "taken"
    elif name in decision.against and decision.against[name].open:
        state = "rival"
    return Line(name, state, note, bar(row.accuracy), percent(row.accuracy.mean), _under(row))


def _under(row: SystemResult) -> str:
    usd, latency = row.cost.per_query_usd, row.latency_s.p50
    parts = (
        None if usd is None else f"{per_query.thousand(usd)} per 1,000",
        None if latency is None else seconds(latency),
    )
    return " · ".join(part for part in parts if part)


def reading(task: TaskResult) -> str:
    """What the bars of the strip are, and what stands under each line, or why nothing does."""
    rows = [row for row in task.strategies.values() if not task.is_foreign(row.system)]
    basis = per_query.basis(task)
    under = (
        f"cost per 1,000 queries{f' {basis}' if basis else ''}"
        if any(row.cost.per_query_usd is not None for row in rows)
        else "",
        "median latency of one query" if any(row.latency_s.p50 is not None for row in rows) else "",
    )
    if any(under):
        return f"{BARS} Under each: {'; '.join(filter(None, under))}."
    timed = any(row.latency_s.n for row in rows)
    return (
        f"{BARS} {'Cost is not known.' if timed else 'Nothing was timed, so cost and latency are not known.'}"
    )
