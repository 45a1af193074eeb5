"""Percentiles are claimed only where n supports them, with intervals that cover what they promise."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from harness.analysis.latency import (
    PERCENTILES,
    mean_interval,
    order_ranks,
    paired_ratio,
    percentiles,
    quantile,
    too_few,
    tpot_s,
)
from harness.records import TimingRow


@pytest.mark.parametrize(
    ("n", "claimed"),
    [
        (0, []),
        (9, []),
        (10, ["p50"]),
        (63, ["p50"]),
        (64, ["p50", "p90"]),
        (129, ["p50", "p90"]),
        (130, ["p50", "p90", "p95"]),
        (661, ["p50", "p90", "p95"]),
        (662, ["p50", "p90", "p95", "p99"]),
    ],
)
def test_minimum_number_of_observations(n: int, claimed: list[str]) -> None:
    block = percentiles([float(i) for i in range(n)])
    assert block["n"] == n
    assert [name for name in PERCENTILES if block[name] is not None] == claimed
    assert [name for name, ends in block["ci"].items() if ends] == claimed
    assert all(None not in ends for ends in block["ci"].values() if ends)


def test_too_few_says_so() -> None:
    assert too_few(20, "p90") == "n/a (n=20 < 64)"


@pytest.mark.parametrize("q", [0.0, 0.5, 0.9, 0.99, 1.0])
def test_quantile_agrees_with_numpy(q: float) -> None:
    import numpy

    values = sorted([0.3, 1.7, 0.9, 4.2, 2.2, 2.2, 8.0])
    assert quantile(values, q) == pytest.approx(float(numpy.quantile(values, q)))


def test_ranks_of_the_median_of_ten_by_hand() -> None:
    # P(B <= 1) = 11/1024 = 0.011 <= 0.025 < P(B <= 2) = 56/1024, and by symmetry from above.
    assert order_ranks(10, 0.5) == (2, 9)


@pytest.mark.parametrize(("n", "q"), [(10, 0.5), (64, 0.9), (130, 0.95), (662, 0.99), (5000, 0.5)])
def test_ranks_cover_the_quantile_and_no_more_than_needed(n: int, q: float) -> None:
    from scipy.stats import binom

    low, high = order_ranks(n, q)
    assert binom.cdf(high - 1, n, q) - binom.cdf(low - 1, n, q) >= 0.95
    assert binom.cdf(low, n, q) > 0.025
    assert binom.cdf(high - 2, n, q) < 0.975


def test_too_few_observations_leave_the_interval_open() -> None:
    assert order_ranks(3, 0.5) == (0, 4)


def test_time_per_token_is_undefined_for_one_token() -> None:
    row = TimingRow("t", "s", "q", 0, 0, None, 0.5, 2.0, 10, 4)
    assert tpot_s(row) == 0.5  # (2.0 − 0.5) / 3
    assert tpot_s(TimingRow("t", "s", "q", 0, 0, None, 0.5, 0.5, 10, 1)) is None


def timed(name: str, times: list[float], **more: Any) -> list[TimingRow]:
    return [TimingRow("t", name, f"q{i}", i, 0, None, 0.0, s, 1, 2, **more) for i, s in enumerate(times)]


def test_ratio_is_of_the_same_question_and_its_median_is_bootstrapped() -> None:
    """With 11 ratios a bootstrap median is one of them; it is at most the k-th where 6 of the 11 draws are."""
    from scipy.stats import binom

    ratios = [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0]
    at_most = [float(binom.sf(5, 11, k / 11)) for k in range(1, 12)]
    a = timed("a", [float(i + 1) for i in range(11)])
    b = timed("b", [ratio * (i + 1) for i, ratio in enumerate(ratios)])
    found = paired_ratio(a, list(reversed(b)))
    assert (found["n"], found["median"]) == (11, pytest.approx(1.5))
    assert found["ci_low"] == pytest.approx(
        next(r for r, p in zip(ratios, at_most, strict=True) if p > 0.025)
    )
    assert found["ci_high"] == pytest.approx(
        next(r for r, p in zip(ratios, at_most, strict=True) if p > 0.975)
    )
    assert paired_ratio(a, b) == paired_ratio(a, b)


def test_ratio_of_few_of_other_blocks_or_unmerged_rows_is_not_claimed() -> None:
    nothing = {"median": None, "ci_low": None, "ci_high": None}
    a = timed("a", [1.0] * 12)
    assert paired_ratio(a, timed("b", [2.0] * 9)) == {"n": 9, **nothing}
    assert paired_ratio(a, timed("b", [2.0] * 12, merged=False)) == {"n": 0, **nothing}
    elsewhere = [dataclasses.replace(row, block=row.block + 100) for row in timed("b", [2.0] * 12)]
    assert paired_ratio(a, elsewhere) == paired_ratio([], []) == {"n": 0, **nothing}


def test_ratio_of_equal_times_is_one() -> None:
    found = paired_ratio(timed("a", [1.0] * 10), timed("b", [1.0] * 10))
    assert found == {"n": 10, "median": 1.0, "ci_low": 1.0, "ci_high": 1.0}


@pytest.mark.parametrize(("n", "spread", "least"), [(10, 0.1, 0.93), (20, 0.3, 0.93), (60, 0.5, 0.93)])
def test_the_interval_of_a_mean_time_covers_it(n: int, spread: float, least: float) -> None:
    """Times with a long right tail, whose mean is known: lognormal."""
    import math

    import numpy

    drawn = numpy.random.Generator(numpy.random.PCG64(n)).lognormal(0.0, spread, (2_000, n))
    ends = [mean_interval(row.tolist()) for row in drawn]
    covered = sum(low <= math.exp(spread**2 / 2) <= high for low, high in filter(None, ends))
    assert covered / len(drawn) >= least


def test_a_mean_of_few_times_has_no_interval_and_no_time_is_below_nothing() -> None:
    assert mean_interval([1.0] * 9) is None
    assert mean_interval([1.0] * 10) == (1.0, 1.0)
    low, high = mean_interval([0.0] * 9 + [1.0]) or (1.0, 0.0)
    assert (low, high) == (0.0, pytest.approx(0.1 + 2.262157 * 0.1))
