"""Two strategies on the same questions: p against scipy, statsmodels and enumeration; words never too strong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.analysis.statistics.clusters import Design
from harness.analysis.statistics.paired import (
    Difference,
    compare,
    holm,
    holm_levels,
    race,
    verdict,
)


def judged(values: list[float], clusters: list[int] | None = None) -> Difference:
    return compare(values, Design.of(clusters or list(range(len(values)))))


def told(found: Difference) -> str:
    return verdict(found.ci_low, found.ci_high, found.p)


@pytest.mark.parametrize(("up", "down"), [(0, 0), (1, 0), (5, 0), (6, 0), (3, 3), (4, 3), (12, 25), (40, 61)])
def test_right_or_wrong_is_exact_mcnemar(up: int, down: int) -> None:
    from scipy.stats import binomtest
    from statsmodels.stats.contingency_tables import mcnemar

    found = judged([1.0] * up + [-1.0] * down + [0.0] * 10)
    assert found.p == pytest.approx(binomtest(up, up + down).pvalue if up + down else 1.0)
    assert found.p == pytest.approx(min(1.0, mcnemar([[5, down], [up, 5]], exact=True).pvalue))
    assert (found.a_higher, found.b_higher, found.discordant) == (down, up, up + down)


def test_holm_agrees_with_statsmodels_and_leaves_out_what_has_no_p() -> None:
    from statsmodels.stats.multitest import multipletests

    ps = [0.04, 0.001, 0.3, 0.02, 0.02]
    assert holm(ps) == pytest.approx(list(multipletests(ps, method="holm")[1]))
    assert holm([None, 0.02, None, 0.04]) == [None, 0.04, None, 0.04]
    assert holm([]) == []


def test_the_level_that_holm_asks_of_a_p_is_where_the_adjusted_one_reaches_five_percent() -> None:
    """Holm 1979: the smallest of three against 0.05 / 3, the next against 0.05 / 2, the last against 0.05."""
    assert holm_levels([0.5, None, 0.001, 0.02]) == [0.05, None, 0.05 / 3, 0.025]


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_keeps_the_order_and_only_raises(ps: list[float]) -> None:
    adjusted = [p for p in holm(ps) if p is not None]
    assert all(p <= q <= 1 for p, q in zip(ps, adjusted, strict=True))
    ordered = sorted(zip(ps, adjusted, strict=True))
    assert [q for _, q in ordered] == sorted(adjusted)


def test_nothing_in_common() -> None:
    found = compare([], Design.of([]))
    assert (found.n, found.delta, found.p, found.ci_low) == (0, None, None, None)
    assert found.reason == "no question was answered by both"
    assert told(found) == "inconclusive"


def test_one_question() -> None:
    found = judged([1.0])
    assert (found.delta, found.p, found.mde) == (1.0, 1.0, None)
    assert found.ci_low is not None
    assert found.ci_low < 0
    assert told(found) == "inconclusive"


def test_identical_scores_are_never_called_alike() -> None:
    found = judged([0.0] * 50)
    assert (found.delta, found.p, found.discordant) == (0.0, 1.0, 0)
    assert found.ci_low == pytest.approx(-0.0714, abs=5e-4)
    assert told(found) == "inconclusive"
    assert found.reason == "no questions tell them apart, and at least six must"


def test_all_right_against_all_wrong() -> None:
    found = judged([1.0] * 50)
    assert (found.ci_high, found.reason, told(found)) == (1.0, None, "b better")
    assert told(judged([-1.0] * 50)) == "a better"


def test_five_that_differ_cannot_decide_and_six_can() -> None:
    five, six = judged([1.0] * 5 + [0.0] * 15), judged([1.0] * 6 + [0.0] * 14)
    assert (five.p, told(five)) == (0.0625, "inconclusive")
    assert five.reason == "only five questions tell them apart, and at least six must"
    assert (six.p, told(six), six.reason) == (0.03125, "b better", None)


def test_five_clusters_cannot_decide_however_many_questions() -> None:
    found = judged([1.0] * 100, [i // 20 for i in range(100)])
    assert (found.p, found.mde, found.clusters) == (0.0625, None, 5)
    assert found.reason == "there are only five groups that hang together, and at least six are needed"
    assert told(found) == "inconclusive"


def test_one_cluster_has_a_difference_and_no_more() -> None:
    found = judged([1.0] * 9 + [0.0], [0] * 10)
    assert (found.delta, found.discordant, found.clusters) == (0.9, 9, 1)
    assert (found.ci_low, found.p, found.mde) == (None, None, None)
    assert "share one cluster" in str(found.reason)


def test_a_race_counts_the_pairs_of_those_that_are_left() -> None:
    """Of a leader and four rivals: 10 pairs for the first p, then 6, 3 and 1, each from the smallest p on."""
    found = race([0.5, 0.004, 0.012, 0.03])
    assert [p for p, _ in found] == pytest.approx([0.5, 0.04, 0.072, 0.09])
    assert [level for _, level in found] == pytest.approx([0.05, 0.05 / 10, 0.05 / 6, 0.05 / 3])
    assert race([0.02]) == [(0.02, 0.05)], "two systems are one pair"
    assert race([0.03, 0.001]) == [(0.03, 0.05), (0.003, pytest.approx(0.05 / 3))]


def test_who_scores_higher_stays_in_the_race_of_a_lower_one() -> None:
    """Where a requirement rules out the first, the second of three leads, and two may still be above its rival."""
    assert race([0.01], above=1) == [(0.03, pytest.approx(0.05 / 3))]


def test_a_pair_without_p_stays_in_the_race() -> None:
    assert race([None, 0.01]) == [(None, None), (0.03, pytest.approx(0.05 / 3))]
    assert race([]) == []


@pytest.mark.parametrize("k", [2, 3, 4, 8, 14])
def test_a_race_asks_of_no_pair_more_than_holm_over_all_pairs(k: int) -> None:
    """With the leader's pairs those of the smallest p, which is when Holm is at its best for them."""
    ps = [0.0001 * step for step in range(1, k)]
    others = [0.9] * (k * (k - 1) // 2 - len(ps))
    pairs = zip(race(ps), holm(ps + others), strict=False)
    assert all(
        p <= all_pairs + 1e-12 for (p, _), all_pairs in pairs if p is not None and all_pairs is not None
    )


def test_p_after_holm_and_interval_must_both_say_so() -> None:
    assert verdict(0.01, 0.2, 0.04) == "b better"
    assert verdict(-0.2, -0.01, 0.04) == "a better"
    for low, high, p in ((0.01, 0.2, 0.05), (-0.01, 0.2, 0.04), (0.01, 0.2, None), (None, None, 0.01)):
        assert verdict(low, high, p) == "inconclusive"


halves = st.sampled_from([-1.0, -0.5, 0.0, 0.0, 0.5, 1.0]) | st.floats(-1, 1, allow_subnormal=False)
asked = st.lists(st.tuples(halves, st.integers(0, 9)), min_size=1, max_size=30)


@settings(deadline=None)
@given(asked)
def test_exchanging_a_and_b_mirrors_everything(rows: list[tuple[float, int]]) -> None:
    values, clusters = [value for value, _ in rows], [cluster for _, cluster in rows]
    one, other = judged(values, clusters), judged([-value for value in values], clusters)
    assert (one.discordant, one.a_higher, one.b_higher) == (other.discordant, other.b_higher, other.a_higher)
    assert one.p == other.p
    assert one.delta == pytest.approx(-other.delta if other.delta is not None else None, abs=1e-12)
    if one.ci_low is None or one.ci_high is None or other.ci_low is None or other.ci_high is None:
        assert len(set(clusters)) == 1 < len(values)
        return
    assert (one.ci_low, one.ci_high) == pytest.approx((-other.ci_high, -other.ci_low), abs=1e-6)


@settings(deadline=None)
@given(asked)
def test_figures_are_in_range_whatever_the_scores(rows: list[tuple[float, int]]) -> None:
    found = judged([value for value, _ in rows], [cluster for _, cluster in rows])
    assert found.delta is not None
    if found.ci_low is not None and found.ci_high is not None and found.p is not None:
        assert -1 <= found.ci_low <= found.delta <= found.ci_high <= 1
        assert 0 < found.p <= 1
    assert found.mde is None or 0 < found.mde <= 1
    if found.discordant < 6:
        assert told(found) == "inconclusive"
        assert found.reason


@settings(deadline=None)
@given(st.permutations(range(12)))
def test_order_of_the_questions_does_not_matter(order: list[int]) -> None:
    values, clusters = [1.0, 1.0, 0.0, -1.0, 1.0, 0.0] * 2, [0, 0, 1, 2, 3, 3, 4, 5, 5, 6, 7, 8]
    one = judged(values, clusters)
    other = judged([values[i] for i in order], [clusters[i] for i in order])
    assert (one.p, one.delta, one.discordant) == (other.p, other.delta, other.discordant)
    assert (one.ci_low, one.ci_high) == pytest.approx((other.ci_low, other.ci_high), abs=1e-9)
