"""What is known of the difference between two systems: from the comparisons of results.json.

Also how many questions would tell two systems apart, from what was observed of both.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.analysis.decision.candidates import Candidate
from harness.analysis.results.comparison import Comparison
from harness.analysis.results.figures import Estimate, OpenInterval
from harness.analysis.results.run import SystemFigures
from harness.analysis.statistics.clusters import Design, design_of
from harness.analysis.statistics.intervals import quantile
from harness.analysis.statistics.paired import doubt
from harness.analysis.statistics.power import ALPHA, fewest, questions_in_all, rounded_up


@dataclass(frozen=True, slots=True)
class Difference:
    """Accuracy of one system minus another's.

    Where the questions show no interval (`bounded` is false), low and high are what is possible at all: −1 and 1.
    `few`: fewer than six questions, or groups of them that hang together, settle nothing, whatever their interval.
    `reason`: why no p could be low enough, a clause. `trainings`: half the width of what other trainings might change,
    which low and high include.
    """

    delta: float | None
    low: float
    high: float
    p: float | None
    bounded: bool = True
    reason: str | None = None
    trainings: float = 0.0
    few: bool = False

    @property
    def interval(self) -> OpenInterval:
        """As it is shown: nothing where nothing is known."""
        return (self.low, self.high) if self.bounded else (None, None)

    @property
    def resolved(self) -> bool:
        """Whether it is shown which of the two is more accurate (p adjusted as that of a leader and its rival)."""
        apart = self.low > 0 or self.high < 0
        return apart and (self.p is None or self.p < ALPHA)

    def within(self, margin: float) -> bool:
        """Whether the two are alike: the whole interval lies inside the margin (two one-sided tests at 2.5 %)."""
        return self.bounded and not self.few and -margin < self.low and self.high < margin

    def ahead(self, margin: float) -> bool:
        """Whether the first is shown to be more accurate, by what may matter."""
        return self.resolved and self.low > 0 and not self.within(margin)

    def rules_out(self, margin: float) -> bool:
        """Whether it is ruled out that the other is better by the margin or more."""
        return self.least > -margin

    @property
    def least(self) -> float:
        """The lowest that is not ruled out."""
        return -1.0 if self.few else self.low

    def shifted(self, by: float) -> Difference:
        """The difference were the first more accurate by `by`; p no longer speaks of it, the interval does."""
        if not by or self.delta is None:
            return self
        return replace(self, delta=self.delta + by, low=self.low + by, high=self.high + by, p=None)

    def widened(self, trainings: float) -> Difference:
        """The difference with what other trainings might change, independent of the questions."""
        if not trainings or self.delta is None or not self.bounded:
            return self
        low, high = (math.hypot(end - self.delta, trainings) for end in (self.low, self.high))
        return replace(
            self,
            low=max(-1.0, self.delta - low),
            high=min(1.0, self.delta + high),
            trainings=trainings,
        )

    def turned(self) -> Difference:
        delta = None if self.delta is None else 0.0 - self.delta  # and never −0.0
        return replace(self, delta=delta, low=0.0 - self.high, high=0.0 - self.low)


TRAININGS_DIFFER = "trainings with other seeds differ more than questions do: train with more seeds (--seeds)"
UNKNOWN = Difference(None, -1.0, 1.0, None, bounded=False)


def difference(comparison: Comparison) -> Difference:
    """Accuracy of `b` minus that of `a`."""
    low, high, few = comparison.ci_low, comparison.ci_high, comparison.clusters < fewest()
    known = (comparison.p_leading, comparison.p_adjusted, comparison.p)
    p = next((value for value in known if value is not None), None)
    if low is None or high is None:
        return Difference(comparison.delta, -1.0, 1.0, p, bounded=False, reason=comparison.reason, few=few)
    reason = comparison.reason or doubt(low, high, comparison.p, p)
    return Difference(comparison.delta, low, high, p, reason=reason, few=few)


def trainings(systems: Mapping[str, SystemFigures]) -> dict[str, float]:
    """Fine-tunes that were trained with several seeds → half the width of the 95 % interval of what seeds change.

    Student's, of the seeds' part of the variance of the mean (`analysis/seeds.py`).
    """
    spreads = {name: row.seeds for name, row in systems.items() if row.seeds and row.seeds.variance}
    return {
        name: quantile(spread.n_seeds - 1) * math.sqrt(spread.variance.seeds)
        for name, spread in spreads.items()
        if spread.variance
    }


def apart(one: Estimate, other: Estimate) -> Difference:
    """Difference of two means by their own intervals (Newcombe 1998, method 10): unpaired, so rather too wide."""
    mean, mean_2 = one.mean, other.mean
    if mean is None or mean_2 is None:
        return UNKNOWN
    delta = mean - mean_2
    if one.interval is None or other.interval is None:
        return Difference(delta, -1.0, 1.0, None, bounded=False)
    (low, high), (low_2, high_2) = one.interval, other.interval
    down = ((mean - low) ** 2 + (high_2 - mean_2) ** 2) ** 0.5
    up = ((high - mean) ** 2 + (mean_2 - low_2) ** 2) ** 0.5
    return Difference(delta, max(-1.0, delta - down), min(1.0, delta + up), None)


class Pairs:
    """Looks differences up by two names, in either order."""

    def __init__(
        self,
        comparisons: Iterable[Comparison],
        metric: str | None = None,
        trained: Mapping[str, float] | None = None,
    ) -> None:
        """`metric`: only comparisons by it count. `trained`: as `trainings` gives it."""
        self.trained = trained = trained or {}
        counted = [row for row in comparisons if row.delta is not None and metric in (None, row.metric)]
        self._known = {
            (row.a, row.b): difference(row).widened(
                math.hypot(trained.get(row.a, 0.0), trained.get(row.b, 0.0))
            )
            for row in counted
        }
        turned = {(a, b): found.turned() for (a, b), found in self._known.items()}
        self._either_way = turned | {(b, a): found for (a, b), found in self._known.items()}
        self._levels = {frozenset((row.a, row.b)): row.level_leading or row.level for row in counted}

    def of(self, better: str, worse: str) -> Difference:
        """Accuracy of `better` minus that of `worse`."""
        return self._either_way.get((better, worse), UNKNOWN)

    def items(self) -> tuple[tuple[str, str, Difference], ...]:
        """Each pair a, b with the accuracy of b minus that of a."""
        return tuple((a, b, found) for (a, b), found in self._known.items())

    def level(self, one: str, other: str) -> float:
        """What the p of a pair has to reach, were the better one the leader; 0.05 where the pair was not tested."""
        return self._levels.get(frozenset((one, other))) or ALPHA


@dataclass(frozen=True, slots=True)
class Limit:
    """A difference that the true one must be told from: where that is done, a rival is no longer open.

    `adjusted`: p, adjusted as that of a leader and its rival, must say so too, which is asked of what shall count as a
    difference at all; else the interval alone decides.
    """

    against: float
    adjusted: bool = False


NO_DIFFERENCE = Limit(0.0, adjusted=True)


@dataclass(frozen=True, slots=True)
class Need:
    """How many further questions would tell two systems apart, rounded up to two digits.

    `clusters`: on how many further clusters, where questions hang together. None, with a reason (a clause),
    where that cannot be said.
    """

    questions: int | None
    clusters: int | None = None
    reason: str | None = None


class Power:
    """How many questions would tell two candidates apart, by what those asked show of both."""

    def __init__(self, clusters: Mapping[str, str]) -> None:
        """`clusters`: question id → the label it shares with others that stand or fall together."""
        self._clusters = clusters

    def needed(self, a: Candidate, b: Candidate, limits: Sequence[Limit], level: float = ALPHA) -> Need:
        """The fewest further questions (80 % power) after which one of the limits is passed, now that none is.

        `level`: what is asked of the pair's p, for limits that p has to pass too.
        """
        shared = [question for question in a.scores if question in b.scores]
        design = design_of(self._clusters, shared)
        if design.clusters < fewest():
            return Need(None, reason=too_few(design))
        values = np.array([a.scores[question] - b.scores[question] for question in shared])
        found = [
            questions_in_all(values, design, limit.against, level if limit.adjusted else ALPHA)
            for limit in limits
        ]
        least = min((n for n in found if n is not None), default=None)
        if least is None:
            return Need(None, reason="the difference observed lies where the choice turns, or too near to it")
        further = rounded_up(least - design.n)
        more_clusters = rounded_up(further * design.clusters / design.n) if design.clustered else None
        return Need(further, more_clusters)


def too_few(design: Design) -> str:
    """Why fewer than six questions, or groups of them, tell nothing: a clause."""
    if not design.n:
        return "no question was answered by both"
    if not design.clustered:
        return "fewer than six questions were asked, too few to judge from"
    return (
        "the questions fall into fewer than six groups that hang together, and more of the same groups do not help: "
        "ask about other documents"
    )
