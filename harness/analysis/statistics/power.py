"""The smallest difference that n questions show, and how many questions show a difference: one formula, read both ways.

d = (z₁₋α/₂ + z₀.₈) √(V / n): shown with 80 % power at level α. V is n times the variance of the mean difference
about the value it is to be told from; about no difference, and of single right or wrong answers, that is the
share of questions that differ (Connor 1987 in its simple form, which holds this share fixed). Further questions are
taken to be like those asked: as many to a cluster, differing as often.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from harness.analysis.statistics.clusters import Design, Floats
from harness.analysis.statistics.intervals import quantile

ALPHA = 0.05
POWER = 0.8
MOST_QUESTIONS = 10_000_000


def fewest(alpha: float = ALPHA) -> int:
    """Questions (or clusters) that must differ before any p is below alpha: all in one direction, p = 2 / 2ᵏ.

    Six at 0.05: with five it is 0.0625.
    """
    return next(k for k in itertools.count(1) if 2.0 ** (1 - k) < alpha)


@dataclass(frozen=True, slots=True)
class Noise:
    """How much the mean difference of `n` questions varies about the value that it is to be told from."""

    n: int
    clusters: int
    variance: float
    """n times that of the mean."""
    typical: float
    """Mean square of the difference of a question on which the two differ; 1 for right or wrong answers."""
    differing: float
    """Share of the clusters that differ."""
    effective: float
    """Clusters of equal size that would count as much."""
    degrees: float
    """Degrees of freedom; infinite where each question is a cluster of its own."""


def noise(differences: Floats, design: Design, about: float = 0.0) -> Noise | None:
    """What one difference a question shows of it; None of a single cluster, which shows nothing."""
    values = np.round(np.asarray(differences, dtype=float), 12)
    if design.clusters < 2:
        return None
    squares = values[values != 0] ** 2
    variance = float(((values - about) ** 2).mean())
    if design.clustered:
        variance = max(variance, design.n * float(design.variance(values, about)))
    return Noise(
        n=design.n,
        clusters=design.clusters,
        variance=variance,
        typical=float(squares.mean()) if len(squares) else 1.0,
        differing=float((np.abs(design.sums(values)) > 1e-9).mean()),
        effective=design.effective,
        degrees=design.degrees if design.clustered else math.inf,
    )


def detectable(sample: Noise, alpha: float = ALPHA, n: float | None = None) -> float | None:
    """The smallest difference that n questions (those asked) show; None where they could show none.

    Fewer than six (`fewest`) questions that differ could show nothing, so six are assumed at least; and where
    fewer than six clusters differ, six that differ as a whole.
    """
    n = sample.n if n is None else n
    scale = n / sample.n
    clusters, least = sample.clusters * scale, fewest(alpha)
    degrees = (sample.degrees + 1) * scale - 1
    if clusters < least or degrees < 1:
        return None
    variance = max(sample.variance, least * sample.typical / n)
    if math.isfinite(degrees) and sample.differing * clusters < least:
        variance = max(variance, least * sample.typical * n / (clusters * sample.effective * scale))
    smallest = factor(alpha, degrees) * math.sqrt(variance / n)
    return smallest if smallest <= 1 else None


def factor(alpha: float = ALPHA, degrees: float = math.inf) -> float:
    """Standard errors between no difference and one that is shown with 80 % power."""
    return quantile(degrees, 1 - alpha / 2) + quantile(degrees, POWER)


def questions(sample: Noise, effect: float, alpha: float = ALPHA) -> int | None:
    """The fewest questions that show an effect of this size; None where 10⁷ do not. Inverse of `detectable`."""

    def enough(n: int) -> bool:
        smallest = detectable(sample, alpha, n)
        return smallest is not None and smallest <= abs(effect)

    if not enough(MOST_QUESTIONS):
        return None
    low, high = 0, MOST_QUESTIONS  # low is not enough, high is
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def questions_in_all(values: Floats, design: Design, against: float, alpha: float = ALPHA) -> int | None:
    """How many questions tell the difference observed from `against`: one value per question asked.

    None where no number does. Never fewer than it takes to decide what those asked have left open.
    """
    seen = noise(values, design, against)
    effect = math.fsum(values) / design.n - against
    found = questions(seen, effect, alpha) if seen else None
    return None if found is None else max(found, undecided_least(design.n, alpha))


def undecided_least(n: int, alpha: float = ALPHA) -> int:
    """Questions below which nothing is likely to be decided that n have left open.

    What is just not shown has a power of one half; 80 % take ((z₁₋α/₂ + z₀.₈) / z₁₋α/₂)² times the questions.
    """
    return math.ceil(n * (factor(alpha) / quantile(math.inf, 1 - alpha / 2)) ** 2)


def rounded_up(count: float) -> int:
    """An estimate of a count to two digits, never lower than it is: 119.4 → 120, 1,234 → 1,300."""
    whole = math.ceil(count - 1e-9)
    step: int = 10 ** max(0, len(str(whole)) - 2)
    return -(-whole // step) * step
