"""The p of exchanging two systems: against enumeration, scipy and counts of signs in whole numbers."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from harness.analysis.statistics import exchange
from harness.analysis.statistics.exchange import exchange_p


@pytest.mark.parametrize(
    "sums", [[3.0, -1.0, 2.0, 2.0, 0.0, -1.0], [0.4, 0.35, -0.2, 0.9], [1 / 3, 2 / 3, -1.0]]
)
def test_p_of_few_clusters_is_that_of_all_signs(sums: list[float]) -> None:
    totals = [
        abs(math.fsum(sign * abs(size) for sign, size in zip(signs, sums, strict=True)))
        for signs in itertools.product((-1, 1), repeat=len(sums))
    ]
    expected = sum(total >= abs(math.fsum(sums)) - 1e-9 for total in totals) / len(totals)
    assert exchange_p(np.array(sums)) == pytest.approx(expected)


def test_p_of_graded_scores_agrees_with_scipy() -> None:
    from scipy.stats import permutation_test

    values = np.random.default_rng(3).normal(0.12, 0.3, 40)
    exact = permutation_test(
        (values,), np.sum, permutation_type="samples", n_resamples=40_000, rng=np.random.default_rng(0)
    )
    assert exchange_p(values) == pytest.approx(exact.pvalue, abs=0.01)
    assert 0.01 < exact.pvalue < 0.2  # where an error would show


def test_p_drawn_for_many_questions_is_near_the_exact_one(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = np.array([1.0] * 70 + [-1.0] * 45)
    exact = exchange_p(sums)
    monkeypatch.setattr(exchange, "UNITS", ())
    assert exchange_p(sums) == pytest.approx(exact, abs=0.006)
    assert exchange_p(sums) == exchange_p(sums)


def test_means_over_seeds_have_an_exact_p() -> None:
    """Thirds are whole numbers of thirds: the same p as for three times the sums."""
    sums = np.array([1 / 3, -2 / 3, 1.0, 1 / 3, 2 / 3] * 5)
    assert exchange_p(sums) == exchange_p(sums * 3)


def counted(sizes: list[int], observed: int) -> float:
    """The p by counting the signs of every sum in whole numbers."""
    ways = Counter({0: 1})
    for size in sizes:
        before, ways = ways, Counter()
        for at, number in before.items():
            ways[at - size] += number
            ways[at + size] += number
    return float(Fraction(sum(n for at, n in ways.items() if abs(at) >= observed), 2 ** len(sizes)))


@pytest.mark.parametrize("negative", [0, 1, 12, 30, 35])
def test_p_of_many_clusters_is_that_of_counting_however_small(
    negative: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = [1, 2, 3, 1, 4, 2, 1] * 10
    sums = np.array([-size if place < negative else size for place, size in enumerate(sizes)], dtype=float)
    monkeypatch.setattr(exchange, "STEP_BY_STEP", 0)
    assert exchange_p(sums) == pytest.approx(counted(sizes, int(sums.sum())), rel=1e-11)
    assert exchange_p(-sums) == exchange_p(sums)


def test_p_of_clusters_that_cancel_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "STEP_BY_STEP", 0)
    assert exchange_p(np.array([2.0, -2.0, 1.0, -1.0])) == 1.0


@pytest.mark.parametrize("shift", [0.0, 0.02, 0.05, 0.2])
def test_p_of_a_thousand_graded_clusters_is_near_the_exact_one(shift: float) -> None:
    """Hundredths, once as the fractions they are and once as whole numbers."""
    draws = np.random.default_rng(5).normal(shift, 0.4, 1_200)
    whole = np.rint(100 * draws)
    by_formula, exact = exchange_p(whole / 100), exchange_p(whole)
    assert by_formula == pytest.approx(exact, rel=0.01)
    assert 0 < exact < 1
