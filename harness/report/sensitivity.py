"""What a check can catch, and what it cannot, in words."""

from __future__ import annotations

from collections.abc import Sequence

from harness.analysis.regression.sensitivity import Sensitivity
from harness.analysis.statistics.power import rounded_up
from harness.quantities import NA, share, whole
from harness.report.view import Section, Table, table_of

TITLE = "What a check can catch"
ASSUMED = (
    "A loss of that size fails the check four times in five, where one answer in twenty changes its score anyway. A "
    "smaller one mostly ends inconclusive (exit 3). So does a run that lost nothing, unless it asks enough questions "
    "to pass, or every reply is the same."
)
CLUSTERED = "Questions of one cluster count for less than as many single ones."


def report(rows: Sequence[Sensitivity]) -> Section:
    """One row per task."""
    clustered = CLUSTERED if any(row.clusters < row.n for row in rows) else None
    return Section(TITLE, tuple(filter(None, (_table(rows), ASSUMED, clustered))))


def _table(rows: Sequence[Sensitivity]) -> Table:
    return table_of(
        rows,
        ("Task", lambda row: row.task),
        ("Questions", _questions),
        ("Margin", lambda row: share(row.margin)),
        ("Catches a loss of", lambda row: share(row.caught) if row.caught else "none"),
        ("Questions that would", lambda row: f"{_count(row.to_catch)} for {share(row.loss)}"),
        ("Questions to pass", lambda row: _count(row.to_pass)),
    )


def _questions(row: Sensitivity) -> str:
    return f"{row.n} in {row.clusters} clusters" if row.clusters < row.n else str(row.n)


def _count(n: int | None) -> str:
    return whole(rounded_up(n)) if n else NA
