"""How long a strategy takes beside `base`: the one figure of time that may be compared across runs and machines.

Seconds belong to a machine and to what else it was doing. The ratio on the same question of the same run does not,
since both were timed within one block; so a history and a gate look at ratios, never at seconds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from harness.analysis.evidence import Evidence
from harness.analysis.means import mean
from harness.analysis.statistics.intervals import quantile
from harness.records import TimingRow

BASE = "base"
FEWEST = 3
"""Timed questions from which on a ratio is given: of two, Student's interval is too wide to say anything."""


def latency_ratio(run: Evidence, task: str, strategy: str) -> dict[str, Any] | None:
    """{ratio, ci_low, ci_high, n}: the geometric mean of e2e_s(strategy) / e2e_s(base) over n timed questions.

    Fine-tunes as deployed (merged). The 95 % interval is Student's on the logarithms. None for `base` itself, where
    base was not timed, and below `FEWEST` questions that both were timed on.
    """
    if strategy == BASE:
        return None
    return ratio_of(run.timings.get((task, BASE), ()), run.timings.get((task, strategy), ()))


def ratio_of(base: Sequence[TimingRow], other: Sequence[TimingRow]) -> dict[str, Any] | None:
    """The same of timing rows: how many times as long `other` takes as `base`."""
    logs = list(log_ratios(base, other).values())
    if len(logs) < FEWEST:
        return None
    middle, low, high = map(math.exp, interval(logs))
    return {"ratio": middle, "ci_low": low, "ci_high": high, "n": len(logs)}


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean of two values or more with Student's 95 % interval."""
    n, centre = len(values), math.fsum(values) / len(values)
    variance = math.fsum((one - centre) ** 2 for one in values) / (n - 1)
    half = quantile(n - 1) * math.sqrt(variance / n)
    return centre, centre - half, centre + half


def log_ratios(base: Sequence[TimingRow], other: Sequence[TimingRow]) -> dict[str, float]:
    """Question id → log ratio within a block, the mean where a question was timed in several blocks."""
    before = {(row.question_id, row.block): row.e2e_s for row in base if row.merged and row.e2e_s > 0}
    found: dict[str, list[float]] = {}
    for row in other:
        at = (row.question_id, row.block)
        if row.merged and row.e2e_s > 0 and at in before:
            found.setdefault(row.question_id, []).append(math.log(row.e2e_s / before[at]))
    return {question: value for question, logs in found.items() if (value := mean(logs)) is not None}
