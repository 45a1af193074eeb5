"""A short form of benchmarks/coverage.py: intervals cover, strategies alike stay undecided, on known truths.

A share of 2,000 runs is off by 0.5 points (one standard error), so the band of 93 to 97 % is widened by 1.
Where outcomes are rare, intervals of so few questions must cover more, and are held to the lower end only.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.coverage import Layout, even, families, graded, mean_coverage, pair, pair_coverage, right

ROWS = 2000
LAYOUTS = [
    (even(20, 1), 0.0), (even(60, 1), 0.0), (even(200, 1), 0.0), (even(40, 5), 0.3), (even(20, 3), 0.3),
    (even(20, 3), 0.1),
]  # fmt: skip
FEW = [(even(5, 4), 0.3), (even(6, 10), 0.3), (even(10, 20), 0.1)]


@pytest.mark.parametrize(("layout", "rho"), LAYOUTS, ids=str)
@pytest.mark.parametrize("share", [0.3, 0.5])
def test_accuracy_is_covered(layout: Layout, rho: float, share: float) -> None:
    rng = np.random.default_rng(1)
    assert 92 <= mean_coverage(rng, right(share), share, layout, rho, ROWS) <= 98


@pytest.mark.parametrize(("layout", "rho"), LAYOUTS, ids=str)
@pytest.mark.parametrize(("discordance", "delta"), [(0.3, 0.0), (0.5, 0.2)])
def test_difference_is_covered_and_none_is_claimed(
    layout: Layout, rho: float, discordance: float, delta: float
) -> None:
    rng = np.random.default_rng(2)
    share, false = pair_coverage(rng, pair(discordance, delta), delta, layout, rho, ROWS)
    assert 92 <= share <= 98
    assert false is None or false <= 6.5  # 5 and three standard errors of 1,000 runs


@pytest.mark.parametrize(("layout", "rho"), FEW, ids=str)
def test_few_clusters_are_covered_rather_more_than_less(layout: Layout, rho: float) -> None:
    rng = np.random.default_rng(3)
    assert mean_coverage(rng, right(0.5), 0.5, layout, rho, ROWS) >= 92
    share, false = pair_coverage(rng, pair(0.3, 0.0), 0.0, layout, rho, ROWS)
    assert share >= 92
    assert false is not None
    assert false <= 6.5


@pytest.mark.parametrize("n", [20, 60, 200])
def test_graded_scores_are_covered(n: int) -> None:
    rng = np.random.default_rng(4)
    assert 92 <= mean_coverage(rng, graded(0.45, 0.25), 0.43, even(n, 1), 0.0, ROWS) <= 98


def test_a_family_of_equal_strategies_is_seldom_told_apart() -> None:
    assert families(np.random.default_rng(5), even(60, 1), 0.0, 150) <= 5
