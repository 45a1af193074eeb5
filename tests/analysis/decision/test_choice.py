"""Known winners: hard requirements first, then value; and no recommendation that the questions do not carry."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from harness.analysis.decision.appraisal import appraise, known
from harness.analysis.decision.candidates import Taught, on_the_same_questions
from harness.analysis.decision.choice import Choice, Rules, choose, pays
from harness.analysis.decision.pairs import NO_DIFFERENCE, Limit, Pairs
from harness.analysis.decision.requirements.table import Requirements
from harness.analysis.results.figures import Estimate
from harness.analysis.results.verdict import Basis, Verdict
from harness.analysis.statistics.clusters import Design
from harness.analysis.statistics.paired import compare
from tests.analysis.candidates import Money, candidate, chosen, comparison, rules, setting, share, timed

BASE = candidate("base", share(100, 1000), Money(0.001))
RAG = candidate("rag", share(600, 1000), Money(0.004, fixed_usd=12))


def test_the_more_accurate_one_wins_where_the_difference_is_resolved() -> None:
    choice = chosen([BASE, RAG])
    assert (choice.status, choice.basis, choice.winner) == ("recommended", "accuracy", "rag")


PRICED = rules([BASE, RAG], least_error_usd=0.005)


def test_where_accuracy_and_cost_pull_apart_the_price_of_an_error_decides() -> None:
    """rag costs $0.0031 a query more and errs on half as many: worth it from $0.0062 an error on."""
    choice = choose([BASE, candidate("rag", share(600, 1000), Money(0.02, fixed_usd=12))], PRICED, setting())
    assert (choice.status, choice.winner) == ("recommended", "base")
    assert choice.condition
    assert (choice.condition.below, choice.condition.then) == ("base", "rag")
    assert choice.condition.error_price_usd == pytest.approx(0.0191 / 0.5)
    assert choice.condition.low_usd < choice.condition.error_price_usd < choice.condition.high_usd


@pytest.mark.parametrize(
    ("rag_usd", "least_usd", "why"),
    [
        (0.004, 0.0, "rag gives a right answer for $0.0068, base for $0.01"),
        (0.02, 0.04, "a wrong answer costs $0.04 at least, and rag is worth it from $0.0382 on"),
    ],
)
def test_a_price_that_no_wrong_answer_is_below_is_no_condition(
    rag_usd: float, least_usd: float, why: str
) -> None:
    pair = [BASE, candidate("rag", share(600, 1000), Money(rag_usd, fixed_usd=12))]
    choice = choose(pair, rules(pair, least_error_usd=least_usd), setting())
    assert (choice.winner, choice.condition) == ("rag", None), why


def test_what_is_significant_and_within_the_margin_does_not_matter() -> None:
    base = candidate("base", share(9000, 10000), Money(0.001))
    rag = candidate("rag", share(9200, 10000), Money(0.36))
    choice = chosen([base, rag])
    assert (choice.status, choice.winner, choice.condition) == ("recommended", "base", None)


def test_of_those_that_cost_alike_the_simpler_one_wins() -> None:
    lora = candidate("lora", share(600, 1000), Money(0.0039, margin_usd=2.0), rank=4)
    rag = candidate("rag", share(600, 1000), Money(0.004), rank=2)
    assert chosen([lora, rag]).winner == "rag"
    assert chosen([lora, rag], error_price_usd=0.5).winner == "rag"
    assert chosen([candidate("lora", share(600, 1000), Money(0.0039), rank=4), rag]).winner == "lora"


@pytest.mark.parametrize(
    ("right", "outcome"),
    [
        (605, ("recommended", "rag@small")),
        (630, ("undecided", "rag@large")),
        (700, ("recommended", "rag@large")),
    ],
)
def test_of_one_strategy_that_costs_alike_on_two_models_the_smaller_one_wins(
    right: int, outcome: tuple[str, str]
) -> None:
    """Unless the larger one is shown to be more accurate, or may be by what matters."""
    large = candidate("rag@large", share(right, 1000), Money(0.004), rank=2, parameters=7_000_000_000)
    small = candidate("rag@small", share(600, 1000, 200), Money(0.004), rank=2, parameters=500_000_000)
    choice = chosen([large, small])
    assert (choice.status, choice.winner) == outcome


def test_models_of_unknown_size_are_told_apart_by_their_accuracy_alone() -> None:
    server = candidate("rag@server", share(605, 1000), Money(0.004), rank=2)
    small = candidate("rag@small", share(600, 1000), Money(0.004), rank=2, parameters=500_000_000)
    assert chosen([server, small]).winner == "rag@server"


def test_what_does_not_beat_a_reply_that_needs_no_model_is_never_recommended() -> None:
    base = candidate("base", share(590, 1000), Money(0.001), beats_trivial=False)
    assert (
        chosen([base, candidate("rag", share(600, 1000), Money(0.004), beats_trivial=True)]).winner == "rag"
    )
    alone = chosen([base, candidate("rag", share(600, 1000), beats_trivial=False)])
    assert alone.useless == "not one candidate is shown to do better than the best constant reply"


TAUGHT = Taught(Estimate(0.8, 0.7, 0.9, 100), Estimate(0.0, 0.0, 0.1, 50), 0.1)


def test_changed_facts_are_credited_as_facts_that_training_did_not_hold() -> None:
    """A change a month touches a tenth: over twelve of them, 1 − (1 − 0.9¹²) / (12 · −ln 0.9) of the facts differ."""
    lora = candidate("lora", share(700, 1000), Money(0.001), taught=TAUGHT)
    rag = candidate("rag", share(600, 1000), Money(0.004))
    assert chosen([lora, rag]).winner == "lora"
    monthly = chosen([lora, rag], refresh_days=365.25 / 12)
    assert monthly.winner == "rag"
    credited = next(appraisal for appraisal in monthly.appraisals if appraisal.name == "lora")
    differ = 1 - (1 - 0.9**12) / (12 * -math.log(0.9))
    assert credited.accuracy == pytest.approx(0.7 * (1 - differ))
    assert credited.lost == pytest.approx(0.7 * differ)


def test_the_cheaper_one_wins_where_the_other_cannot_be_much_better() -> None:
    dear = candidate("few-shot", share(100, 1000), Money(0.002))
    choice = chosen([dear, BASE])
    assert (choice.status, choice.winner) == ("recommended", "base")


def test_too_few_questions_leave_it_open_and_say_what_would_not() -> None:
    """10 of 40 against 16 of 40, fourteen of them apart."""
    base = candidate("base", share(10, 40), Money(0.001))
    rag = candidate("rag", share(16, 40, 4), Money(0.004))
    choice = chosen([base, rag])
    assert (choice.status, choice.winner) == ("undecided", "rag")
    (open_rival,) = choice.open
    assert (open_rival.rival, open_rival.why) == ("base", "accuracy")
    assert open_rival.limits == (NO_DIFFERENCE,), "15 points apart, it cannot turn out that 5 are ruled out"


def test_equal_on_a_handful_of_questions_is_not_shown_to_be_equal() -> None:
    choice = chosen([candidate("base", share(1, 8)), candidate("rag", share(1, 8), Money(0.01))])
    assert (choice.status, choice.winner) == ("undecided", "base")
    assert choice.open[0].limits == (NO_DIFFERENCE, Limit(-0.05)), "or that the dearer one is not better by 5"


@pytest.mark.parametrize(("price", "winner"), [(0.0, "base"), (0.001, "base"), (0.02, "rag"), (5.0, "rag")])
def test_an_error_price_turns_the_choice_where_the_sums_say(price: float, winner: str) -> None:
    """rag costs $0.003 and $0.0001 a query more and errs on half as many: from $0.0062 an error on it pays."""
    choice = chosen([BASE, RAG], error_price_usd=price)
    assert (choice.basis, choice.winner, choice.status) == ("value", winner, "recommended")


def test_near_the_turning_point_nothing_is_recommended_and_the_threshold_is_named() -> None:
    base, rag = (
        candidate("base", share(20, 100), Money(0.001)),
        candidate("rag", share(30, 100), Money(0.011)),
    )
    choice = chosen([base, rag], error_price_usd=0.2, value_margin=0.001)
    (open_rival,) = choice.open
    assert (choice.status, choice.winner, open_rival.rival) == ("undecided", "rag", "base")
    assert open_rival.threshold == pytest.approx(0.05)  # $0.01 more a query over $0.20 an error
    assert open_rival.limits[0].against == pytest.approx(0.05, abs=1e-3), "less a thousandth of what it costs"


def test_monthly_dollars_are_worked_out_as_on_paper() -> None:
    choice = chosen([BASE, RAG], error_price_usd=0.5, monthly_queries=1000)
    totals = {appraisal.name: (appraisal.monthly_usd, appraisal.total_usd) for appraisal in choice.appraisals}
    assert totals["base"] == pytest.approx((1.0, 1.0 + 900 * 0.5))
    assert totals["rag"] == pytest.approx((5.0, 5.0 + 400 * 0.5))


def test_an_unknown_cost_leaves_open_what_only_cost_can_tell() -> None:
    alike = candidate("few-shot", share(600, 1000), Money(None, reason="not timed"))
    choice = chosen([RAG, alike], error_price_usd=1.0)
    assert (choice.status, choice.basis) == ("undecided", "accuracy")
    assert choice.open[0].why == "cost"
    assert chosen([BASE, candidate("rag", share(600, 1000), Money(None, reason="not timed"))]).winner == "rag"


@pytest.mark.parametrize(
    ("needs", "winner"),
    [
        ({"min_accuracy": 0.5}, "rag"),
        ({"max_latency_s": 1.5}, "base"),
        ({"monthly_budget_usd": 11}, "base"),
        ({"max_memory_gb": 1.0}, "base"),
        ({"citations": True}, "rag"),
        ({"refresh_days": 0.01}, "base"),
    ],
)
def test_a_hard_requirement_comes_before_any_value(needs: dict[str, Any], winner: str) -> None:
    base = candidate("base", share(100, 1000), Money(0.001), memory_most_gb=0.9)
    rag = candidate(
        "rag", share(600, 1000), Money(0.004), latency=timed(2.0), memory_gb=2.0, cites=True, update_s=3600.0
    )
    choice = chosen([base, rag], **needs)
    assert (choice.status, choice.winner) == ("recommended", winner)


def test_none_feasible_names_the_nearest_and_what_it_misses() -> None:
    slow = candidate("rag", share(600, 1000), latency=timed(2.0))
    choice = chosen([BASE, slow], min_accuracy=0.58, max_latency_s=1.9)
    assert (choice.status, choice.winner) == ("none_feasible", None)
    assert choice.nearest
    assert choice.nearest.name == "rag"
    (missed,) = choice.nearest.missed
    assert missed.detail == "2.00 s at the p50, required 1.90 s: missed by 100 ms"
    assert missed.miss == pytest.approx(0.1 / 1.9)


def test_a_percentile_without_enough_times_is_not_passed_over() -> None:
    choice = chosen([BASE, RAG], max_latency_s=2.0, latency_percentile="p95")
    assert (choice.status, choice.winner) == ("undecided", "rag")
    assert choice.favourite
    assert choice.favourite.unchecked[0].detail == (
        "cannot be checked: the p95 needs 130 timed questions, and 20 were timed"
    )
    late = chosen([BASE], max_latency_s=0.5, latency_percentile="p95")
    assert late.status == "none_feasible", "a median over the ceiling is a p95 over it"


def test_recommending_the_truly_worse_one_is_rare() -> None:
    """True accuracies 0.40 and 0.50 on 60 questions, 300 made-up runs; the whole table stands in docs/measured.md."""
    draw = np.random.default_rng(7)
    chosen_ones = []
    for _ in range(300):
        level = draw.random(60)
        other = np.where(draw.random(60) < 0.5, level, draw.random(60))
        pair = [candidate("base", level < 0.4, Money(0.001)), candidate("rag", other < 0.5, Money(0.004))]
        judged = compare((other < 0.5) * 1.0 - (level < 0.4), Design.of(range(60)))
        row = comparison("base", "rag", judged.delta, (judged.ci_low, judged.ci_high), judged.p)
        choice = choose(pair, Rules(Requirements(), Pairs([row]), {}, least_error_usd=1.0), setting())
        chosen_ones.append(choice.winner if choice.status == "recommended" else None)
    assert chosen_ones.count("base") <= 6
    assert chosen_ones.count("rag") >= 30


@pytest.mark.parametrize("price", [0.0, 0.005, 0.0061, 0.0063, 1.0])
def test_the_price_from_which_a_choice_pays_is_where_value_turns(price: float) -> None:
    """rag for $0.003 and $0.0001 a query more, half as many errors: $0.0062."""
    low, high = pays(chosen([BASE, RAG]), setting())
    assert low
    assert (low, high) == (pytest.approx(0.0062), None)
    assert (chosen([BASE, RAG], error_price_usd=price).winner == "rag") == (price > low)


@pytest.mark.parametrize(
    ("price", "winner"), [(0.01, "base"), (0.05, "rag"), (0.25, "rag"), (0.35, "few-shot+rag")]
)
def test_a_choice_between_two_others_pays_up_to_a_price_too(price: float, winner: str) -> None:
    """$0.004 more and 20 points better than base: from $0.02. The third is one point better for $0.003: to $0.30."""
    three = [
        candidate("base", share(400, 1000), Money(0.001)),
        candidate("rag", share(600, 1000), Money(0.005)),
        candidate("few-shot+rag", share(610, 1000, 10), Money(0.008)),
    ]
    assert pays(chosen(three), setting()) == (pytest.approx(0.02), pytest.approx(0.3))
    assert chosen(three).winner == "rag"
    assert chosen(three, error_price_usd=price).winner == winner


def test_a_choice_that_costs_less_pays_at_any_price_and_a_dominated_one_at_none() -> None:
    cheap = candidate("rag", share(600, 1000), Money(0.0005))
    assert pays(chosen([BASE, cheap]), setting()) == (0.0, None)
    assert pays(chosen([BASE, candidate("rag", share(600, 1000), Money(None))]), setting()) == (None, None)


def test_what_one_left_out_counts_for_nobody() -> None:
    """rag is right on 117 of the 180 that it answered, base on 120 of these and on none of the other 20: rag counts as
    three questions of 180 behind base."""
    base, all_of_rag = candidate("base", share(120, 200)), candidate("rag", share(117, 180))
    assert (base.accuracy, all_of_rag.accuracy) == (0.6, 0.65)
    first, second = on_the_same_questions([base, all_of_rag])
    assert (first.measured, second.measured) == (0.6, pytest.approx(0.6 - 3 / 180))
    dearer = appraise(second, Requirements(), setting(Requirements(error_price_usd=1)))
    cheaper = appraise(first, Requirements(), setting(Requirements(error_price_usd=1)))
    assert known(dearer.total_usd) - known(cheaper.total_usd) == pytest.approx(10_000 * 3 / 180)
    least = appraise(second, Requirements(min_accuracy=0.7), setting())
    assert [one.figures["value"] for one in least.missed] == [0.65], (
        "a limit is held against all that it answered"
    )


def test_a_weak_third_that_left_out_questions_turns_no_choice_between_two_others() -> None:
    """base is right where the weak one has no answer, rag where it has."""
    base = candidate("base", [0.0] * 100 + [1.0] * 510 + [0.0] * 390)
    rag = candidate("rag", [1.0] * 60 + [0.0] * 40 + [1.0] * 500 + [0.0] * 400)
    weak = candidate("full-context", share(300, 1000))
    weak = replace(weak, scores=dict([*weak.scores.items()][90:]))
    alone, three = on_the_same_questions([base, rag]), on_the_same_questions([base, rag, weak])
    assert [one.measured for one in alone] == [0.51, 0.56]
    assert [one.measured for one in three] == [0.51, 0.56, pytest.approx(0.51 - (510 - 210) / 910)]


def test_that_nothing_was_right_is_said_of_all_answers() -> None:
    """rag is right on the one question that base, which is right on none, left out, and left out another."""
    base, rag = candidate("base", share(0, 20)), candidate("rag", share(1, 20))
    del base.scores["q00000"], rag.scores["q00001"]  # type: ignore[attr-defined]
    appraisals = [appraise(one, Requirements(), setting()) for one in on_the_same_questions([base, rag])]
    assert [one.accuracy for one in appraisals] == [0.0, 0.0]
    assert Choice(Verdict.UNDECIDED, Basis.ACCURACY, None, tuple(appraisals)).useless is None


def test_who_answered_the_same_questions_or_none_in_common_is_compared_as_it_stands() -> None:
    same = [BASE, RAG, candidate("lora", [])]
    assert on_the_same_questions(same) == same
    other = replace(RAG, scores={f"other {name}": score for name, score in RAG.scores.items()})
    assert [one.measured for one in on_the_same_questions([BASE, other])] == [BASE.accuracy, other.accuracy]
