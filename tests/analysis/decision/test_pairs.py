"""Differences looked up in either direction, and how many questions tell two strategies apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.analysis.decision.pairs import NO_DIFFERENCE, Limit, Pairs, Power
from tests.analysis.candidates import candidate, comparison, share

ROW = comparison("base", "rag", 0.2, (0.1, 0.3), p_adjusted=None)


def test_a_difference_is_looked_up_in_either_direction() -> None:
    pairs = Pairs([replace(ROW, p_adjusted=0.03)])
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
def test_resolved_needs_interval_and_adjusted_p(changed: dict[str, Any], resolved: bool) -> None:
    assert Pairs([replace(ROW, **changed)]).of("rag", "base").resolved is resolved


def test_what_was_not_compared_is_not_known() -> None:
    for pairs in (Pairs([]), Pairs([replace(ROW, delta=None)]), Pairs([ROW], metric="f1")):
        found = pairs.of("rag", "base")
        assert (found.delta, found.low, found.high, found.resolved) == (None, -1.0, 1.0, False)


def test_no_difference_has_no_sign() -> None:
    assert str(Pairs([replace(ROW, delta=0.0, ci_low=0.0)]).of("base", "rag").delta) == "0.0"


def test_without_an_interval_none_is_shown_and_all_is_possible() -> None:
    found = Pairs([replace(ROW, ci_low=None, ci_high=None, p=None)]).of("rag", "base")
    assert (found.delta, found.low, found.high, found.interval) == (0.2, -1.0, 1.0, (None, None))
    assert Pairs([ROW]).of("base", "rag").interval == (-0.3, -0.1)


def test_a_pair_has_the_level_that_holm_asks_of_it() -> None:
    pairs = Pairs([replace(ROW, level=0.025), replace(ROW, b="few-shot", p=None)])
    assert pairs.level("rag", "base") == pairs.level("base", "rag") == 0.025
    assert pairs.level("base", "few-shot") == pairs.level("rag", "lora") == 0.05


@pytest.mark.parametrize(
    ("low", "high", "alike", "ahead"),
    [
        (0.01, 0.04, True, False),
        (-0.02, 0.04, True, False),
        (0.01, 0.06, False, True),
        (-0.02, 0.06, False, False),
    ],
)
def test_a_difference_within_the_margin_does_not_matter_however_significant(
    low: float, high: float, alike: bool, ahead: bool
) -> None:
    found = Pairs([replace(ROW, delta=(low + high) / 2, ci_low=low, ci_high=high)]).of("rag", "base")
    assert (found.within(0.05), found.ahead(0.05)) == (alike, ahead)
    assert Pairs([replace(ROW, ci_low=None, ci_high=None)]).of("rag", "base").within(0.05) is False


def test_a_shifted_difference_is_judged_by_its_interval_alone() -> None:
    found = Pairs([ROW]).of("rag", "base")
    assert found.shifted(0.0) is found
    shifted = found.shifted(-0.25)
    assert (shifted.delta, shifted.low, shifted.high) == pytest.approx((-0.05, -0.15, 0.05))
    assert shifted.p is None


A, B = candidate("a", share(16, 40, 4)), candidate("b", share(10, 40))


@pytest.mark.parametrize(("family", "whole"), [(1, 122), (6, 189)])
def test_further_questions_against_figures_worked_out_by_hand(family: int, whole: int) -> None:
    """14 of 40 differ, by 0.15: (1.9600 + 0.8416)² · 0.35 / 0.0225 = 122.1; of six pairs 2.6383: 188.4."""
    need = Power({}).needed(A, B, [NO_DIFFERENCE], 0.05 / family)
    assert whole - 40 <= (need.questions or 0) <= 1.1 * (whole + 1 - 40)
    assert (need.clusters, need.reason) == (None, None)


def test_only_what_must_differ_at_all_is_adjusted_for_the_family() -> None:
    alone, many = (Power({}).needed(A, B, [Limit(-0.05)], 0.05 / family) for family in (1, 15))
    assert alone == many


def test_the_nearer_of_two_limits_decides_and_none_where_the_choice_turns() -> None:
    power = Power({})
    far, near = ([Limit(0.10)], [Limit(0.10), Limit(-0.05)])
    assert (power.needed(A, B, near).questions or 0) < (power.needed(A, B, far).questions or 0)
    turning = power.needed(A, B, [Limit(0.15)])
    assert (turning.questions, turning.clusters) == (None, None)
    assert "where the choice turns" in str(turning.reason)


def test_what_is_still_open_never_takes_only_one_question_more() -> None:
    """Six of twelve, all for one side: 12 · 7.85 / 6 = 15.7 would do, yet the pair, one of fifteen, is open."""
    one, other = candidate("a", share(6, 12)), candidate("b", share(0, 12))
    for family in (1, 15):
        assert (Power({}).needed(one, other, [NO_DIFFERENCE], 0.05 / family).questions or 0) > 5


@pytest.mark.parametrize(
    ("clusters", "reason"),
    [
        ({f"q{i:05}": "one" for i in range(40)}, "more of the same groups do not help"),
        ({f"q{i:05}": str(i % 5) for i in range(40)}, "more of the same groups do not help"),
    ],
)
def test_few_clusters_ask_for_others_and_name_no_number(clusters: dict[str, str], reason: str) -> None:
    need = Power(clusters).needed(A, B, [NO_DIFFERENCE])
    assert need.questions is None
    assert reason in str(need.reason)


def test_one_question_and_none_in_common_tell_nothing() -> None:
    one, other = candidate("a", [1.0]), candidate("b", [0.0])
    assert Power({}).needed(one, other, [NO_DIFFERENCE]).reason == (
        "fewer than six questions were asked, too few to judge from"
    )
    empty = candidate("c", [])
    assert Power({}).needed(one, empty, [NO_DIFFERENCE]).reason == "no question was answered by both"


def test_questions_of_a_cluster_count_together_and_further_clusters_are_named() -> None:
    base, rag = candidate("base", share(20, 80)), candidate("rag", share(26, 80, 4))
    bound = {f"q{index:05}": str(index // 4) for index in range(80)}
    tied, loose = (Power(clusters).needed(rag, base, [NO_DIFFERENCE]) for clusters in (bound, {}))
    assert (tied.questions or 0) > 2 * (loose.questions or 0) > 0
    assert tied.clusters == pytest.approx((tied.questions or 0) / 4, rel=0.1)
