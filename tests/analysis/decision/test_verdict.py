"""The decision block: complete, finite, the same twice, and every figure in its prose is one of its own."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from harness.analysis.decision.candidates import Taught
from harness.analysis.decision.summary import summary
from harness.analysis.decision.verdict import verdict
from harness.analysis.results.checks import Check, FigureKind, Status
from harness.analysis.results.figures import Estimate, SeedSpread
from harness.analysis.results.reason import Reason
from tests.analysis.candidates import (
    Money,
    candidate,
    share,
    timed,
)
from tests.analysis.decision.worlds import (
    BASE,
    LORA,
    MIXED,
    ORACLE,
    RAG,
    WORLDS,
    case_of,
    check_decision,
    decided,
    text_of,
    told,
)
from tests.analysis.prose import check, sentences_of
from tests.snapshots import Snapshots


@pytest.mark.parametrize("name", WORLDS)
def test_every_figure_in_the_prose_stands_in_the_results(name: str) -> None:
    candidates, more = WORLDS[name]
    decision = decided(candidates, **more)
    check_decision(decision)
    few = name in ("alone", "one left", "all out")
    assert few or sum(bool(one["figures"]) for one in sentences_of(decision)) >= 3


def test_the_prose_of_every_world(snapshots: Snapshots) -> None:
    parts = []
    for name, (candidates, more) in WORLDS.items():
        decision = decided(candidates, **more)
        lines = [f"== {name}", *(one["text"] for one in sentences_of(decision) if one["text"])]
        parts.append("\n".join(lines))
    snapshots.check("decisions.txt", "\n\n".join(parts) + "\n")


def test_what_is_assumed_of_people_is_told_with_the_cost() -> None:
    (cost,) = told(decided([BASE, LORA]), "people_usd")
    assert (cost["figures"]["own_usd"], cost["figures"]["people_usd"]) == (510.0, 450.0)
    assert told(decided([BASE, RAG]), "people_usd") == []


def test_the_check_of_prose_can_fail() -> None:
    with pytest.raises(AssertionError, match="is no figure of it"):
        check(Reason("rag wins by 35.1 points.", {}))
    with pytest.raises(AssertionError, match="is no figure of it"):
        check(Reason("rag wins by 35.1 points.", {"delta": 0.35}))


@pytest.mark.parametrize("name", WORLDS)
def test_the_block_is_plain_json_and_the_same_twice(name: str) -> None:
    candidates, more = WORLDS[name]
    first = json.dumps(asdict(decided(candidates, **more)), allow_nan=False)
    assert first == json.dumps(asdict(decided(candidates, **more)), allow_nan=False)


@pytest.mark.parametrize(
    ("name", "status", "recommended"),
    [
        ("plain", "recommended", "lora+rag"), ("value", "recommended", "rag"), ("few", "undecided", None),
        ("none", "none_feasible", None), ("unchecked", "undecided", None), ("budget", "recommended", "rag"),
        ("untimed", "undecided", None), ("alone", "not_computed", None), ("straw", "best_of_judged", None),
        ("useless", "undecided", None), ("all out", "undecided", None), ("one left", "undecided", None),
        ("quick", "undecided", None),
    ],
)  # fmt: skip
def test_status(name: str, status: str, recommended: str | None) -> None:
    candidates, more = WORLDS[name]
    decision = decided(candidates, **more)
    assert (decision.status, decision.recommended) == (status, recommended)


def test_the_control_says_what_retrieval_and_what_the_generator_lose() -> None:
    """oracle 60 %, rag 45 %: fifteen points are retrieval's, forty per cent the generator's."""
    room = decided([BASE, RAG, ORACLE]).headroom
    assert room.retrieval
    assert room.retrieval.delta == pytest.approx(0.15)
    assert room.generator == pytest.approx(0.4)
    assert room.knowledge
    assert not room.knowledge.already
    for known in (candidate("base", share(570, 1000)), candidate("base", share(600, 1000))):
        decision = decided([known, RAG, ORACLE])
        assert decision.headroom.knowledge
        assert decision.headroom.knowledge.already
        check_decision(decision)


def test_what_the_generator_loses_is_told_of_questions_with_an_answer() -> None:
    """Of 1,000 questions 100 have none, and no right passage: 600 right of 900 leave 33.3 %, not 40 %."""
    groups = {
        "answerable": Estimate(600 / 900, None, None, 900),
        "unanswerable": Estimate(0.0, None, None, 100),
    }
    found = {"oracle: share": 0.3, "oracle: answers": 1000.0}
    cut = Check(
        "cut_answers", "cut answers", Status.WARN, "Cut.", FigureKind.SHARE, 0.3, 0.05, ("oracle",), found
    )
    for checks in ((), (cut,), (replace(cut, status=Status.PASS),)):
        case = case_of([BASE, RAG, ORACLE], checks=checks)
        systems = {**case.systems, "oracle": replace(case.systems["oracle"], groups=groups)}
        decision = verdict(replace(case, systems=systems))
        (reason,) = told(decision, "lost")
        assert reason["figures"]["lost"] == pytest.approx(1 / 3)
        assert reason["figures"]["questions"] == 900
        assert reason["figures"].get("cut") == (0.3 if checks == (cut,) else None)
        check_decision(decision)
        assert decision.headroom.generator == pytest.approx(0.4)


NOTHING = candidate("base", share(0, 1000), Money(0.001))
"""Not one right answer, and the cheapest."""
POOR = "does not make it good enough"


def test_the_best_of_bad_ones_is_called_that() -> None:
    assert POOR in text_of(decided([BASE, RAG]))
    assert POOR not in text_of(decided([BASE, candidate("rag", share(600, 1000))]))
    assert decided(*WORLDS["useless"][:1]).unfit == "not one candidate gave a right answer"


def test_a_favourite_without_a_right_answer_is_called_that() -> None:
    """45 % of errors saved at a tenth of a cent are worth less than the $0.003 a query that they cost."""
    decision = decided([NOTHING, RAG], error_price_usd=0.001)
    assert decision.recommended == "base"
    assert POOR in text_of(decision)


def test_nothing_is_recommended_where_only_those_that_are_ruled_out_are_ever_right() -> None:
    few_shot = candidate("few-shot", share(0, 1000), Money(0.0005))
    decision = decided([NOTHING, few_shot, RAG], monthly_budget_usd=20)
    assert (decision.status, decision.recommended) == ("undecided", None)
    assert "meets the requirements" in str(decision.unfit)
    found = summary({"facts": decision}, {"facts": None})
    assert found.by_kind["other"]["facts"].recommended is None
    assert decision.map
    recommended = {
        winner
        for names, statuses in zip(decision.map.winners, decision.map.statuses, strict=True)
        for winner, status in zip(names, statuses, strict=True)
        if status == "recommended"
    }
    assert recommended == {"rag"}, "where the budget allows it, and only there"


def test_no_difference_is_written_without_a_sign_of_its_own() -> None:
    same = [candidate("base", share(0, 60)), candidate("rag", share(0, 60), Money(0.004))]
    assert "−0.0 points" not in text_of(decided(same))


def test_a_failed_check_keeps_a_system_out_and_its_figures_are_told() -> None:
    decision = decided([BASE, RAG, MIXED], excluded={"lora+rag": "it was never trained"})
    assert (decision.status, decision.recommended, decision.favourite) == ("best_of_judged", None, "rag")
    assert decision.headline == (
        "Of base and rag, take rag; lora+rag could not be judged: it was never trained. rag costs $41.00 a month at "
        "10,000 queries on a shared box at 100.0 % utilisation."
    )


def test_one_that_could_not_have_won_takes_nothing_from_the_winner() -> None:
    slow = replace(MIXED, latency=timed(9.0))
    out = decided([BASE, RAG, slow], excluded={"lora+rag": "it was never trained"}, max_latency_s=5.0)
    assert (out.status, out.recommended, out.unjudged) == ("recommended", "rag", ())
    best = candidate("rag", share(980, 1000), Money(0.004))
    out = decided([BASE, best, MIXED], excluded={"lora+rag": "it was never trained"})
    assert (out.status, out.recommended) == ("recommended", "rag")


def test_where_none_is_feasible_one_that_could_not_be_judged_is_named() -> None:
    out = decided([BASE, RAG], excluded={"rag": "it found nothing"}, citations=True)
    assert out.status == "none_feasible"
    assert out.headline.endswith("; rag could not be judged: it found nothing.")


def test_where_nobody_could_be_judged_a_reason_that_several_share_is_told_once() -> None:
    cut = "the token limit cut its answers"
    out = decided([BASE, RAG, MIXED], excluded={"base": cut, "rag": cut, "lora+rag": "it was never trained"})
    assert out.headline == (
        "Nothing can be chosen: base and rag could not be judged, each because the token limit cut its answers; "
        "lora+rag could not be judged: it was never trained."
    )


def test_a_fine_tune_that_answers_only_what_it_was_taught_is_called_that() -> None:
    case = case_of([BASE, LORA])
    groups = {"fact_seen": Estimate(0.378, 0.3, 0.46, 98), "fact_unseen": Estimate(0.0, 0.0, 0.107, 32)}
    systems = {**case.systems, "lora": replace(case.systems["lora"], groups=groups)}
    text = verdict(replace(case, systems=systems)).headline
    assert (
        "take lora for facts of its training set only (right on 37.8 % of them, and on 0.0 % of 32 others)"
        in (text.lower())
    )
    assert "training set only" not in decided([BASE, LORA]).headline


def test_assumptions_are_told_until_they_are_none() -> None:
    figures = [reason.figures for reason in decided([BASE, RAG]).assumptions]
    assert figures[:2] == [{"monthly_queries": 10_000, "horizon_months": 12}, {"margin": 0.05}]
    known = decided([BASE, RAG], monthly_queries=500, error_price_usd=1.0, refresh_days=30)
    assert [reason.figures for reason in known.assumptions][:2] == [{"margin": 0.05}, {}]
    assert "A cost is the mean" in text_of(decided([BASE, RAG]))
    assert "A cost is the mean" not in text_of(decided(*WORLDS["untimed"][:1])), "there is none"


def test_what_would_change_it_is_told_with_its_value() -> None:
    """rag minus base is 35 points for $0.0031: below $0.009 an error (10,000 queries, $1 of index) base wins."""
    decision = decided([BASE, RAG])
    rows = {row.input: row for row in decision.would_change}
    price = rows["error_price_usd"]
    assert price.down
    assert (price.down.winner, price.down.value) == ("base", pytest.approx(0.0031 / 0.35, rel=1e-4))
    assert price.figures == {"current": None, "down": price.down.value}
    assert price.text == "The price of a wrong answer: base is recommended from $0.00886 an error down."
    assert not rows["usd_per_hour"].turns


def test_the_headline_names_whose_cost_is_missing_and_no_list_twice() -> None:
    """Three that are equally right, so that only a cost could decide."""
    base, rag, lora = (
        candidate(name, share(600, 1000), Money(None, reason="not timed")) for name in ("base", "rag", "lora")
    )
    none = decided([base, rag, lora])
    assert none.headline == "Undecided between base, rag and lora: what they cost is not known."
    one = decided([candidate("base", share(600, 1000), Money(0.001)), rag, lora])
    assert one.headline == "Undecided between rag, base and lora: what rag and lora cost is not known."


def test_without_costs_the_price_of_an_error_cannot_be_weighed() -> None:
    decision = decided(*WORLDS["untimed"][:1])
    assert decision.candidates["rag"].cost_reason == "not timed"
    assert {row.why_not for row in decision.would_change if row.current} == {
        "cannot be weighed: not every cost is known"
    }
    assert decision.error_price == ()


def test_what_was_not_measured_of_all_is_no_dimension_of_the_unbeaten() -> None:
    slow = candidate("rag", share(450, 1000), Money(0.004), latency=timed(None, n=0))
    assert decided([BASE, RAG]).pareto_dimensions == ("accuracy", "cost", "latency")
    assert decided([BASE, slow]).pareto_dimensions == ("accuracy", "cost")


def test_the_control_says_nothing_where_it_or_what_it_is_compared_with_failed_a_check() -> None:
    room = decided([BASE, RAG, ORACLE], excluded={"rag": "its prompts were cut"}).headroom
    assert room.retrieval is None
    assert room.knowledge
    room = decided([BASE, RAG, ORACLE], excluded={"oracle": "its prompts were cut"}).headroom
    assert set(asdict(room).values()) == {None}


def test_a_graded_metric_is_named_and_its_mean_is_no_share_of_right_answers() -> None:
    decision = decided([BASE, RAG, ORACLE], primary_metric="f1", error_price_usd=0.5)
    text = text_of(decision)
    check_decision(decision)
    for part in ("a mean f1 of 45.0 %", "has a higher mean f1 than base", "40.0 % of f1", "half of f1"):
        assert part in text
    for claim in ("right on", " right)", "are right", "wrong more often"):
        assert claim not in text


def test_how_firm_a_measured_cost_is_is_among_the_assumptions() -> None:
    firm = Money(0.001, timed=12, per_query_ci_usd=(0.0009, 0.0011))
    (cost,) = told(decided([BASE, candidate("rag", share(450, 1000), firm)]), "timed")
    assert cost["figures"] == {"per_query_usd": 0.001, "ci_low": 0.0009, "ci_high": 0.0011, "timed": 12}
    (hasty,) = told(decided([BASE, candidate("rag", share(450, 1000), Money(timed=1))]), "timed")
    assert "1 timed question, which is too few" in hasty["text"]


def test_one_query_and_one_question_are_told_in_the_singular() -> None:
    assert "a month at 1 query on" in decided([BASE, RAG], monthly_queries=1).headline
    one = [candidate("base", [1.0]), candidate("rag", [0.0])]
    assert "is right on 100.0 % of 1 question" in decided(one).how_sure.text


def test_costs_are_alike_by_half_of_what_people_differ_in_and_no_more() -> None:
    """$75 a month, all of it people's time: more than half of it, so the cheaper one is cheaper."""
    dear = candidate("few-shot", share(100, 1000), Money(0.001, 900, people_usd=900))
    decision = decided([dear, candidate("lora", share(100, 1000), Money(0.001))])
    assert decision.recommended == "lora"
    assert "half of what they differ in people's hours" in text_of(decision)


def test_what_changes_of_knowledge_take_away_is_told_with_the_difference_and_assumed() -> None:
    """Nobody may read 70 % for lora and a lead of rag over it without being told why."""
    taught = Taught(Estimate(0.93, 0.9, 0.96, 150), Estimate(0.0, 0.0, 0.07, 50), 0.1)
    lora, rag = (
        candidate("lora", share(700, 1000), taught=taught),
        candidate("rag", share(475, 1000), Money(0.004)),
    )
    decision = decided([lora, rag], refresh_days=30, error_price_usd=1.0)
    assert "Against lora (70.0 % right as measured, less once facts change)" in decision.how_sure.text
    (assumed,) = (row for row in decision.assumptions if "accuracy_measured" in row.figures)
    assert assumed.text.startswith("With changes of knowledge lora is credited with")
    assert decision.candidates["rag"].probability_best is not None
    assert decision.candidates["rag"].probability_best > 0.9
    check_decision(decision)


def test_the_spread_of_other_trainings_is_told_beside_the_interval() -> None:
    case = case_of([BASE, LORA])
    spread = SeedSpread(3, 1000, {}, ci_low=0.12, ci_high=0.28)
    systems = {**case.systems, "lora": replace(case.systems["lora"], seeds=spread)}
    decision = verdict(replace(case, systems=systems))
    assert decision.favourite == "lora"
    for text in (decision.how_sure.text, decision.caveats.text):
        assert "Over further trainings too, the interval of lora is 12.0 % to 28.0 %." in text
    check_decision(decision)
