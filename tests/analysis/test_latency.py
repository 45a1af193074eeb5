"""Percentiles are claimed only where n supports them, with intervals that cover what they promise."""

from __future__ import annotations

import pytest

from harness.analysis.latency import PERCENTILES, order_ranks, percentiles, quantile, too_few, tpot_s
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
