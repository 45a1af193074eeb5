"""Differences looked up in either direction, and how many questions tell two strategies apart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.analysis.decision.pairs import Pairs, Power, questions_for
from tests.analysis.elections import candidate, share

ROW = {"a": "base", "b": "rag", "metric": "contains", "delta": 0.2, "ci_low": 0.1, "ci_high": 0.3, "p": 0.01}


def test_a_difference_is_looked_up_in_either_direction() -> None:
    pairs = Pairs([{**ROW, "p_adjusted": 0.03}])
    forth, back = pairs.of("rag", "base"), pairs.of("base", "rag")
    assert (forth.delta, forth.low, forth.high, forth.resolved) == (0.2, 0.1, 0.3, True)
    assert (back.delta, back.low, back.high, back.resolved) == (-0.2, -0.3, -0.1, True)


@pytest.mark.parametrize(
    ("changed", "resolved"),
    [
        ({"p_adjusted": 0.06}, False),  # many pairs were compared
        ({"p_adjusted": None, "p": None}, True),
        ({"ci_low": -0.01}, False),
        ({"ci_low": None, "ci_high": None}, False),
    ],
)
def test_resolved_needs_interval_and_adjusted_p(changed: dict[str, float | None], resolved: bool) -> None:
    assert Pairs([{**ROW, **changed}]).of("rag", "base").resolved is resolved


def test_what_was_not_compared_is_not_known() -> None:
    for pairs in (Pairs([]), Pairs([{**ROW, "delta": None}]), Pairs([ROW], metric="f1")):
        found = pairs.of("rag", "base")
        assert (found.delta, found.low, found.high, found.resolved) == (None, -1.0, 1.0, False)


def test_no_difference_has_no_sign() -> None:
    assert str(Pairs([{**ROW, "delta": 0.0, "ci_low": 0.0}]).of("base", "rag").delta) == "0.0"


@pytest.mark.parametrize(("seen", "n"), [(0.22, 50), (0.15, 100), (0.11, 200), (0.07, 500)])
def test_questions_agree_with_the_method_at_discordance_three_tenths(seen: float, n: int) -> None:
    """The method's smallest detectable differences are rounded to hundredths, hence the tolerance."""
    assert questions_for(seen, 0.3 - seen * seen) == pytest.approx(n, rel=0.15)


def test_connors_formula_against_a_figure_worked_out_by_hand() -> None:
    """ψ = 0.35, d = 0.15: (1.96·0.591608 + 0.841621·0.572276)² / 0.0225 = (1.159531 + 0.481640)² / 0.0225."""
    assert questions_for(0.15, 0.35 - 0.0225) == 120


def test_no_effect_cannot_be_shown_and_no_discordance_is_not_certainty() -> None:
    assert questions_for(0.0, 0.3) is None
    assert questions_for(1e-6, 0.3) is None
    # never seen to differ: about as many as show that a share is below 5 % (three over the share, and more for power)
    assert 60 < (questions_for(0.05, 0.0) or 0) < 200


@settings(deadline=None)
@given(st.floats(0.01, 1.0), st.floats(0.01, 1.0), st.floats(0.0, 1.0))
def test_a_larger_difference_never_takes_more_questions(one: float, other: float, variance: float) -> None:
    small, large = sorted((one, other))
    if variance:
        assert (questions_for(large, variance) or 0) <= (questions_for(small, variance) or 10**9)


def test_power_takes_the_difference_from_the_point_where_the_choice_turns() -> None:
    power = Power({})
    a, b = candidate("a", share(50, 100)), candidate("b", share(35, 100, 30))
    plain, near = power.questions(a, b), power.questions(a, b, against=0.10)
    assert plain
    assert near
    assert near > 5 * plain
    assert power.questions(a, b, against=0.15) is None
    assert Power({}).questions(candidate("a", [1.0]), candidate("b", [0.0])) is None
