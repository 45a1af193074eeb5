"""The formulas of METHOD 5 against its worked figures, and what must hold for all of them."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.analysis.money.breakeven import break_even_per_refresh, break_even_queries, flip_error_price
from harness.analysis.money.economics import (
    DAYS_PER_MONTH,
    CostDifference,
    Economics,
    fine_tune_cost,
    per_correct_usd,
    with_error_price,
)
from harness.analysis.results.hosting import Hosting
from harness.analysis.results.money import Components
from harness.analysis.results.setting import Setting
from harness.spec.tariff import Tariff
from harness.spec.tokenusd import api_cost

GPT_4 = (30.0, 60.0)
"""$0.03 and $0.06 a thousand tokens, as dollars a million."""
money = st.floats(min_value=0, max_value=1e7)
price = st.floats(min_value=1e-9, max_value=1e3)


SHARED = Hosting(tariff=Tariff.SHARED, machine="box", usd_per_hour=3600.0)
"""A dollar a second, fully used: seconds are dollars."""


def made(name: str = "s", hosting: Hosting | None = SHARED, **values: Any) -> Economics:
    known = {"seconds": 0.01, "batched_s": 0.001, "fixed_usd": 1200.0, "refresh_usd": 70.0} | values
    return Economics(
        strategy=name, hosting=hosting, storage_usd_per_month=0.5, reason=None, components=Components(),
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
    shared = Hosting(tariff=Tariff.SHARED, machine="box", usd_per_hour=2.5, utilisation=0.1)
    assert shared.full_use_usd(300 / 700) == pytest.approx(0.00030, abs=5e-6)
    assert shared.per_query_usd(1, 300 / 700) == pytest.approx(0.0030, abs=5e-5)


# What follows from the definitions


def test_one_off_cost_of_a_fine_tune_term_by_term() -> None:
    # 3 · (2 h · $1.50 + 8 h · $100) + 320 · $1 + $400
    assert fine_tune_cost(3, 2.0, 1.5, 8.0, 100.0, 320 * 1.0 + 400.0) == pytest.approx(3 * 803 + 720)


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
    assert made(seconds=None).monthly_usd(0, 12, None) is None
    assert made(fixed_usd=None).monthly_usd(0, 12, None) is None
    assert made(batched_s=None).monthly_usd(1, 12, None, batched=True) is None


def test_other_tuning_cycles() -> None:
    assert [made().fixed_at(cycles) for cycles in (1, 3, 5)] == [1_000, 1_200, 1_400]
    assert made(fixed_usd=None).fixed_at(5) is None
    assert made().upfront_usd(12) == pytest.approx(1_206)
    assert made().upfront_usd(12, cycles=1) == pytest.approx(1_006)


# What two costs differ by, and the margin of that


def difference(one: Economics, other: Economics, at: Setting) -> CostDifference:
    cost, its = one.cost_at(at), other.cost_at(at)
    assert cost is not None
    assert its is not None
    return cost.minus(its)


def test_costs_differ_by_more_than_their_times_leave_open() -> None:
    """At 10,000 queries a second each is $10,000 a month; intervals of 0.1 s each leave $1,414 open."""
    at = Setting(monthly_queries=10_000)
    slow = made("slow", seconds=2.0, seconds_ci=(1.9, 2.1))
    fast = made("fast", seconds=1.0, seconds_ci=(0.9, 1.1))
    found = difference(slow, fast, at)
    assert (found.usd, found.timing_usd) == (pytest.approx(10_000), pytest.approx(1_000 * math.sqrt(2)))
    assert (found.alike, found.timed) == (False, True)
    assert difference(fast, slow, at).usd == pytest.approx(-10_000)
    near = made("near", seconds=1.1, seconds_ci=(1.0, 1.2))
    assert difference(near, fast, at).alike


def test_a_slow_answer_among_twenty_leaves_a_cost_open_upwards() -> None:
    """The mean is 10.95 s, its interval reaches to 0: what costs eleven times as much may cost as little."""
    one = made("one slow", seconds=10.95, seconds_ci=(0.0, 31.8))
    other = made("steady", seconds=1.0, seconds_ci=(0.98, 1.02))
    assert difference(one, other, Setting()).alike


def test_half_of_the_difference_in_peoples_time_is_margin() -> None:
    at = Setting(monthly_queries=10_000, horizon_months=10)
    known = {"seconds_ci": (0.01, 0.01), "refresh_usd": 0.0}
    more = made("more", fixed_usd=1_000.0, people_usd=1_000.0, **known)
    less = made("less", fixed_usd=600.0, people_usd=600.0, **known)
    found = difference(more, less, at)
    assert (found.usd, found.people_usd, found.alike) == (pytest.approx(40), pytest.approx(20), False)
    faster = made(
        "faster",
        fixed_usd=1_000.0,
        people_usd=1_000.0,
        **(known | {"seconds": 0.007, "seconds_ci": (0.007, 0.007)}),
    )
    assert difference(faster, less, at).alike, (
        "$40 of people less $30 of machines: $10 lie within half of $40"
    )


def test_too_few_timed_questions_leave_a_factor_of_two_open() -> None:
    fast, slow = made("fast", seconds=1.0), made("slow", seconds=1.5, seconds_ci=(1.4, 1.6))
    found = difference(slow, fast, Setting(monthly_queries=1_000))
    assert found.usd == pytest.approx(500)
    assert found.timing_usd == pytest.approx(1_000 * math.hypot(0.1, 1.0))
    assert (found.timed, found.alike) == (False, True)


def test_machines_that_are_kept_up_cost_the_same_where_as_many_are_needed() -> None:
    kept = Hosting(tariff=Tariff.KEPT_UP, machine="box", usd_per_hour=1.0, hours=100, peak_factor=1)
    fast, slow = (made(str(s), kept, seconds=s, seconds_ci=(0.5 * s, 2 * s)) for s in (1.0, 3.0))
    found = difference(slow, fast, Setting(monthly_queries=1_000))
    assert (found.usd, found.margin_usd, found.alike) == (0.0, 0.0, True)
    many = difference(slow, fast, Setting(monthly_queries=1_000_000))  # nine machines against three
    assert (many.usd, many.alike) == (600.0, False)
    assert many.timing_usd == pytest.approx(math.hypot(900 - 500, 600 - 300))


@given(st.floats(0.01, 100), st.floats(0.01, 100), st.floats(0, 1e4), st.floats(1, 1e7))
def test_a_difference_turned_round_is_the_same_with_its_sign(
    a: float, b: float, people: float, queries: float
) -> None:
    one = made("a", seconds=a, seconds_ci=(a / 1.5, 1.2 * a), fixed_usd=people, people_usd=people)
    two = made("b", seconds=b, fixed_usd=0.0)
    at = Setting(monthly_queries=queries)
    there, back = difference(one, two, at), difference(two, one, at)
    assume(there.usd)
    assert there.usd == -back.usd
    assert (there.margin_usd, there.alike) == (back.margin_usd, back.alike)


def test_how_it_is_served_is_said_with_its_figure() -> None:
    kept = Hosting(tariff=Tariff.KEPT_UP, machine="m7i.large", usd_per_hour=0.1008)
    said = made(hosting=kept, seconds=1.0).served(10_000)
    assert said is not None
    assert said.text == "with one m7i.large kept up all month ($73.63)"
    assert said.figures["machines_usd"] == pytest.approx(73.63, abs=0.01)
    assert (said.figures["machines"], said.figures["hours_a_month"]) == (1, 730.5)
    assert made(hosting=None).served(10_000) is None
