"""From which volume one way to pay for answers costs less than another: by hand, and against the costs themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.analysis.results.crossover import Line, cheaper_from
from harness.analysis.results.hosting import Hosting
from harness.analysis.results.tokens import ByToken
from harness.spec.tariff import Tariff
from tests.analysis.money.test_hosting import KEPT, SHARED, ZERO

TOKENS = ByToken(
    model="hosted", query_usd=0.01, query_ci_usd=(0.009, 0.011), prompt_usd=0.006, completion_usd=0.004, n=40,
    retried=0, input_usd_per_mtok=2.0, output_usd_per_mtok=8.0, cached_usd_per_mtok=0.5, priced_on="2026-01-01",
    source="made up",
)  # fmt: skip


def tokens(usd: float, standing: float = 0.0) -> Line:
    return Line(replace(TOKENS, query_usd=usd), 0.0, standing)


def test_a_dedicated_deployment_against_tokens_by_hand() -> None:
    """$1,461 a machine against $0.01 a query: 146,100 queries, which one machine answers at 1 s each.

    At 5 s one answers 175,320: tokens for $0.011 reach the price of four machines at 531,273 queries, which need four.
    """
    assert cheaper_from(Line(KEPT, 5.0, 0.0), tokens(0.011)) == pytest.approx(4 * 1_461 / 0.011)
    assert cheaper_from(Line(KEPT, 1.0, 0.0), tokens(0.01)) == pytest.approx(146_100)
    assert cheaper_from(Line(KEPT, 5.0, 0.0), tokens(0.008)) is None, (
        "$0.0083 a query at the peak's pace, for good"
    )


def test_what_stands_moves_the_crossover() -> None:
    """A fine-tune of $500 a month on a machine of $1,461: $0.01 a query pays for both from 196,100 queries on."""
    assert cheaper_from(Line(KEPT, 1.0, 500.0), tokens(0.01)) == pytest.approx(196_100)
    assert cheaper_from(Line(KEPT, 1.0, 0.0), tokens(0.01, standing=1_500.0)) == 0, "it never catches up"


def test_tokens_that_stay_below_a_machine() -> None:
    """A machine answers 876,600 queries of 1 s, for $0.0017 each: tokens for $0.001 cost less at any volume.

    With $1,000 a month beside them they do so from the second machine's end on: 1,000 / (1,461 − 876.6) is 1.7.
    """
    assert cheaper_from(tokens(0.001), Line(KEPT, 1.0, 0.0)) == 0
    assert cheaper_from(tokens(0.001, standing=1_000.0), Line(KEPT, 1.0, 0.0)) == pytest.approx(876_600)
    assert cheaper_from(tokens(0.002), Line(KEPT, 1.0, 0.0)) is None


def test_two_machines_of_different_price() -> None:
    """$1,461 for 876,600 queries of 1 s against $365.25 (a fourth) for 87,660 of 10 s.

    The cheap machine needs one for every 87,660 queries: four of them cost as much as the dear one, and the eleven that
    are needed where it needs a second one more than two.
    """
    dear, cheap = Line(KEPT, 1.0, 0.0), Line(replace(KEPT, usd_per_hour=0.5), 10.0, 0.0)
    assert cheaper_from(dear, cheap) == pytest.approx(4 * 87_660)
    assert cheaper_from(cheap, dear) is None


def test_two_machines_of_different_price_that_scale_to_zero() -> None:
    """20 s of cold starts at $2 against 20 s at $1 an hour, and 1 s a query against 3 s: $4 a month more, then less."""
    dear = Line(ZERO, 1.0, 0.0)
    cheap = Line(replace(ZERO, usd_per_hour=1.0), 3.0, 0.0)
    assert cheaper_from(dear, cheap) == pytest.approx(720 * 10 * 1 / 3600 / (3 / 3600 - 2 / 3600))


def test_lines_cross_where_what_stands_is_saved() -> None:
    """$0.0011 a second's query on a shared machine, half used, against $0.01 by the token: $89 stand for 10,000."""
    shared = Line(SHARED, 1.0, 89.0)
    assert cheaper_from(shared, tokens(0.01)) == pytest.approx(89 / (0.01 - 2 / 3600 / 0.5))
    assert cheaper_from(tokens(0.01), shared) is None
    assert cheaper_from(tokens(0.01), tokens(0.02)) == 0
    assert cheaper_from(tokens(0.01, standing=1.0), tokens(0.01)) is None


def test_what_costs_before_the_first_query() -> None:
    assert Line(KEPT, 1.0, 5.0).first == pytest.approx(1_466)
    assert (Line(SHARED, 1.0, 5.0).first, tokens(0.01, 5.0).first) == (5, 5)


hostings = st.builds(
    Hosting,
    tariff=st.just(Tariff.KEPT_UP),
    machine=st.just("box"),
    usd_per_hour=st.floats(1e-2, 1e2),
    hours=st.just(730.5),
    peak_factor=st.just(3.0),
    cold_starts=st.just(720.0),
    load_s=st.floats(0, 600),
    utilisation=st.just(0.5),
)
lines = st.one_of(
    st.builds(Line, hostings, st.floats(1e-2, 100), st.floats(0, 1e4)),
    st.builds(tokens, st.floats(1e-6, 1), st.floats(0, 1e4)),
)


@given(st.sampled_from(Tariff), lines, lines, st.floats(1e-6, 1e3))
def test_above_it_a_costs_less_and_just_there_it_does_not(
    tariff: Tariff, a: Line, b: Line, factor: float
) -> None:
    a, b = (under(tariff, line) for line in (a, b))
    found = cheaper_from(a, b)

    def dearer(queries: float) -> float:
        return a.at(queries) - b.at(queries)

    if found is None:
        far = 1e18  # beyond what any difference in standing costs hides
        assert dearer(far) >= -1e-6 * (1 + a.at(far))
        return
    assume(found < 1e10)
    above = found * (1 + factor) + factor
    assert dearer(above) < 1e-9 * (1 + a.at(above) + b.at(above))
    if found:
        assert dearer(found * (1 - 1e-9)) > -1e-6 * (1 + a.at(found) + b.at(found))


def under(tariff: Tariff, line: Line) -> Line:
    return replace(line, paid=replace(line.paid, tariff=tariff)) if isinstance(line.paid, Hosting) else line
