"""What is known of the difference between two strategies: from the comparisons of results.json.

Also how many questions would tell two strategies apart, from what was observed of both.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.analysis.decision.candidates import Candidate
from harness.analysis.statistics.intervals import Z80, Z95

MOST_QUESTIONS = 10_000_000


@dataclass(frozen=True, slots=True)
class Difference:
    """Accuracy of one strategy minus another's. The interval is [−1, 1] where nothing is known of it."""

    delta: float | None
    low: float
    high: float
    p: float | None

    @property
    def resolved(self) -> bool:
        """Whether it is shown which of the two is more accurate (p adjusted for all pairs of the task)."""
        apart = self.low > 0 or self.high < 0
        return apart and (self.p is None or self.p < 0.05)

    def turned(self) -> Difference:
        delta = None if self.delta is None else 0.0 - self.delta  # and never −0.0
        return Difference(delta, 0.0 - self.high, 0.0 - self.low, self.p)


UNKNOWN = Difference(None, -1.0, 1.0, None)


class Pairs:
    """Looks differences up by two names, in either order."""

    def __init__(self, comparisons: Iterable[Mapping[str, Any]], metric: str | None = None) -> None:
        self._known: dict[tuple[str, str], Difference] = {}
        self.place: dict[tuple[str, str], int] = {}
        """(a, b) → the row's index among the comparisons."""
        for index, row in enumerate(comparisons):
            if row.get("delta") is None or (metric and row.get("metric") != metric):
                continue
            low, high = row.get("ci_low"), row.get("ci_high")
            p = row.get("p_adjusted") if row.get("p_adjusted") is not None else row.get("p")
            self._known[row["a"], row["b"]] = Difference(
                row["delta"], -1.0 if low is None else low, 1.0 if high is None else high, p
            )
            self.place[row["a"], row["b"]] = index

    def of(self, better: str, worse: str) -> Difference:
        """Accuracy of `better` minus that of `worse`."""
        if (worse, better) in self._known:
            return self._known[worse, better]
        if (better, worse) in self._known:
            return self._known[better, worse].turned()
        return UNKNOWN


class Power:
    """How many questions would tell two candidates apart; what the questions say of a pair is worked out once."""

    def __init__(self, clusters: Mapping[str, str]) -> None:
        """`clusters`: question id → the label it shares with others that stand or fall together."""
        self._clusters = clusters
        self._known: dict[tuple[str, str], tuple[float, float] | None] = {}

    def questions(self, a: Candidate, b: Candidate, against: float = 0.0) -> int | None:
        """How many questions show (80 % power, 5 % two-sided) that accuracy a − b differs from `against`.

        Connor's formula for paired proportions (1987), n = (z₁ √ψ + z₂ √(ψ − d²))² / d², with d = the observed
        difference less `against`, and ψ − d² = the observed variance of a question's difference; where questions
        share a cluster, that variance is the cluster-robust one. None: no number does, or too little is known.
        """
        key = (a.strategy, b.strategy)
        if key not in self._known:
            self._known[key] = self._observed(a, b)
        known = self._known[key]
        return None if known is None else questions_for(known[0] - against, known[1])

    def _observed(self, a: Candidate, b: Candidate) -> tuple[float, float] | None:
        """Mean and variance of a question's difference, None of fewer than two shared questions."""
        shared = [question for question in a.scores if question in b.scores]
        if len(shared) < 2:
            return None
        differences = np.array([a.scores[q] - b.scores[q] for q in shared])
        return float(differences.mean()), _variance(differences, shared, self._clusters)


def questions_for(effect: float, variance: float) -> int | None:
    """Questions that show an effect, given the variance of one question's difference; None: more than 10⁷."""
    if effect == 0:
        return None
    if variance == 0:  # no question on which they differ: what is unseen may still be 1 / (n + 1)
        variance = abs(effect) * (1 - min(1.0, abs(effect)))
    root = Z95 * math.sqrt(variance + effect * effect) + Z80 * math.sqrt(variance)
    n = math.ceil((root / effect) ** 2)
    return n if n <= MOST_QUESTIONS else None


def _variance(differences: Any, questions: list[str], clusters: Mapping[str, str]) -> float:
    """n times the variance of the mean, with questions of a cluster taken together."""
    centred = differences - differences.mean()
    totals: dict[str, float] = {}
    for question, value in zip(questions, centred, strict=True):
        label = clusters.get(question, f"\0{question}")
        totals[label] = totals.get(label, 0.0) + float(value)
    count = len(totals)
    if count < 2:
        return float(np.mean(centred**2))
    return math.fsum(total * total for total in totals.values()) / len(questions) * count / (count - 1)
