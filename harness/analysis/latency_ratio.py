"""How long one system takes beside another: the only figure of time that compares across runs and machines.

Seconds belong to a machine and to what else it was doing. The ratio on the same question of the same run does not,
since both systems were timed within one block. Two figures are made of these ratios: their bootstrapped median for
a run's own report, and their geometric mean for a history and a gate, which compare it between runs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from harness.analysis.results.comparison import LatencyRatio
from harness.analysis.statistics.intervals import mean_and_student, means
from harness.records import TimingRow

FEWEST_RATIOS = 10
"""Questions timed under both systems that a median ratio needs, as many as a median time."""
FEWEST_MEAN_RATIOS = 3
"""Questions from which on a mean ratio is given: of two, Student's interval is too wide to say anything."""
RESAMPLES = 2_000
RESAMPLES_BUDGET = 2_000_000
"""Ratios drawn at most for one interval."""


@dataclass(frozen=True, slots=True)
class MeanRatio:
    """The geometric mean of the ratios of `n` questions with its 95 % interval."""

    ratio: float
    ci_low: float
    ci_high: float
    n: int


def ratios(a: Sequence[TimingRow], b: Sequence[TimingRow]) -> Iterator[tuple[str, float]]:
    """Question id and b's seconds over a's, for each question that both answered within one block.

    Adapters as deployed (merged).
    """
    first = {(row.question_id, row.block): row.e2e_s for row in a if row.deployed and row.e2e_s > 0}
    for row in b:
        before = first.get((row.question_id, row.block))
        if before and row.deployed and row.e2e_s > 0:
            yield row.question_id, row.e2e_s / before


def median_ratio(a: Sequence[TimingRow], b: Sequence[TimingRow]) -> LatencyRatio:
    """How many times as long b takes as a: the median with the 2.5 % and 97.5 % points of seeded bootstrap medians.

    All None below `FEWEST_RATIOS`.
    """
    values = np.array([ratio for _, ratio in ratios(a, b)])
    n = len(values)
    if n < FEWEST_RATIOS:
        return LatencyRatio(n, None, None, None)
    low, high = np.quantile(np.median(values[_draws(n)], axis=1), (0.025, 0.975))
    return LatencyRatio(n, float(np.median(values)), float(low), float(high))


@lru_cache(maxsize=4)
def _draws(n: int) -> NDArray[np.int_]:
    """Resamples of n ratios: the same for every pair of systems that were timed on so many questions."""
    rows = min(RESAMPLES, max(200, RESAMPLES_BUDGET // n))
    return np.random.Generator(np.random.PCG64(0)).integers(0, n, (rows, n))


def mean_ratio(a: Sequence[TimingRow], b: Sequence[TimingRow]) -> MeanRatio | None:
    """How many times as long b takes as a: the geometric mean, Student's interval on the logarithms.

    None below `FEWEST_MEAN_RATIOS` questions.
    """
    logs = list(log_ratios(a, b).values())
    if len(logs) < FEWEST_MEAN_RATIOS:
        return None
    middle, low, high = map(math.exp, mean_and_student(logs))
    return MeanRatio(middle, low, high, len(logs))


def log_ratios(a: Sequence[TimingRow], b: Sequence[TimingRow]) -> dict[str, float]:
    """Question id → logarithm of b's seconds over a's, the mean where a question was timed in several blocks."""
    return means((question, math.log(ratio)) for question, ratio in ratios(a, b))
