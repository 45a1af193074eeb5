"""Ratios of times, paired by question and block: their geometric mean (history and gate) and their median (report)."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import astuple
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.latency_ratio import MeanRatio, mean_ratio, median_ratio
from harness.analysis.results.comparison import LatencyRatio
from harness.records import TimingRow

TIMES = st.lists(st.floats(1e-3, 1e3), min_size=3, max_size=12)


def rows(seconds: list[float], **more: Any) -> list[TimingRow]:
    return [TimingRow("t", "s", f"q{i}", i, 0, None, 0.0, s, 1, 2, **more) for i, s in enumerate(seconds)]


def is_exactly(found: MeanRatio | None, ratio: float, n: int) -> bool:
    """The same ratio on every question: an interval of nothing."""
    assert found is not None
    return (*astuple(found)[:3], found.n) == (*[pytest.approx(ratio)] * 3, n)


def test_a_ratio_by_hand() -> None:
    """Ratios 1, 2, 4: logs 0, ln 2, 2 ln 2, so the mean is ln 2 and the standard error ln 2 / √3.

    Student's 97.5 % quantile at two degrees of freedom is 4.302653 (any table of it).
    """
    found = mean_ratio(rows([1.0, 3.0, 5.0]), rows([1.0, 6.0, 20.0]))
    assert found is not None
    half = 4.302653 * math.log(2) / math.sqrt(3)
    assert found.n == 3
    assert found.ratio == pytest.approx(2.0)
    assert found.ci_low == pytest.approx(2 * math.exp(-half), rel=1e-6)
    assert found.ci_high == pytest.approx(2 * math.exp(half), rel=1e-6)


def test_scipy_finds_the_same() -> None:
    from scipy import stats

    generator = np.random.Generator(np.random.PCG64(3))
    base, other = generator.lognormal(0, 0.4, 20), generator.lognormal(0.3, 0.4, 20)
    found = mean_ratio(rows(base.tolist()), rows(other.tolist()))
    expected = stats.ttest_1samp(np.log(other / base), 0).confidence_interval(0.95)
    assert found is not None
    assert found.ratio == pytest.approx(stats.gmean(other / base))
    assert (found.ci_low, found.ci_high) == pytest.approx(tuple(np.exp(expected)))


@given(TIMES, st.floats(0.01, 100))
def test_a_machine_that_is_slower_throughout_changes_nothing(seconds: list[float], slower: float) -> None:
    other = [2.5 * s + 0.1 for s in seconds]
    here = mean_ratio(rows(seconds), rows(other))
    there = mean_ratio(rows([slower * s for s in seconds]), rows([slower * s for s in other]))
    assert here is not None
    assert there is not None
    assert astuple(here) == pytest.approx(astuple(there))


def test_fewer_than_three_questions_say_nothing() -> None:
    assert mean_ratio(rows([1.0, 1.0]), rows([2.0, 2.0])) is None
    assert is_exactly(mean_ratio(rows([1.0, 1.0, 1.0]), rows([2.0, 2.0, 2.0])), 2.0, 3)


def test_unmerged_rows_other_blocks_and_no_time_at_all_do_not_count() -> None:
    base = rows([1.0] * 5)
    assert mean_ratio(base, rows([2.0] * 5, merged=False)) is None
    assert mean_ratio(rows([1.0] * 5, merged=False), rows([2.0] * 5)) is None
    assert mean_ratio(base, rows([0.0, 0.0, 0.0, 2.0, 2.0])) is None
    elsewhere = [TimingRow("t", "s", f"q{i}", i + 9, 0, None, 0.0, 2.0, 1, 2) for i in range(5)]
    assert mean_ratio(base, elsewhere) is None


def test_a_question_timed_in_two_blocks_counts_once() -> None:
    """Its logs 0 and 2 ln 2 make ln 2, as the other two questions have it."""
    again = [TimingRow("t", "s", "q0", 7, 0, None, 0.0, s, 1, 2) for s in (1.0, 4.0)]
    found = mean_ratio([*rows([1.0] * 3), again[0]], [*rows([1.0, 2.0, 2.0]), again[1]])
    assert is_exactly(found, 2.0, 3)


# The median


def timed(name: str, times: list[float], **more: Any) -> list[TimingRow]:
    return [TimingRow("t", name, f"q{i}", i, 0, None, 0.0, s, 1, 2, **more) for i, s in enumerate(times)]


def test_ratio_is_of_the_same_question_and_its_median_is_bootstrapped() -> None:
    """With 11 ratios a bootstrap median is one of them; it is at most the k-th where 6 of the 11 draws are."""
    from scipy.stats import binom

    ratios = [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0]
    at_most = [float(binom.sf(5, 11, k / 11)) for k in range(1, 12)]
    a = timed("a", [float(i + 1) for i in range(11)])
    b = timed("b", [ratio * (i + 1) for i, ratio in enumerate(ratios)])
    found = median_ratio(a, list(reversed(b)))
    assert (found.n, found.median) == (11, pytest.approx(1.5))
    assert found.ci_low == pytest.approx(next(r for r, p in zip(ratios, at_most, strict=True) if p > 0.025))
    assert found.ci_high == pytest.approx(next(r for r, p in zip(ratios, at_most, strict=True) if p > 0.975))
    assert median_ratio(a, b) == median_ratio(a, b)


def test_ratio_of_few_of_other_blocks_or_unmerged_rows_is_not_claimed() -> None:
    a = timed("a", [1.0] * 12)
    assert median_ratio(a, timed("b", [2.0] * 9)) == LatencyRatio(9, None, None, None)
    assert median_ratio(a, timed("b", [2.0] * 12, merged=False)) == LatencyRatio(0, None, None, None)
    elsewhere = [dataclasses.replace(row, block=row.block + 100) for row in timed("b", [2.0] * 12)]
    assert median_ratio(a, elsewhere) == median_ratio([], []) == LatencyRatio(0, None, None, None)


def test_ratio_of_equal_times_is_one() -> None:
    found = median_ratio(timed("a", [1.0] * 10), timed("b", [1.0] * 10))
    assert found == LatencyRatio(10, 1.0, 1.0, 1.0)
