"""The formulas of METHOD 5 against its worked figures, and what must hold for all of them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.money.breakeven import break_even_per_refresh, break_even_queries, flip_error_price
from harness.analysis.money.economics import (
    DAYS_PER_MONTH,
    Economics,
    api_cost,
    fine_tune_cost,
    own_machine_cost,
    per_correct_usd,
    with_error_price,
)
from harness.analysis.results.money import Assumptions, Components

GPT_4 = (30.0, 60.0)
"""$0.03 and $0.06 a thousand tokens, as dollars a million."""
money = st.floats(min_value=0, max_value=1e7)
price = st.floats(min_value=1e-9, max_value=1e3)


def made(name: str = "s", **values: float | None) -> Economics:
    known = {"per_query_usd": 0.01, "batched_usd": 0.001, "fixed_usd": 1200.0, "refresh_usd": 70.0} | values
    return Economics(
        strategy=name, storage_usd_per_month=0.5, reason=None, components=Components(), assumptions=Assumptions(),
        per_cycle_usd=100.0, **known,
    )  # fmt: skip


# The worked figures of the method


def test_gpt_4_with_500_and_500_tokens_costs_4_5_cents() -> None:
    one = api_cost(500, 500, *GPT_4)
    assert one == pytest.approx(0.045)
    assert 100_000 * one == pytest.approx(4_500)


def test_2000_dollars_saved_at_2_cents_a_query_are_100_000_queries() -> None:
    assert break_even_queries(2_000, 0.0, 0.0, 0.02) == pytest.approx(100_000)


@pytest.mark.parametrize(("cycles", "usd", "queries"), [(3, 500, 75_000), (5, 2_000, 500_000)])
def test_three_to_five_cycles_at_500_to_2000_dollars(cycles: int, usd: float, queries: float) -> None:
    fixed = fine_tune_cost(cycles, 0.0, 0.0, engineer_hours=1.0, wage=usd)
    assert break_even_queries(fixed, 0.0, 0.0, 0.02) == pytest.approx(queries)


def test_a_fine_tuned_model_70_percent_cheaper_pays_from_63_492_queries() -> None:
    dear, cheap = api_cost(500, 500, *GPT_4), 0.3 * api_cost(500, 500, *GPT_4)
    assert cheap == pytest.approx(0.0135)
    queries = break_even_queries(2_000, cheap, 0.0, dear)
    assert queries is not None
    assert math.floor(queries) == 63_492


def test_an_hour_at_2_50_and_700_tokens_a_second() -> None:
    assert own_machine_cost(2.5, 700 / 300) == pytest.approx(0.00030, abs=5e-6)
    assert own_machine_cost(2.5, 700 / 300, utilisation=0.1) == pytest.approx(0.0030, abs=5e-5)


# What follows from the definitions


def test_one_off_cost_of_a_fine_tune_term_by_term() -> None:
    # 3 · (2 h · $1.50 + 8 h · $100) + 320 · $1 + $400
    assert fine_tune_cost(3, 2.0, 1.5, 8.0, 100.0, 320, 1.0, 400.0) == pytest.approx(3 * 803 + 720)


def test_cached_tokens_have_their_own_price_where_there_is_one() -> None:
    assert api_cost(1_000, 0, 2.0, 8.0, cached_tokens=400) == pytest.approx(0.002)
    assert api_cost(1_000, 0, 2.0, 8.0, 400, 0.5) == pytest.approx((600 * 2 + 400 * 0.5) / 1e6)


@given(money, price, money, price)
def test_totals_are_equal_at_the_break_even(fixed_a: float, a: float, fixed_b: float, b: float) -> None:
    queries = break_even_queries(fixed_a, a, fixed_b, b)
    if b <= a:
        assert queries is None
    elif fixed_a <= fixed_b:
        assert queries == 0
    elif queries is not None:
        # the difference of two near totals keeps few digits, so compare what is bought with what is saved
        assert queries * (b - a) == pytest.approx(fixed_a - fixed_b)


def test_break_even_per_refresh() -> None:
    assert break_even_per_refresh(70.0, 0.01, 0.02) == pytest.approx(7_000)
    assert break_even_per_refresh(70.0, 0.01, 0.02, refresh_b=20.0) == pytest.approx(5_000)
    assert break_even_per_refresh(10.0, 0.01, 0.02, refresh_b=20.0) == 0
    assert break_even_per_refresh(70.0, 0.02, 0.02) is None


@given(price, st.floats(0, 1), price, st.floats(0, 1))
def test_error_price_makes_both_cost_the_same(a: float, right_a: float, b: float, right_b: float) -> None:
    flip = flip_error_price(a, right_a, b, right_b)
    assert flip == flip_error_price(b, right_b, a, right_a)
    if flip is None:
        dearer_is_better = (a - b) * (right_a - right_b) > 0
        assert not dearer_is_better or abs(right_a - right_b) < 1e-300 or a == pytest.approx(b)
    else:
        assert flip > 0
        assert flip * (right_a - right_b) == pytest.approx(a - b)


def test_error_price_by_hand() -> None:
    # 2 cents more for 10 points more: a wrong answer must cost 20 cents
    assert flip_error_price(0.03, 0.9, 0.01, 0.8) == pytest.approx(0.20)
    assert flip_error_price(0.01, 0.9, 0.03, 0.8) is None
    assert flip_error_price(0.03, 0.9, 0.01, 0.9) is None
    assert with_error_price(0.01, 0.75, 2.0) == pytest.approx(0.51)
    assert with_error_price(None, 0.75, 2.0) is None
    assert with_error_price(0.01, 0.75, None) is None
    assert (per_correct_usd(0.01, 0.5), per_correct_usd(0.01, 0.0)) == (pytest.approx(0.02), None)


def test_a_month_is_queries_storage_a_share_of_what_was_paid_once_and_refreshes() -> None:
    assert made().monthly_usd(1_000, 12, None) == pytest.approx(10 + 0.5 + 100)
    assert made().monthly_usd(1_000, 12, 7) == pytest.approx(110.5 + 70 * DAYS_PER_MONTH / 7)
    assert made().monthly_usd(1_000, 12, None, batched=True) == pytest.approx(1 + 0.5 + 100)


def test_what_is_not_known_makes_the_month_unknown_only_where_it_is_needed() -> None:
    assert made(refresh_usd=None).monthly_usd(1_000, 12, None) is not None
    assert made(refresh_usd=None).monthly_usd(1_000, 12, 30) is None
    assert made(per_query_usd=None).monthly_usd(0, 12, None) is None
    assert made(fixed_usd=None).monthly_usd(0, 12, None) is None
    assert made(batched_usd=None).monthly_usd(1, 12, None, batched=True) is None


def test_other_tuning_cycles() -> None:
    assert [made().fixed_at(cycles) for cycles in (1, 3, 5)] == [1_000, 1_200, 1_400]
    assert made(fixed_usd=None).fixed_at(5) is None
    assert made().upfront_usd(12) == pytest.approx(1_206)
    assert made().upfront_usd(12, cycles=1) == pytest.approx(1_006)
