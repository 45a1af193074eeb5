"""A check of the timed answers: one far slower than the others makes a mean, and a cost, that none of them had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

from harness.analysis.results.checks import Check
from harness.analysis.validity.check import Case, Rule
from harness.quantities import number, percent, seconds
from harness.records import TimingRow

SLOW = 3.0
"""Times the median from which on an answer is looked at."""
FEWEST = 3
"""Timed answers of which one can be told from the others."""


@dataclass(frozen=True, slots=True)
class Slowest:
    """The timed answer of a system that moves its mean most; seconds. `moved`: the share by which it raises the mean
    of the others; 0 where it took less than `SLOW` times the median."""

    question: str
    took: float
    median: float
    mean: float
    others: float
    moved: float


def slowest(rows: Sequence[TimingRow]) -> Slowest | None:
    """None where too few were timed."""
    if len(rows) < FEWEST:
        return None
    row = max(rows, key=lambda row: (row.e2e_s, row.question_id))
    times = [row.e2e_s for row in rows]
    middle, whole = median(times), fmean(times)
    others = (sum(times) - row.e2e_s) / (len(times) - 1)
    far = others > 0 and row.e2e_s > SLOW * middle
    return Slowest(row.question_id, row.e2e_s, middle, whole, others, whole / others - 1 if far else 0.0)


def steady(case: Case, rule: Rule) -> list[Check]:
    figures: dict[str, float] = {}
    findings, parts = [], []
    for system in case.own:
        rows = [row for row in case.run.timings.get((case.task, system.name), ()) if row.deployed]
        found = slowest(rows)
        if found is None:
            continue
        finding = rule.finding(system, found.moved)
        findings.append(finding)
        figures |= {f"{system.name}: moved": found.moved, f"{system.name}: slowest": found.took}
        if found.moved > rule.limits.warn:
            ratio = found.took / found.median if found.median else 0.0
            parts.append(
                f"{system.name} took {seconds(found.took)} for question '{found.question}', {number(ratio)} times the "
                f"median, so that its mean is {seconds(found.mean)} and not {seconds(found.others)}"
            )
            figures |= {
                f"{system.name}: times the median": ratio,
                f"{system.name}: mean": found.mean,
                f"{system.name}: mean of the others": found.others,
            }
    if not findings:
        return rule.absent("Too few answers were timed to tell a slow one from the others.")
    worst = max(finding.figure for finding in findings)
    calm = "No timed answer took far longer than the others."
    if worst:
        calm = f"The slowest timed answer moves a mean by {percent(worst)}."
    detail = f"One slow answer makes a mean, and with it a cost: {'; '.join(parts)}." if parts else calm
    return rule.verdict(findings, detail, figures)
