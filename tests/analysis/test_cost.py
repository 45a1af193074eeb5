"""Dollars by METHOD 5, against its worked figures; what cannot be known is None with a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.analysis.cost import OneOff, Price, costs, per_query_usd, price_of
from harness.analysis.throughput import Batched
from harness.records import TimingRow

PRICE = Price(usd_per_hour=2.5, utilisation=0.1, assumptions={"machine": "box"})


def test_worked_figure_of_the_method() -> None:
    """$2.50 an hour at 700 tokens/s and 300 tokens a query: $0.00030 at full use, $0.0030 at a tenth."""
    assert per_query_usd(PRICE, 300 / 700, 1.0) == pytest.approx(0.00030, abs=5e-6)
    assert per_query_usd(PRICE, 300 / 700) == pytest.approx(0.0030, abs=5e-5)


def test_unmerged_rows_are_not_what_is_deployed() -> None:
    row = TimingRow("t", "s", "q", 0, 0, None, 0.5, 3.6, 10, 2)
    cost = costs(PRICE, [row, replace(row, e2e_s=99.0, merged=False)], None, OneOff(), 0.5)
    assert cost["per_query_usd"] == pytest.approx(2.5 / 3600 * 3.6 / 0.1)
    assert cost["per_correct_usd"] == pytest.approx(2 * cost["per_query_usd"])
    assert cost["assumptions"]["serial_queries_per_s"] == pytest.approx(1 / 3.6)


def test_no_time_no_price_no_right_answer() -> None:
    row = TimingRow("t", "s", "q", 0, 0, None, 0.5, 3.6, 10, 2)
    untimed = costs(PRICE, [], Batched(2, 10, 7.2), OneOff(training_s=360.0), 0.5)
    assert (untimed["per_query_usd"], untimed["reason"]) == (None, "not timed")
    assert untimed["components"]["batched_usd"] == pytest.approx(2.5 / 3600 * 3.6 / 0.1)
    assert untimed["fixed_usd"] == pytest.approx(0.25)
    unpriced = costs(price_of({}), [row], None, OneOff(), 0.5)
    assert (unpriced["per_query_usd"], unpriced["fixed_usd"]) == (None, None)
    assert unpriced["reason"] == "the run has no price sheet"
    assert costs(PRICE, [row], None, OneOff(), 0.0)["per_correct_usd"] is None
    assert costs(PRICE, [row], None, OneOff(known=False), 0.5)["fixed_usd"] is None
