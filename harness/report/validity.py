"""Whether a task's comparison is valid, check by check."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from harness.analysis.results.checks import Check, FigureKind, Status
from harness.quantities import NA, listed, percent, points
from harness.report.view import Columns, Table, table_of

STATUSES = {
    Status.FAIL: "✗ failed",
    Status.WARN: "▲ warning",
    Status.PASS: "✓ passed",
    Status.NOT_APPLICABLE: "– not applicable",
}
"""How a status is shown, worst first: a mark and a word, so that no colour is needed."""
COUNTS = {
    Status.FAIL: "failed",
    Status.WARN: "with a warning",
    Status.PASS: "passed",
}
"""How a number of checks with a status is shown; what does not apply stays in the table."""
WRITTEN: dict[FigureKind, Callable[[float], str]] = {
    FigureKind.SHARE: percent,
    FigureKind.DIFFERENCE: points,
    FigureKind.COUNT: "{:.0f}".format,
    FigureKind.ABSOLUTE: "{:.2g}".format,
}


def mark(status: Status) -> str:
    """The mark of a status alone: `✗`."""
    return STATUSES[status].split(" ")[0]


class Count(NamedTuple):
    """How many of a task's checks ended with a status, with the names of those that a reader must know of."""

    status: Status
    mark: str
    text: str


def counts(checks: Sequence[Check]) -> tuple[Count, ...]:
    """Failures and warnings by name, what passed as a number; what does not apply stays in the table."""
    shown = []
    for status, words in COUNTS.items():
        titles = [check.title for check in checks if check.status is status]
        named = "" if status is Status.PASS else f": {listed(titles)}"
        if titles:
            shown.append(Count(status, mark(status), f"{len(titles)} {words}{named}"))
    return tuple(shown)


def table(checks: Sequence[Check]) -> Table:
    """All checks of a task, the worst first."""
    order = list(STATUSES)
    remedy: Columns[Check] = (("What to do", lambda check: check.remedy or "–"),)
    return table_of(
        sorted(checks, key=lambda check: order.index(check.status)),
        ("Check", lambda check: check.title),
        ("Status", lambda check: STATUSES[check.status]),
        ("Figure", lambda check: _figure(check, check.figure)),
        ("Limit", lambda check: _figure(check, check.threshold)),
        ("What was found", lambda check: check.detail),
        *(remedy if any(check.remedy for check in checks) else ()),
        ("Strategies", lambda check: ", ".join(check.strategies) or "–"),
    )


def _figure(check: Check, value: float | None) -> str:
    """The check's figure, or its limit, as its kind is written."""
    return NA if value is None else WRITTEN[check.kind](value)
