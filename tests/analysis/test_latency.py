"""Percentiles are claimed only where n supports them, with intervals that cover what they promise."""

from __future__ import annotations

import pytest

from harness.analysis.latency import (
    PERCENTILES,
    mean_interval,
    order_ranks,
    percentiles,
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
    assert block.n == n
    assert [name for name in PERCENTILES if block.at(name) is not None] == claimed
    assert [name for name, ends in block.ci.items() if ends] == claimed
    assert all(None not in ends for ends in block.ci.values() if ends)


def test_too_few_says_so() -> None:
    assert too_few(20, "p90") == "n/a (n=20 < 64)"


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
