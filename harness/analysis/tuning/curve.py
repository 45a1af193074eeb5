"""Accuracy against training examples: measured at nested parts of train, fitted, and asked when it passes a rival.

The share of wrong answers is fitted as a power of the examples, e(n) = c · n^−a with a ≥ 0, the form that learning
curves of networks have in their middle part (Hestness et al. 2017, arXiv 1712.00409), by weighted least squares on
logarithms. Intervals come from drawing whole clusters of test questions anew, for the curve and its rival together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.results.tuning import FittedPoint, Reach
from harness.analysis.statistics.clusters import Design, Floats

DRAWS = 2000
LIMIT = 10
"""A curve is told up to so many times the examples that there are."""
FEWEST_SIZES = 3
FLAT = 1e-6
ENDS = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Fit:
    """Over the draws: the power a, log c, and the rival's share of wrong answers. The first is the run itself."""

    slopes: Floats
    levels: Floats
    wrong: Floats | None
    examples: int
    """As many as there are."""

    def at(self, examples: int) -> FittedPoint:
        """The accuracy of so many examples."""
        right = 1 - np.exp(np.minimum(0.0, self.levels - self.slopes * np.log(examples)))
        low, high = np.percentile(right[1:], ENDS)
        mean = float(right[0])
        return FittedPoint(
            examples=examples, mean=mean, low=min(mean, float(low)), high=max(mean, float(high))
        )

    def reach(self, rival: str) -> Reach:
        """How many examples more it takes to be as accurate as the rival."""
        assert self.wrong is not None
        with np.errstate(divide="ignore", over="ignore"):
            needed = np.exp((self.levels - np.log(self.wrong)) / np.maximum(self.slopes, FLAT))
        more = np.maximum(0.0, needed - self.examples)
        most = (LIMIT - 1) * self.examples
        low, high = np.percentile(more[1:], ENDS, method="nearest")

        def told(count: float) -> int | None:
            return round(float(count)) if count <= most else None

        mean = float(more[0])
        return Reach(rival=rival, more=told(mean), low=told(min(mean, low)), high=told(max(mean, high)))


def fit(
    scores: Mapping[int, Mapping[str, float]],
    clusters: Mapping[str, str],
    rival: Mapping[str, float] | None = None,
    seed: int = 0,
) -> Fit | None:
    """Fit a curve. `scores`: examples → question id → score; `rival`: the scores of one that may be passed.

    None where there are too few sizes, or no question that all of them, and the rival, answered.
    """
    known = [*scores.values(), *([rival] if rival is not None else [])]
    asked = sorted(set.intersection(*(set(one) for one in known))) if known else []
    if len(scores) < FEWEST_SIZES or not asked:
        return None
    wrong = 1 - np.array([[one[name] for name in asked] for one in known])
    shares = _drawn(wrong, [clusters.get(name, name) for name in asked], seed)
    sizes = sorted(scores)
    order = [[*scores].index(size) for size in sizes]
    slopes, levels = _lines(shares[:, order], np.log(sizes), len(asked))
    return Fit(slopes, levels, shares[:, -1] if rival is not None else None, sizes[-1])


def _drawn(wrong: Floats, clusters: Sequence[str], seed: int) -> Floats:
    """[1 + draws, systems]: the share of wrong answers, of the run itself and of each draw of its clusters.

    Half a question is added on either side, so that a system that was always right has a logarithm too.
    """
    design = Design.of(clusters)
    sums, sizes, groups = design.sums(wrong), design.sizes, design.clusters
    rng = np.random.default_rng(seed)
    weights = np.vstack([np.ones(groups), rng.multinomial(groups, np.full(groups, 1 / groups), DRAWS)])
    shares: Floats = (weights @ sums.T + 0.5) / (weights @ sizes + 1)[:, None]
    return shares


def _lines(shares: Floats, logs: Floats, questions: int) -> tuple[Floats, Floats]:
    """The power and level of each draw: log e = level − power · log n. A curve that rises is taken as flat."""
    values = np.log(shares)
    weights = questions * shares / (1 - shares)  # 1 / variance of log e
    total = weights.sum(axis=1, keepdims=True)
    x = logs - (weights * logs).sum(axis=1, keepdims=True) / total
    mean = (weights * values).sum(axis=1) / total[:, 0]
    slopes = np.maximum(0.0, -(weights * x * values).sum(axis=1) / (weights * x * x).sum(axis=1))
    centre = (weights * logs).sum(axis=1) / total[:, 0]
    return slopes, mean + slopes * centre
