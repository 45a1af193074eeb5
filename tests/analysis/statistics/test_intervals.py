"""95 % intervals: against scipy, against published examples, against their own definition; and never empty."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.analysis.statistics.clusters import Design
from harness.analysis.statistics.intervals import (
    Z95,
    difference_interval,
    mean,
    mean_and_student,
    mean_interval,
    tango,
    wilson,
)


def alone(n: int) -> Design:
    return Design.of(range(n))


def of_mean(values: list[float], clusters: list[int] | None = None) -> tuple[float, float]:
    found = mean_interval(np.array(values), Design.of(clusters or list(range(len(values)))))
    assert found is not None
    return float(found[0]), float(found[1])


def of_share(right: float, n: int, z: float = Z95) -> tuple[float, float]:
    low, high = wilson(np.array(right / n), np.array(float(n)), z)
    return float(low), float(high)


def of_difference(values: list[float], clusters: list[int] | None = None) -> tuple[float, float]:
    found = difference_interval(np.array(values), Design.of(clusters or list(range(len(values)))))
    assert found is not None
    return float(found[0]), float(found[1])


@pytest.mark.parametrize(("right", "n"), [(0, 1), (1, 1), (0, 20), (7, 20), (20, 20), (331, 1000)])
def test_wilson_agrees_with_scipy(right: int, n: int) -> None:
    from scipy.stats import binomtest

    interval = binomtest(right, n).proportion_ci(confidence_level=0.95, method="wilson")
    assert of_share(right, n) == pytest.approx((interval.low, interval.high), abs=1e-12)
    assert of_mean([1.0] * right + [0.0] * (n - right)) == pytest.approx(of_share(right, n), abs=1e-12)


def test_tango_on_published_examples() -> None:
    """Bentur et al. 2009 in Fagerland, Lydersen, Laake 2014; and R's PropCIs::scoreci.mp(25, 28, 618) at 90 %."""
    assert of_difference([1.0] + [-1.0] * 7 + [0.0] * 13) == pytest.approx((-0.517, -0.026), abs=5e-4)
    low, high = tango(np.array(28 / 618), np.array(25 / 618), np.array(618.0), z=1.6448536269514722)
    assert (float(low), float(high)) == pytest.approx((-0.0148, 0.0247), abs=5e-5)


@pytest.mark.parametrize(("up", "down", "n"), [(3, 1, 20), (0, 0, 12), (9, 0, 30), (20, 31, 160), (5, 0, 5)])
def test_tango_inverts_the_score_test(up: int, down: int, n: int) -> None:
    """Each bound is where the score statistic is z, its variance at the likeliest shares, found numerically."""
    from scipy.optimize import minimize_scalar

    def statistic(x: float) -> float:
        def unlikely(fall: float) -> float:
            shares = (fall + x, fall, 1 - 2 * fall - x)
            counts = (up, down, n - up - down)
            return -sum(c * math.log(max(s, 1e-300)) for c, s in zip(counts, shares, strict=True) if c)

        bounds = (max(0.0, -x), (1 - x) / 2)
        fall = minimize_scalar(unlikely, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x
        return (up - down - n * x) / math.sqrt(n * (2 * fall + x - x * x))

    low, high = of_difference([1.0] * up + [-1.0] * down + [0.0] * (n - up - down))
    for bound, z in ((low, Z95), (high, -Z95)):
        if abs(bound) < 1:
            assert statistic(bound) == pytest.approx(z, abs=2e-3)


def test_all_right_all_wrong_one_question() -> None:
    assert of_mean([1.0] * 20)[1] == 1.0
    assert of_mean([0.0] * 20)[0] == 0.0
    assert of_mean([1.0]) == pytest.approx(of_share(1, 1))
    assert of_difference([0.0]) == pytest.approx((-0.793, 0.793), abs=5e-4)
    assert of_difference([1.0] * 9)[1] == 1.0


def test_equal_graded_scores_have_wilsons_interval() -> None:
    assert of_mean([0.5] * 20) == pytest.approx(of_share(10, 20))
    assert of_mean([0.25]) == pytest.approx(of_share(0.25, 1))


def test_graded_scores_have_students_interval_in_the_middle() -> None:
    """Where neither end of the scale is near, the score interval and the usual one agree to a few percent."""
    from scipy import stats

    values = np.random.default_rng(0).beta(8, 8, 60)
    usual = stats.t.interval(0.95, 59, values.mean(), stats.sem(values))
    assert of_mean(list(values)) == pytest.approx(usual, abs=0.003)


def test_one_cluster_of_several_questions_shows_nothing() -> None:
    assert mean_interval(np.array([0.0, 1.0]), Design.of("aa")) is None
    assert difference_interval(np.array([0.0, 1.0]), Design.of("aa")) is None


def test_equal_answers_count_clusters_not_questions() -> None:
    """Ten clusters of five, all right: as wide as ten answers at Student's quantile for 9 degrees."""
    from scipy.stats import t

    low, high = of_mean([1.0] * 50, [i // 5 for i in range(50)])
    assert (low, high) == (pytest.approx(of_share(10, 10, float(t.ppf(0.975, 9)))[0]), 1.0)


def test_clusters_that_agree_widen_the_interval() -> None:
    """Twelve clusters of five, each all right or all wrong: nearly that of twelve answers."""
    clusters = [i // 5 for i in range(60)]
    low, high = of_mean([float(i % 2) for i in clusters], clusters)
    assert high - low > 2 * (of_mean([float(i % 2) for i in clusters])[1] - 0.5)
    assert (low, high) == pytest.approx(of_share(6, 12, 2.201 * math.sqrt(12 / 11)), abs=2e-3)


def test_clusters_that_agree_by_luck_do_not_make_an_interval_of_nothing() -> None:
    clusters = [i // 4 for i in range(24)]
    low, high = of_difference([1.0, 0.0, 0.0, 0.0] * 6, clusters)
    independent = of_difference([1.0, 0.0, 0.0, 0.0] * 6)
    assert high - low > 0.6 * (independent[1] - independent[0])


scores = st.floats(0, 1, allow_subnormal=False) | st.sampled_from([0.0, 1.0, 0.5])
asked = st.lists(st.tuples(scores, st.integers(0, 8)), min_size=1, max_size=40)


@settings(deadline=None)
@given(asked)
@example([(1.0, 0), (7.5e-27, 1)])
def test_interval_of_a_mean_holds_it_and_stays_in_range(rows: list[tuple[float, int]]) -> None:
    values = np.array([value for value, _ in rows])
    design = Design.of([cluster for _, cluster in rows])
    found, mirrored = mean_interval(values, design), mean_interval(1 - values, design)
    if found is None or mirrored is None:
        assert design.clusters == 1 < design.n
        return
    low, high = (float(bound) for bound in found)
    assert 0 <= low <= values.mean() + 1e-12
    assert values.mean() - 1e-12 <= high <= 1
    assert high > low
    assert (1 - high, 1 - low) == pytest.approx([float(bound) for bound in mirrored], abs=1e-6)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.randoms())
def test_the_mean_does_not_depend_on_the_order(values: list[float], order: object) -> None:
    shuffled = list(values)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert mean(shuffled) == mean(values) == float(sum(map(Fraction, values))) / len(values)
    assert mean([]) is None


def test_students_interval_is_scipys() -> None:
    from scipy import stats

    values = [0.3, 1.7, 0.9, 4.2, 2.2]
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert mean_and_student(values) == pytest.approx((1.86, low, high))
