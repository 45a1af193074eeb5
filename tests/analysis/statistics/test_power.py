"""The smallest detectable difference and the questions that one takes: against references, simulation, each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from harness.analysis.statistics.clusters import Design
from harness.analysis.statistics.exchange import exchange_p
from harness.analysis.statistics.power import (
    ALPHA,
    detectable,
    fewest,
    noise,
    questions,
    rounded_up,
    undecided_least,
)


def shown(values: np.ndarray[tuple[int], np.dtype[np.float64]], design: Design) -> float | None:
    seen = noise(values, design)
    return detectable(seen) if seen else None


def differing(n: int, discordant: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([1.0] * discordant + [0.0] * (n - discordant))


@pytest.mark.parametrize(("n", "seen"), [(50, 0.22), (100, 0.15), (200, 0.11), (500, 0.07)])
def test_detectable_difference_is_the_published_one(n: int, seen: float) -> None:
    found = shown(differing(n, 3 * n // 10), Design.of(range(n)))
    assert found is not None
    assert round(found, 2) == seen


@pytest.mark.parametrize(("n", "discordant"), [(100, 30), (100, 6), (240, 60)])
def test_detectable_difference_agrees_with_statsmodels(n: int, discordant: int) -> None:
    """Its normal test of one sample (ratio 0) with the effect in standard deviations, delta / √discordance."""
    from statsmodels.stats.power import NormalIndPower

    effect = NormalIndPower().solve_power(nobs1=n, alpha=0.05, power=0.8, ratio=0)
    found = shown(differing(n, discordant), Design.of(range(n)))
    assert found == pytest.approx(effect * (discordant / n) ** 0.5, rel=1e-5)


def test_detectable_difference_follows_discordance_and_clusters() -> None:
    values = np.array([1.0] * 15 + [-1.0] * 15 + [0.0] * 70)
    alone = shown(values, Design.of(range(100)))
    mixed = shown(values, Design.of([i % 20 for i in range(100)]))
    agreeing = shown(values, Design.of([i // 5 for i in range(100)]))
    assert alone is not None
    assert mixed is not None
    assert agreeing is not None
    assert alone < mixed < agreeing


def test_detectable_difference_is_no_less_than_six_questions_can_show() -> None:
    assert shown(np.zeros(100), Design.of(range(100))) == shown(differing(100, 6), Design.of(range(100)))
    clustered = shown(np.zeros(120), Design.of([i // 4 for i in range(120)]))
    assert clustered == pytest.approx((2.0452 + 0.8542) * (0.2 / 30) ** 0.5, abs=1e-4)  # t of 29 degrees
    assert shown(np.zeros(5), Design.of(range(5))) is None
    assert shown(np.zeros(6), Design.of(range(6))) is None  # it would be above 1


def test_a_single_cluster_shows_no_noise() -> None:
    assert noise(np.ones(10), Design.of([0] * 10)) is None
    assert noise(np.ones(1), Design.of([0])) is None
    assert noise(np.array([]), Design.of([])) is None


@pytest.mark.parametrize("pairs", [1, 3, 6, 15])
def test_fewest_is_the_first_count_whose_p_is_below_alpha(pairs: int) -> None:
    """Against the exact test itself: all differ, in one direction."""
    least = fewest(ALPHA / pairs)
    assert exchange_p(np.ones(least)) < ALPHA / pairs <= exchange_p(np.ones(least - 1))


def test_questions_against_figures_worked_out_by_hand() -> None:
    """(1.9600 + 0.8416)² · 0.35 / 0.15² = 122.1, and for one of six pairs (2.6383 + 0.8416)² · 0.35 / 0.15² = 188.4."""
    seen = noise(np.array([1.0] * 10 + [-1.0] * 4 + [0.0] * 26), Design.of(range(40)))
    assert seen
    assert questions(seen, 0.15) == questions(seen, -0.15) == 123
    assert questions(seen, 0.15, ALPHA / 6) == 189


def test_questions_are_near_connors_full_formula() -> None:
    """Connor (1987): (1.9600 √0.35 + 0.8416 √(0.35 − 0.15²))² / 0.15² = 119.7; the simple form is a little above."""
    seen = noise(differing(100, 35), Design.of(range(100)))
    assert seen
    assert 119.7 <= (questions(seen, 0.15) or 0) <= 1.05 * 119.7


def test_no_effect_is_never_shown() -> None:
    seen = noise(differing(100, 30), Design.of(range(100)))
    assert seen
    assert questions(seen, 0.0) is None
    assert questions(seen, 1e-6) is None


scores = st.sampled_from([-1.0, 0.0, 0.0, 1.0]) | st.floats(-1, 1, allow_subnormal=False)
asked = st.lists(st.tuples(scores, st.integers(0, 30)), min_size=8, max_size=60)


@settings(deadline=None)
@given(asked, st.booleans(), st.sampled_from([-0.05, 0.0, 0.03]), st.sampled_from([1, 6]), st.floats(0.01, 1))
def test_questions_and_detectable_are_inverse(
    rows: list[tuple[float, int]], clustered: bool, about: float, pairs: int, effect: float
) -> None:
    design = Design.of([cluster if clustered else i for i, (_, cluster) in enumerate(rows)])
    seen, alpha = noise(np.array([value for value, _ in rows]), design, about), ALPHA / pairs
    assume(seen is not None)
    assert seen
    needed = questions(seen, effect, alpha)
    assert needed is not None
    assert (detectable(seen, alpha, needed) or 2) <= effect
    assert (detectable(seen, alpha, needed - 1) or 2) > effect
    smallest = detectable(seen, alpha)
    if smallest is not None:
        assert (questions(seen, smallest, alpha) or 0) <= seen.n
        assert (questions(seen, smallest * 0.99, alpha) or 0) >= seen.n


@settings(deadline=None)
@given(asked, st.floats(0.01, 1), st.floats(0.01, 1))
def test_a_larger_effect_never_takes_more_questions(
    rows: list[tuple[float, int]], one: float, other: float
) -> None:
    seen = noise(np.array([value for value, _ in rows]), Design.of([cluster for _, cluster in rows]))
    assume(seen is not None)
    assert seen
    small, large = sorted((one, other))
    assert (questions(seen, large) or 0) <= (questions(seen, small) or 0)
    assert (questions(seen, small, ALPHA / 6) or 0) >= (questions(seen, small) or 0)


@pytest.mark.parametrize(("pairs", "size"), [(1, 1), (6, 1), (1, 4), (6, 4)])
def test_so_many_questions_show_it_in_four_of_five_runs(pairs: int, size: int) -> None:
    """Simulated: 25 % up, 10 % down; whole clusters of `size` questions that agree half of the time."""
    rng, alpha = np.random.default_rng(size), ALPHA / pairs

    def run(n: int) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], Design]:
        labels = np.arange(n) // size
        own, shared = rng.random(n), rng.random(n)[labels]
        draw = np.where(rng.random(n)[labels] < 0.5, shared, own)
        return np.where(draw < 0.25, 1.0, np.where(draw > 0.9, -1.0, 0.0)), Design.of(labels.tolist())

    seen = noise(*run(2000))
    assert seen
    needed = questions(seen, 0.15, alpha)
    assert needed
    drawn = (run(needed) for _ in range(200))
    share = np.mean([exchange_p(design.sums(values)) < alpha for values, design in drawn])
    assert 0.70 <= share <= 0.90


@pytest.mark.parametrize(
    ("count", "told"), [(1, 1), (99, 99), (100.2, 110), (119.4, 120), (1200, 1200), (1234, 1300)]
)
def test_estimates_are_rounded_up_to_two_digits(count: float, told: int) -> None:
    assert rounded_up(count) == told


def test_what_is_just_not_shown_takes_twice_the_questions() -> None:
    """(2.8016 / 1.9600)² = 2.043."""
    assert undecided_least(100) == 205
    assert undecided_least(100, ALPHA / 6) < 205
