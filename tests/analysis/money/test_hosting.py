"""A month of machines under each tariff: by hand, and what must hold for all figures."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.analysis.results.hosting import ALL_MONTH, Hosting
from harness.spec.tariff import Tariff

KEPT = Hosting(
    tariff=Tariff.KEPT_UP,
    machine="box",
    usd_per_hour=2.0,
    peak_factor=3.0,
    cold_starts=720,
    load_s=10.0,
    utilisation=0.5,
)
ZERO, SHARED = replace(KEPT, tariff=Tariff.SCALE_TO_ZERO), replace(KEPT, tariff=Tariff.SHARED)
hostings = st.builds(
    Hosting,
    tariff=st.sampled_from(Tariff),
    machine=st.just("box"),
    usd_per_hour=st.floats(1e-3, 1e3),
    hours=st.floats(1, 744),
    peak_factor=st.floats(1, 100),
    cold_starts=st.floats(0, 1e4),
    load_s=st.floats(0, 600),
    utilisation=st.floats(1e-3, 1),
)
volumes, times = st.floats(1, 1e7), st.floats(1e-3, 100)


def test_a_machine_costs_its_hours_whether_it_is_asked_or_not() -> None:
    assert ALL_MONTH == 730.5
    assert KEPT.monthly_usd(0, 5.0) == KEPT.monthly_usd(10, 5.0) == pytest.approx(1461)
    assert KEPT.per_query_usd(10, 5.0) == pytest.approx(146.1)
    assert KEPT.per_query_usd(100_000, 5.0) == pytest.approx(0.01461)


def test_as_many_machines_as_the_peak_needs() -> None:
    # 2,629,800 seconds a month: one machine answers 525,960 queries of 5 s, at a peak of three times the mean 175,320
    assert [KEPT.machines(queries, 5.0) for queries in (1, 175_320, 175_321, 1_000_000)] == [1, 1, 2, 6]
    assert KEPT.monthly_usd(1_000_000, 5.0) == pytest.approx(6 * 1461)
    by_day = replace(KEPT, hours=200)
    assert (by_day.machines(1_000_000, 5.0), by_day.monthly_usd(1, 5.0)) == (21, 400)


def test_scaled_to_zero_it_costs_its_busy_seconds_and_its_cold_starts() -> None:
    # 1,000 queries of 5 s and 720 starts of 10 s: 12,200 s; the tenth query cannot start it an eleventh time
    assert ZERO.monthly_usd(1_000, 5.0) == pytest.approx(12_200 * 2 / 3600)
    assert ZERO.monthly_usd(10, 5.0) == pytest.approx(150 * 2 / 3600)
    assert ZERO.monthly_usd(0, 5.0) == 0


def test_shared_machines_cost_the_seconds_over_the_utilisation() -> None:
    assert SHARED.monthly_usd(1_000, 5.0) == pytest.approx(5_000 * 2 / 3600 / 0.5)


@given(hostings, volumes, volumes, times)
def test_a_month_never_costs_less_at_more_queries(
    hosting: Hosting, a: float, b: float, seconds: float
) -> None:
    low, high = sorted((a, b))
    assert hosting.monthly_usd(low, seconds) <= hosting.monthly_usd(high, seconds)


@given(hostings, volumes, times)
def test_no_tariff_goes_below_full_use(hosting: Hosting, queries: float, seconds: float) -> None:
    assert hosting.per_query_usd(queries, seconds) >= hosting.full_use_usd(seconds) * (1 - 1e-12)


@given(hostings, st.floats(0, 1e5), times, st.floats(0, 1e5), times, st.floats(1, 1e6))
def test_above_the_break_even_it_is_cheaper_and_just_there_it_is_not(
    hosting: Hosting, standing_a: float, a: float, standing_b: float, b: float, factor: float
) -> None:
    """Against the costs themselves, at volumes below, at and above it."""
    found = hosting.cheaper_from(standing_a, a, standing_b, b)

    def dearer(queries: float) -> float:
        return standing_a + hosting.monthly_usd(queries, a) - standing_b - hosting.monthly_usd(queries, b)

    if found is None:
        far = 1e9 * factor
        assert dearer(far) >= -1e-9 * (standing_a + hosting.monthly_usd(far, b))
        return
    assume(found < 1e12)
    slack = 1e-9 * (1 + standing_a + standing_b + hosting.monthly_usd(found + 1, b))
    assert dearer(found * (1 + factor)) < slack
    if found:
        assert dearer(found * (1 - 1e-9)) > -slack


def test_break_evens_of_stairs_by_hand() -> None:
    """$1,461 a machine; a query of 10 s needs a further one every 87,660 queries, one of 5 s every 175,320."""
    same = KEPT.cheaper_from(0.0, 5.0, 0.0, 10.0)
    assert same == pytest.approx(87_660), "the second machine of the slower one"
    dear = KEPT.cheaper_from(2_000.0, 5.0, 0.0, 10.0)
    # two machines more make up for $2,000: ahead by two on the fourth stair, by one on the fifth that both begin, …
    assert dear == pytest.approx(3 * 87_660)
    assert KEPT.cheaper_from(0.0, 10.0, 0.0, 5.0) is None
    assert KEPT.cheaper_from(0.0, 5.0, 1.0, 5.0) == 0
    assert KEPT.cheaper_from(1.0, 5.0, 0.0, 5.0) is None


@pytest.mark.parametrize(
    ("hosting", "queries", "said"),
    [
        (KEPT, 10_000, "with one box kept up all month ($1,461.00)"),
        (KEPT, 1_000_000, "with six box machines kept up all month ($8,766.00)"),
        (replace(KEPT, hours=200.0), 10, "with one box kept up 200 hours a month ($400.00)"),
        (ZERO, 1_000, "with box scaled to zero between queries ($6.78 a month)"),
        (SHARED, 1_000, "on a shared box at 50.0 % utilisation ($5.56 a month)"),
    ],
)
def test_the_words(hosting: Hosting, queries: float, said: str) -> None:
    assert hosting.in_words(queries, 5.0) == said
