"""95 % intervals of means in [0, 1] and of differences in [−1, 1]: score intervals on an effective n.

Both are score intervals for shares: Wilson's for one, Tango's for the difference of two on the same questions.
They stay inside the possible range and are not empty where every answer is right. Where scores are graded or
questions hang together, the variance is not that of independent right or wrong answers; then n is replaced by
the number of those that would have this variance, and the normal quantile by Student's. docs/method.md has
the simulation by which this was chosen over bootstraps.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from harness.analysis.results.figures import Interval
from harness.analysis.statistics.clusters import Design, Floats

Z95 = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""
LEAST = 0.5
"""Clustered questions never count for more than the doubled number of independent ones. A few clusters agree
by luck now and then, which shows as a variance of nearly nothing."""
SEEN_IN = 6
"""Clusters that must hold the rarer outcome before they are believed to show how far clusters agree."""
STEPS = 60
"""Halvings of the interval in which a bound of Tango's is sought: down to the last bit."""


def mean_interval(values: Floats, design: Design) -> tuple[Floats, Floats] | None:
    """Interval of the mean of values in [0, 1] along the last axis; None where they are one cluster.

    Right or wrong and independent: Wilson's. `values` of two axes are of several systems, one a row.
    """
    values = rounded(values)
    if design.clustered and design.clusters < 2:
        return None
    share = values.mean(axis=-1)
    holding = np.minimum(_holding(values, design), _holding(1 - values, design))
    return wilson(share, _effective(values, design, share * (1 - share), holding, _whole(values)))


def difference_interval(differences: Floats, design: Design) -> tuple[Floats, Floats] | None:
    """Interval of the mean of paired differences in [−1, 1]; None where they are one cluster.

    Right or wrong and independent: Tango's.
    """
    values = rounded(differences)
    if design.clustered and design.clusters < 2:
        return None
    up, down = np.maximum(values, 0).mean(axis=-1), np.maximum(-values, 0).mean(axis=-1)
    holding = _holding(np.abs(values), design)
    return tango(up, down, _effective(values, design, up + down - (up - down) ** 2, holding, _whole(values)))


def figure_interval(figure: float, values: Floats, right: Floats, design: Design) -> Interval | None:
    """Interval of a figure in [0, 1] that is no mean over questions; None where they are one cluster.

    `values`: what each question adds to it (pseudo-values, whose mean is the figure, near enough). `right`: the
    questions' scores, which show how many clusters hold a right and a wrong answer.
    """
    if design.clustered and design.clusters < 2:
        return None
    share = np.asarray(figure)
    holding = np.minimum(_holding(right, design), _holding(1 - right, design))
    effective = _effective(rounded(values), design, share * (1 - share), holding, np.False_)
    low, high = wilson(share, effective)
    return float(low), float(high)


def rounded(values: Floats) -> Floats:
    """Scores without what summing left in their last digits, so that right or wrong ones are seen as such."""
    values = np.asarray(values, dtype=float)
    return values if _whole(values).all() else np.round(values, 12)


def _whole(values: Floats) -> NDArray[np.bool_]:
    """Whether all scores, or differences, of a row are of right or wrong answers: 0 or 1 either way."""
    return np.asarray((values == np.rint(values)).all(axis=-1))


def _holding(amounts: Floats, design: Design) -> Floats:
    """How many clusters hold any of what is counted."""
    return np.asarray((design.sums(amounts) > 1e-9).sum(axis=-1))


def _effective(
    values: Floats, design: Design, of_shares: Floats, holding: Floats, binary: NDArray[np.bool_] | np.bool_
) -> Floats:
    """How many independent right or wrong answers would give this interval at the normal quantile.

    `of_shares`: the variance that one such answer has at this mean. `binary`: which rows are of right or wrong answers.
    What is equal throughout (`holding` = 0) cannot show how far clusters agree: there each cluster counts as one
    answer. The fewer of them hold the rarer outcome, the nearer to that.
    """
    n = float(design.n)
    if design.n < 2 or (binary.all() and not design.clustered):
        return np.full_like(of_shares, n)
    widening = (quantile(design.degrees) / Z95) ** 2
    alone = values.var(axis=-1) / n
    fewest = design.effective / widening if design.clustered else n
    variance = design.variance(values) * widening
    if design.clustered:
        variance = np.maximum(variance, LEAST * alone)
    flat = (alone <= 1e-12 / n) | (of_shares <= 1e-12)
    independent = np.where(flat, fewest, of_shares / np.where(flat, 1.0, variance))
    if not design.clustered:
        return np.where(binary, n, independent)
    enough = min(SEEN_IN, design.clusters)
    unknown = np.maximum(0.0, 1 - holding / enough)
    return np.asarray(independent * (np.minimum(independent, fewest) / independent) ** unknown)


@lru_cache(maxsize=256)
def quantile(degrees: float, p: float = 0.975) -> float:
    """Student's quantile. Degrees of freedom need not be whole; infinite ones are the normal distribution's."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, p))


def student(centre: float, variance: float, degrees: float) -> Interval:
    """Student's 95 % interval about an estimate of this variance."""
    half = quantile(degrees) * math.sqrt(variance)
    return centre - half, centre + half


def mean_and_student(values: Collection[float]) -> tuple[float, float, float]:
    """Mean of two values or more with Student's 95 % interval."""
    n, centre = len(values), math.fsum(values) / len(values)
    variance = math.fsum((value - centre) ** 2 for value in values) / (n - 1)
    return centre, *student(centre, variance / n, n - 1)


def mean(values: Collection[float]) -> float | None:
    """Mean of the exact sum, so that the order of the values does not matter; None of nothing."""
    return math.fsum(values) / len(values) if values else None


def means(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Name → the mean of its values: of a question's over several seeds, say."""
    known = [*pairs]
    once = dict(known)
    if len(once) == len(known):
        return once
    by_name: dict[str, list[float]] = {}
    for name, value in known:
        by_name.setdefault(name, []).append(value)
    return {name: math.fsum(values) / len(values) for name, values in by_name.items()}


def wilson(share: Floats, n: Floats, z: float = Z95) -> tuple[Floats, Floats]:
    """Wilson's score interval of a share of n (Wilson 1927; Brown, Cai, DasGupta 2001, eq. 4)."""
    centre = share + z * z / (2 * n)
    half = z * np.sqrt(np.maximum(share * (1 - share), 0) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # A share of 0 or 1 bounds itself; rounding may put the bound a bit beside it.
    low = np.minimum(np.maximum(0.0, (centre - half) / scale), share)
    high = np.maximum(np.minimum(1.0, (centre + half) / scale), share)
    return np.where(share <= 0, 0.0, low), np.where(share >= 1, 1.0, high)


def tango(up: Floats, down: Floats, n: Floats, z: float = Z95) -> tuple[Floats, Floats]:
    """Tango's score interval (1998) of `up` − `down`, the shares of n pairs that differ in either direction.

    All x at which |n(up − down − x)| ≤ z √(n(2q + x(1 − x))), with q the share of the pairs that fall, as
    it is most likely given x (the larger root of Tango's eq. 3).
    """
    delta = up - down

    def inside(x: Floats) -> Floats:
        b = (2 - delta) * x - (up + down)
        q = (np.sqrt(np.maximum(b * b + 8 * down * x * (1 - x), 0)) - b) / 4
        return np.asarray(n * (delta - x) ** 2 <= z * z * np.maximum(2 * q + x * (1 - x), 0))

    ends = np.multiply.outer(np.array([-1.0, 1.0]), np.ones_like(delta))
    within, without = np.array([delta, delta], dtype=float), ends
    for _ in range(STEPS):
        middle = (within + without) / 2
        hit = inside(middle)
        within, without = np.where(hit, middle, within), np.where(hit, without, middle)
    low, high = np.where(inside(ends), ends, within)
    return low, high
