"""Two strategies on the same questions: the difference, what it may be, and whether it can be told from none."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.results.figures import Interval
from harness.analysis.statistics.clusters import Design, Floats
from harness.analysis.statistics.exchange import exchange_p
from harness.analysis.statistics.intervals import difference_interval, rounded
from harness.analysis.statistics.power import ALPHA, Noise, detectable, fewest, noise
from harness.quantities import spelled

FEWEST = fewest()

A_BETTER, B_BETTER, INCONCLUSIVE = "a better", "b better", "inconclusive"


@dataclass(frozen=True, slots=True)
class Difference:
    """b − a on the questions that both answered. None, with `reason`, for what these questions cannot tell.

    `discordant`: questions on which they differ; on `a_higher` of them a scores higher, on `b_higher` b.
    `p`: two-sided, of no difference. `mde`: the smallest difference that so many questions, differing so
    often, show with 80 % power (None: none could be shown). `clusters`: independent groups of questions.
    """

    n: int
    delta: float | None
    ci_low: float | None = None
    ci_high: float | None = None
    p: float | None = None
    mde: float | None = None
    discordant: int = 0
    a_higher: int = 0
    b_higher: int = 0
    clusters: int = 0
    reason: str | None = None


def compare(differences: Sequence[float] | Floats, design: Design) -> Difference:
    """Judge the differences b − a in score, one a question, each in [−1, 1], clustered as `design` says.

    The p is exact McNemar's where answers are right or wrong and questions independent, and the same test
    with whole clusters (or graded differences) exchanged between a and b otherwise.
    """
    return compare_all(np.asarray(differences, dtype=float)[None], design)[0][0]


def compare_all(differences: Floats, design: Design) -> list[tuple[Difference, Noise | None]]:
    """The same for many pairs of systems on the same questions, with the noise of each: shape (pairs, questions)."""
    rows = rounded(differences)  # 1/3 + 1/3 − 2/3 is no difference
    if not design.n:
        return [(Difference(0, None, reason="no question was answered by both"), None) for _ in rows]
    intervals = difference_interval(rows, design)
    bounds = np.full((len(rows), 2), np.nan) if intervals is None else np.stack(intervals, axis=-1)
    return [
        _difference(values, None if intervals is None else (float(low), float(high)), design)
        for values, (low, high) in zip(rows, bounds, strict=True)
    ]


def _difference(values: Floats, interval: Interval | None, design: Design) -> tuple[Difference, Noise | None]:
    n = design.n
    higher, lower = int((values > 0).sum()), int((values < 0).sum())
    counts = {"discordant": higher + lower, "a_higher": lower, "b_higher": higher}
    delta = math.fsum(values.tolist()) / n
    if interval is None:
        reason = "all questions share one cluster, so nothing shows how much another would differ"
        return Difference(n, delta, **counts, clusters=1, reason=reason), None
    low, high = interval
    sums, spread = design.sums(values), noise(values, design)
    difference = Difference(
        n,
        delta,
        min(low, delta),
        max(high, delta),
        exchange_p(sums),
        detectable(spread) if spread else None,
        **counts,
        clusters=design.clusters,
        reason=_too_few(higher + lower, sums, design),
    )
    return difference, spread


def _too_few(discordant: int, sums: Floats, design: Design) -> str | None:
    """Why no p below 0.05 can be reached, as a clause: the deepest reason first."""
    if design.clusters < FEWEST:
        what = "groups that hang together" if design.clustered else "questions"
        few = "only one question" if design.n == 1 else f"only {spelled(design.clusters)} {what}"
        return f"there {'is' if design.n == 1 else 'are'} {few}, and at least {spelled(FEWEST)} are needed"
    differing = int((np.abs(sums) > 1e-9).sum())
    for count, one, several in (
        (discordant, "question tells", "questions tell"),
        (differing, "cluster of questions tells", "clusters of questions tell"),
    ):
        if count < FEWEST:
            who = (
                f"only one {one}"
                if count == 1
                else f"{f'only {spelled(count)}' if count else 'no'} {several}"
            )
            return f"{who} them apart, and at least {spelled(FEWEST)} must"
    return None


def holm(ps: Sequence[float | None]) -> list[float | None]:
    """Holm's adjustment (1979) over a family of p; None where there is none, and then it does not count."""
    adjusted: list[float | None] = [None] * len(ps)
    highest = 0.0
    for p, index, tests in _ranked(ps):
        highest = max(highest, min(1.0, tests * p))
        adjusted[index] = highest
    return adjusted


def holm_levels(ps: Sequence[float | None]) -> list[float | None]:
    """What Holm's adjustment asks of each p: of m tests, the one with r smaller ones has to reach 0.05 / (m − r)."""
    levels: list[float | None] = [None] * len(ps)
    for _, index, tests in _ranked(ps):
        levels[index] = ALPHA / tests
    return levels


def race(ps: Sequence[float | None], above: int = 0) -> list[tuple[float | None, float | None]]:
    """The p of a leader's comparisons with its rivals, adjusted, and what each p has to reach.

    Whoever leads is seen in the data, so a first rival is shown to be worse only as one of all pairs would be. Then it
    is out of the race, and the pairs among those that remain count: with r left, the leader among them, a p counts
    r(r − 1)/2 times, from the smallest p on, and none less than the one before. `above`: systems that score higher than
    this leader and may not be in its race; they count as left. (None, None) for a pair without p, which stays in.

    A false claim is made only if of the t systems that are no worse than the leader one has p ≤ 0.05 / (t(t − 1)/2), as
    all t are left when the first is claimed; under ties the union bound over their pairs gives 5 %
    (benchmarks/family.py measures it).
    """
    found: list[tuple[float | None, float | None]] = [(None, None)] * len(ps)
    known = sorted((p, index) for index, p in enumerate(ps) if p is not None)
    highest = 0.0
    for out, (p, index) in enumerate(known):
        times = math.comb(len(ps) + 1 + above - out, 2)
        highest = max(highest, min(1.0, times * p))
        found[index] = (highest, ALPHA / times)
    return found


def _ranked(ps: Sequence[float | None]) -> Iterator[tuple[float, int, int]]:
    """Each known p from the smallest on, its place in the family, and how many tests it is counted for."""
    known = sorted((p, index) for index, p in enumerate(ps) if p is not None)
    for rank, (p, index) in enumerate(known):
        yield p, index, len(known) - rank


AMONG_MANY = "one pair or another looks this different by chance where so many are compared"
UNCONFIRMED = "the exact test of this pair does not confirm it"


def doubt(
    ci_low: float | None, ci_high: float | None, p: float | None, p_adjusted: float | None
) -> str | None:
    """Why a difference whose interval leaves out 0 is inconclusive, a clause: its own p, or the adjustment of it."""
    apart = ci_low is not None and ci_high is not None and ci_low * ci_high > 0
    if not apart or p is None or p_adjusted is None or p_adjusted < ALPHA:
        return None
    return AMONG_MANY if p < ALPHA else UNCONFIRMED


def verdict(ci_low: float | None, ci_high: float | None, p_adjusted: float | None) -> str:
    """Which is better, where p and interval both say so; never that there is no difference."""
    if p_adjusted is None or p_adjusted >= ALPHA or ci_low is None or ci_high is None:
        return INCONCLUSIVE
    if ci_low > 0:
        return B_BETTER
    return A_BETTER if ci_high < 0 else INCONCLUSIVE
