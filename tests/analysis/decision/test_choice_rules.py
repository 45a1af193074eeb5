"""What holds of the choice among any candidates."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.analysis.decision.candidates import Candidate
from tests.analysis.candidates import Money, candidate, chosen, share

FIELD = st.lists(
    st.tuples(st.integers(0, 60), st.floats(0.0, 0.01), st.floats(0, 500), st.floats(0, 20)),
    min_size=1,
    max_size=5,
)


def field(drawn: list[tuple[int, float, float, float]]) -> list[Candidate]:
    return [
        candidate(f"s{index}", share(right, 60), Money(per_query, fixed, refresh))
        for index, (right, per_query, fixed, refresh) in enumerate(drawn)
    ]


ERROR_PRICE = st.one_of(st.just(0.0), st.floats(1e-9, 10))  # dollars; smaller ones are refused


@settings(deadline=None)
@given(FIELD, ERROR_PRICE, ERROR_PRICE)
def test_a_dearer_error_never_lowers_the_chosen_ones_accuracy(
    drawn: list[tuple[int, float, float, float]], one: float, other: float
) -> None:
    candidates = field(drawn)
    low, high = sorted((one, other))
    cheap = chosen(candidates, error_price_usd=low).favourite
    dear = chosen(candidates, error_price_usd=high).favourite
    assert cheap
    assert dear
    assert dear.accuracy >= cheap.accuracy


@settings(deadline=None)
@given(FIELD, ERROR_PRICE, st.integers(1, 10**6))
def test_no_other_strategy_is_worth_more_than_the_favourite(
    drawn: list[tuple[int, float, float, float]], price: float, volume: int
) -> None:
    choice = chosen(field(drawn), error_price_usd=price, monthly_queries=volume)
    assert choice.favourite
    assert choice.favourite.total_usd == min(appraisal.total_usd or 0.0 for appraisal in choice.appraisals)


@settings(deadline=None)
@given(FIELD, st.one_of(st.none(), ERROR_PRICE))
def test_a_worse_and_dearer_rival_changes_nothing(
    drawn: list[tuple[int, float, float, float]], price: float | None
) -> None:
    candidates = field(drawn)
    before = chosen(candidates, error_price_usd=price)
    worst = candidate("worst", share(0, 60), Money(0.02, 1000, 100))
    assert chosen([*candidates, worst], error_price_usd=price).winner == before.winner


@settings(deadline=None)
@given(FIELD, st.floats(0, 1))
def test_a_requirement_never_lets_in_what_misses_it(
    drawn: list[tuple[int, float, float, float]], least: float
) -> None:
    choice = chosen(field(drawn), min_accuracy=least)
    assert all(appraisal.accuracy >= least for appraisal in choice.feasible)
    assert (choice.status == "none_feasible") == (not choice.feasible)
