"""Numbers as people read them: units that fit, money that never looks free, and n/a with its reason."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.latency import percentiles
from harness.analysis.results.comparison import Comparison
from harness.analysis.results.figures import Estimate
from harness.quantities import dollars, number, percent, points, seconds
from harness.report import numbers

WRITTEN: dict[Callable[[float | None], str], dict[float | None, str]] = {
    dollars: {
        None: "n/a", 0.0: "$0", 1234.5: "$1,234.50", 1.0: "$1.00", 0.999: "$1.00", 0.5: "$0.50",
        0.045: "$0.045", 0.0135: "$0.0135", 0.0011: "$0.0011", 0.000012: "$0.000012",
        0.0000000996: "$0.0000000996", 3e-12: "< $0.000000001", -3e-12: "> −$0.000000001", 9.1e14: "$910 trillion",
        1.2e12: "$1.20 trillion", -0.5: "−$0.50",
    },
    seconds: {
        None: "n/a", 0.00008: "0.0800 ms", 0.045: "45.0 ms", 0.9996: "1.00 s", 1.234: "1.23 s",
        148.2: "148 s", 750.0: "12.5 min", 7560.0: "2.10 h", 0.0: "0 ms",
    },
    percent: {
        None: "n/a", 0.0: "0.0 %", 1.0: "100.0 %", 0.4523: "45.2 %", 0.0001: "< 0.1 %", 0.9999: "> 99.9 %",
    },
    points: {None: "n/a", 0.05: "+5.0 points", -0.5: "−50.0 points"},
    number: {None: "n/a", 41.26: "41.3", 1234.5: "1,234"},
    numbers.figure: {None: "n/a", 29.14: "29.1", 1234.0: "1,234", 0.5: "0.500"},
    numbers.loss: {None: "n/a", 0.12345: "0.123"},
    numbers.size: {None: "n/a", 0.11: "11.0 points"},
    numbers.factor: {None: "n/a", 1.25: "1.25×", 12.04: "12.0×", 0.98: "0.980×"},
}  # fmt: skip


@pytest.mark.parametrize("write", WRITTEN)
def test_numbers_as_they_are_written(write: Callable[[float | None], str]) -> None:
    assert {value: write(value) for value in WRITTEN[write]} == WRITTEN[write]


@given(st.floats(min_value=1e-30, max_value=1e9))
def test_money_that_is_not_nothing_never_shows_as_nothing(value: float) -> None:
    assert re.search("[1-9]", dollars(value).partition("e")[0])


def test_estimate_with_and_without_an_interval() -> None:
    assert numbers.estimate(Estimate(0.25, 0.0456, 0.6994, 4)) == "25.0 % (4.6–69.9)"
    assert numbers.estimate(Estimate(0.25, None, None, 4)) == "25.0 %"
    assert numbers.estimate(Estimate(None, None, None, 0)) == "n/a"
    assert numbers.estimate(None) == "n/a"


def test_percentile_that_n_does_not_support_says_why() -> None:
    times = percentiles([0.1] * 20)
    assert numbers.percentile(times, "p50") == "100 ms"
    assert numbers.percentile(times, "p90") == "n/a (n=20 < 64)"
    assert numbers.percentile(percentiles([]), "p50") == "not timed"
    assert numbers.percentile_interval(times, "p50") == "100 ms (100 ms–100 ms)"
    assert numbers.percentile_interval(times, "p99") == "n/a (n=20 < 662)"


def test_difference_with_and_without_an_interval() -> None:
    def shown(delta: float | None, low: float | None, high: float | None) -> str:
        judged = Comparison("a", "b", "f1", 9, delta, low, high, 0.5, None, 0, 0, 0, 9, None, None, 0.5, "")
        return judged.in_points

    assert shown(0.05, -0.012, 0.1134) == "+5.0 points (−1.2 to +11.3)"
    assert shown(0.05, None, None) == "+5.0 points"
    assert shown(None, None, None) == "n/a"
    assert [numbers.spread(0.401, 0.55), numbers.spread(None, None)] == ["40.1–55.0 %", "n/a"]


@given(st.floats(min_value=1e-300, max_value=1))
def test_a_probability_never_shows_as_nothing(p: float) -> None:
    assert re.search("[1-9]", numbers.probability(p))
    assert numbers.probability(None) == "n/a"
