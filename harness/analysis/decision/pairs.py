"""What is known of the difference between two systems: from the comparisons of results.json.

Also how many questions would tell two systems apart, from what was observed of both.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.decision.candidates import Candidate
from harness.analysis.results.figures import Comparison, OpenInterval
from harness.analysis.statistics.clusters import Design, Floats
from harness.analysis.statistics.power import (
    ALPHA,
    fewest,
    noise,
    questions,
    rounded_up,
    undecided_least,
)


@dataclass(frozen=True, slots=True)
class Difference:
    """Accuracy of one system minus another's.

    Where the questions show no interval (`bounded` is false), low and high are what is possible at all: −1 and 1.
    """

    delta: float | None
    low: float
    high: float
    p: float | None
    bounded: bool = True

    @property
    def interval(self) -> OpenInterval:
        """As it is shown: nothing where nothing is known."""
        return (self.low, self.high) if self.bounded else (None, None)

    @property
    def resolved(self) -> bool:
        """Whether it is shown which of the two is more accurate (p adjusted for all pairs of the task)."""
        apart = self.low > 0 or self.high < 0
        return apart and (self.p is None or self.p < 0.05)

    def turned(self) -> Difference:
        delta = None if self.delta is None else 0.0 - self.delta  # and never −0.0
        return Difference(delta, 0.0 - self.high, 0.0 - self.low, self.p, self.bounded)


UNKNOWN = Difference(None, -1.0, 1.0, None, bounded=False)


def difference(comparison: Comparison) -> Difference:
    """Accuracy of `b` minus that of `a`."""
    low, high = comparison.ci_low, comparison.ci_high
    p = comparison.p if comparison.p_adjusted is None else comparison.p_adjusted
    if low is None or high is None:
        return Difference(comparison.delta, -1.0, 1.0, p, bounded=False)
    return Difference(comparison.delta, low, high, p)


class Pairs:
    """Looks differences up by two names, in either order."""

    def __init__(self, comparisons: Iterable[Comparison], metric: str | None = None) -> None:
        """`metric`: only comparisons by it count."""
        counted = [row for row in comparisons if row.delta is not None and metric in (None, row.metric)]
        self._known = {(row.a, row.b): difference(row) for row in counted}
        self.family = sum(row.p is not None for row in counted)
        """How many of them have a p: over so many it is adjusted."""

    def of(self, better: str, worse: str) -> Difference:
        """Accuracy of `better` minus that of `worse`."""
        if (worse, better) in self._known:
            return self._known[worse, better]
        if (better, worse) in self._known:
            return self._known[better, worse].turned()
        return UNKNOWN


@dataclass(frozen=True, slots=True)
class Limit:
    """A difference that the true one must be told from: where that is done, a rival is no longer open.

    `adjusted`: p, adjusted for all pairs of the task, must say so too, which is asked of what shall count as a
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

    def __init__(self, clusters: Mapping[str, str], family: int = 1) -> None:
        """`clusters`: question id → the label it shares with others that stand or fall together.

        `family`: the pairs over which p is adjusted. Holm asks of one of them at most p < 0.05 / family; that is
        what is counted with.
        """
        self._clusters = clusters
        self._strict = ALPHA / max(1, family)

    def needed(self, a: Candidate, b: Candidate, limits: Sequence[Limit]) -> Need:
        """The fewest further questions (80 % power) after which one of the limits is passed, now that none is."""
        shared = [question for question in a.scores if question in b.scores]
        design = Design.of([self._clusters.get(question, question) for question in shared])
        if design.clusters < fewest():
            return Need(None, reason=_too_few(design))
        values = np.array([a.scores[question] - b.scores[question] for question in shared])
        found = [self._questions(values, design, limit) for limit in limits]
        least = min((n for n in found if n is not None), default=None)
        if least is None:
            return Need(None, reason="the difference observed lies where the choice turns, or too near to it")
        further = rounded_up(least - design.n)
        more_clusters = rounded_up(further * design.clusters / design.n) if design.clustered else None
        return Need(further, more_clusters)

    def _questions(self, values: Floats, design: Design, limit: Limit) -> int | None:
        """In all; never fewer than it takes to decide what those asked have left open."""
        alpha = self._strict if limit.adjusted else ALPHA
        seen = noise(values, design, limit.against)
        effect = math.fsum(values) / design.n - limit.against
        found = questions(seen, effect, alpha) if seen else None
        return None if found is None else max(found, undecided_least(design.n, alpha))


def _too_few(design: Design) -> str:
    if not design.n:
        return "no question was answered by both"
    if not design.clustered:
        return "fewer than six questions were asked, too few to judge from"
    return (
        "the questions fall into fewer than six groups that hang together, and more of the same groups do not help: "
        "ask about other documents"
    )
