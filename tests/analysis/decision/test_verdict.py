"""The decision block: complete, finite, the same twice, and every figure in its prose is one of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from harness.analysis.decision.candidates import Candidate
from harness.analysis.decision.choice import Rules
from harness.analysis.decision.literature import expected
from harness.analysis.decision.pairs import Pairs
from harness.analysis.decision.summary import line, summary
from harness.analysis.decision.verdict import Case, verdict
from harness.spec.requirements import Requirements
from harness.spec.strategy import STRATEGIES
from tests.analysis.elections import Money, candidate, comparisons, setting, share, timed
from tests.analysis.prose import check, check_prose, told_in


def task_of(
    candidates: Sequence[Candidate], probes: str = "knowledge", metric: str = "contains"
) -> dict[str, Any]:
    """As much of a task's block as the decision looks at."""
    return {
        "primary_metric": metric,
        "n": len(candidates[0].scores),
        "probes": probes,
        "strategies": {
            one.strategy: {
                "accuracy": {"mean": one.accuracy, "ci_low": None, "ci_high": None, "n": len(one.scores)},
                "groups": {},
                "control": STRATEGIES[one.strategy].control,
                "adapter": "ab" if one.strategy.startswith("lora") else None,
            }
            for one in candidates
        },
        "comparisons": comparisons(candidates),
    }


def decided(
    candidates: Sequence[Candidate], probes: str = "knowledge", metric: str = "contains", **more: Any
) -> dict[str, Any]:
    """The task's block with its decision; the keywords of a Case, or of the requirements."""
    about = {name: more.pop(name) for name in ("excluded", "unfit", "run") if name in more}
    clusters, rows = more.pop("clusters", {}), more.pop("rows", {})
    needs = Requirements(**more)
    task = task_of(candidates, probes, metric)
    task["comparisons"] = [{**row, **rows} for row in task["comparisons"]]
    standing = [
        one
        for one in candidates
        if one.strategy not in about.get("excluded", {}) and not STRATEGIES[one.strategy].control
    ]
    now = setting(needs, usd_per_hour=1.0, utilisation=0.5, cycles=3)
    about["volume_assumed"] = needs.monthly_queries is None
    held = Rules(needs, Pairs(task["comparisons"]), clusters)
    case = Case(task, lambda _: standing, held, now, **about)
    return {**task, "decision": verdict(case)}


BASE = candidate("base", share(100, 1000), Money(0.001))
RAG = candidate("rag", share(450, 1000), Money(0.004, 12), cites=True)
LORA = candidate("lora", share(200, 1000, 300), Money(0.001, 6000, 800, people_usd=5400))
MIXED = candidate("lora+rag", share(500, 1000), Money(0.004, 6000, 800), cites=True)
ORACLE = candidate("oracle", share(600, 1000))
FEW = [candidate("base", share(10, 40)), candidate("rag", share(16, 40, 4), Money(0.004))]
WORLDS: dict[str, tuple[list[Candidate], dict[str, Any]]] = {
    "plain": ([BASE, RAG, LORA, MIXED, ORACLE], {}),
    "value": ([BASE, RAG, LORA, ORACLE], {"error_price_usd": 0.5, "monthly_queries": 1000, "refresh_days": 7}),
    "close": (FEW, {"error_price_usd": 0.03}),
    "few": (FEW, {}),
    "none": ([BASE, RAG], {"min_accuracy": 0.9, "max_latency_s": 0.5}),
    "unchecked": ([BASE, RAG], {"max_latency_s": 2, "latency_percentile": "p95", "max_memory_gb": 4}),
    "budget": ([BASE, RAG, LORA], {"monthly_budget_usd": 100, "citations": True}),
    "untimed": (
        [candidate("base", share(20, 60), Money(None, reason="not timed")),
         candidate("rag", share(25, 60, 3), Money(None, reason="not timed"), latency=timed(None, n=0))],
        {"error_price_usd": 1.0},
    ),
    "alone": ([BASE], {}),
    "straw": ([BASE, RAG, LORA], {"excluded": {"lora": "it was never trained."}}),
    "one left": ([BASE, RAG], {"excluded": {"rag": "it found nothing."}}),
    "all out": ([BASE], {"excluded": {"base": "its prompts were cut."}}),
    "useless": (
        [candidate("base", share(0, 1000)), candidate("rag", share(0, 1000), Money(0.004))],
        {"error_price_usd": 0.5},
    ),
    "quick": ([BASE, RAG], {"unfit": "this was a quick run"}),
}  # fmt: skip


@pytest.mark.parametrize("name", WORLDS)
def test_every_figure_in_the_prose_stands_in_the_results(name: str) -> None:
    candidates, more = WORLDS[name]
    task = decided(candidates, **dict(more))
    check_prose(task)
    assert (
        name in ("alone", "one left", "all out")
        or sum(bool(one["figures"]) for one in told_in(task["decision"])) >= 3
    )


def test_what_is_assumed_of_people_is_told_with_the_cost() -> None:
    told = " ".join(one["text"] for one in decided([BASE, LORA])["decision"]["reasons"])
    assert "It costs $510.00 a month at 10,000 queries. $450.00 of it is people's time and labels" in told
    assert "people" not in " ".join(one["text"] for one in decided([BASE, RAG])["decision"]["reasons"])


def test_the_check_of_prose_can_fail() -> None:
    task = decided([BASE, RAG])
    with pytest.raises(AssertionError, match="is no figure of it"):
        check({"text": "rag wins by 35.1 points.", "figures": {}}, task)
    with pytest.raises(AssertionError, match="is not what the sentence says"):
        check({"text": "", "figures": {"decision/n": 7}}, task)


@pytest.mark.parametrize("name", WORLDS)
def test_the_block_is_plain_json_and_the_same_twice(name: str) -> None:
    candidates, more = WORLDS[name]
    first = json.dumps(decided(candidates, **dict(more)), allow_nan=False)
    assert first == json.dumps(decided(candidates, **dict(more)), allow_nan=False)


@pytest.mark.parametrize(
    ("name", "status", "recommended"),
    [
        ("plain", "recommended", "lora+rag"), ("value", "recommended", "rag"), ("few", "undecided", None),
        ("none", "none_feasible", None), ("unchecked", "undecided", None), ("budget", "recommended", "rag"),
        ("untimed", "undecided", None), ("alone", "not_computed", None), ("straw", "recommended", "rag"),
        ("useless", "undecided", None), ("all out", "undecided", None), ("one left", "undecided", None),
        ("quick", "undecided", None),
    ],
)  # fmt: skip
def test_status(name: str, status: str, recommended: str | None) -> None:
    candidates, more = WORLDS[name]
    decision = decided(candidates, **dict(more))["decision"]
    assert (decision["status"], decision["recommended"]) == (status, recommended)


def text_of(task: dict[str, Any]) -> str:
    return "\n".join(one["text"] for one in told_in(task["decision"]))


def test_reasons_name_what_retrieval_and_what_the_reader_lose() -> None:
    """oracle 60 %, rag 45 %: fifteen points are retrieval's, forty per cent the reader's."""
    text = text_of(decided([BASE, RAG, ORACLE]))
    assert "better retrieval could win +15.0 points" in text
    assert "40.0 % are still wrong: the reader loses them" in text
    assert "there already" not in text
    known = candidate("base", share(570, 1000))
    assert "over the bare model: the knowledge was there already" in text_of(decided([known, RAG, ORACLE]))
    same = candidate("base", share(600, 1000))
    assert "over the bare model: it is not shown that they help." in text_of(decided([same, RAG, ORACLE]))


def test_what_the_reader_loses_is_told_of_questions_with_an_answer() -> None:
    """Of 1,000 questions 100 have none, and no right passage: 600 right of 900 leave 33.3 %, not 40 %."""
    task = task_of([BASE, RAG, ORACLE])
    task["strategies"]["oracle"]["groups"] = {
        "answerable": {"mean": 600 / 900, "n": 900}, "unanswerable": {"mean": 0.0, "n": 100},
    }  # fmt: skip
    found = {"oracle: share": 0.3, "oracle: answers": 1000.0}
    cut = {
        "check": "cut_answers",
        "status": "warn",
        "detail": "…",
        "strategies": ["oracle"],
        "figures": found,
    }
    for checks in ([], [cut], [{**cut, "status": "pass"}]):
        case = Case(
            {**task, "validity": checks},
            lambda _: [BASE, RAG],
            Rules(Requirements(), Pairs(task["comparisons"]), {}),
            setting(usd_per_hour=1.0, utilisation=0.5, cycles=3),
        )
        told = {**task, "validity": checks, "decision": verdict(case)}
        text = text_of(told)
        assert "33.3 % are still wrong on the 900 questions with an answer: the reader loses them" in text
        assert ("Of all answers of oracle, 30.0 % were cut by the token limit" in text) == (checks == [cut])
        check_prose(told)
        assert told["decision"]["headroom"]["reader"] == pytest.approx(0.4)


def test_the_best_of_bad_ones_is_called_that() -> None:
    assert "wrong more often than right" in text_of(decided([BASE, RAG]))
    assert "wrong more often than right" not in text_of(decided([BASE, candidate("rag", share(600, 1000))]))
    assert "Nothing is recommended: not one candidate gave a right answer." in text_of(
        decided(*WORLDS["useless"][:1])
    )


NOTHING = candidate("base", share(0, 1000), Money(0.001))
"""Not one right answer, and the cheapest."""


def test_a_favourite_without_a_right_answer_is_called_that() -> None:
    """45 % of errors saved at a tenth of a cent are worth less than the $0.003 a query that they cost."""
    task = decided([NOTHING, RAG], error_price_usd=0.001)
    assert task["decision"]["recommended"] == "base"
    assert "Not one of its answers is right: it leads by its cost alone, and is not thereby good enough." in (
        text_of(task)
    )
    assert "Not one of its answers" not in text_of(decided([BASE, RAG], error_price_usd=0.001))


def test_nothing_is_recommended_where_only_those_that_are_ruled_out_are_ever_right() -> None:
    task = decided(
        [NOTHING, candidate("few-shot", share(0, 1000), Money(0.0005)), RAG], monthly_budget_usd=20
    )
    decision = task["decision"]
    assert (decision["status"], decision["recommended"]) == ("undecided", None)
    assert "Nothing is recommended: not one candidate that meets the requirements gave a right answer." in (
        text_of(task)
    )
    assert summary({"facts": task})["sentences"] == ["Nothing is recommended for any task on this evidence."]
    recommended = {
        (winner, status)
        for names, statuses in zip(decision["map"]["winners"], decision["map"]["statuses"], strict=True)
        for winner, status in zip(names, statuses, strict=True)
        if status == "recommended"
    }
    assert recommended == {("rag", "recommended")}, "where the budget allows it, and only there"


def test_the_price_at_which_it_pays_is_held_against_those_that_meet_the_requirements() -> None:
    free = text_of(decided([BASE, RAG, LORA]))
    assert "rag also has the least expected cost where a wrong answer costs $0.00886 or more." in free
    some = text_of(decided([BASE, RAG, LORA], monthly_budget_usd=100))
    assert "rag also has the least expected cost of those that meet the requirements where a wrong" in some
    alone = text_of(decided([BASE, RAG, LORA], monthly_budget_usd=100, citations=True))
    assert "least expected cost" not in alone.split("What", maxsplit=1)[0]


def test_the_margin_of_value_is_told_where_it_settles_the_choice() -> None:
    """Two that are as good as each other, 400 questions: the interval's end is worth less than 5 % of all."""
    pair = [candidate("base", share(200, 400)), candidate("rag", share(200, 400, 4), Money(0.00101))]
    task = decided(pair, error_price_usd=0.5, monthly_queries=1000)
    decision = task["decision"]
    row = decision["against"]["rag"]
    assert (decision["recommended"], row["open"]) == ("base", None)
    # $0.01 of running cost against the interval's end of the difference, at $500 for all answers wrong
    assert row["at_risk_usd"] == pytest.approx(-0.01 - 500 * row["ci_low"])
    assert 0 < row["at_risk_usd"] < 0.05 * decision["candidates"]["base"]["total_usd"]
    assert "a month, which the margin of 5.0 % covers." in text_of(task)
    check_prose(task)
    apart = decided([BASE, RAG], error_price_usd=0.5)
    assert apart["decision"]["against"]["base"]["at_risk_usd"] is None
    assert "covers" not in text_of(apart)


def test_no_difference_is_written_without_a_sign_of_its_own() -> None:
    same = [candidate("base", share(0, 60)), candidate("rag", share(0, 60), Money(0.004))]
    assert "−0.0 points" not in text_of(decided(same))


def test_undecided_says_how_many_questions_more() -> None:
    task = decided(FEW)
    decision = task["decision"]
    assert decision["questions_more"] == decision["questions_needed"] - 40 > 0
    assert f"About {decision['questions_more']:,} more questions would decide against base" in text_of(task)
    assert line("facts", decision) == (
        f"facts: undecided; best bet so far rag; about {decision['questions_more']} more questions would decide"
    )


GROUPED = {f"q{index:05}": str(index % 3) for index in range(40)}
"""Three documents."""
BLIND = {"ci_low": None, "ci_high": None, "p": None, "p_adjusted": None}
"""What a comparison says of questions that share one cluster."""


def test_few_clusters_name_no_number_and_no_chance_but_what_to_ask() -> None:
    task = decided(FEW, clusters=GROUPED)
    decision = task["decision"]
    assert (decision["status"], decision["questions_needed"], decision["questions_more"]) == (
        "undecided", None, None,
    )  # fmt: skip
    assert "more of the same groups do not help: ask about other documents" in decision["questions_reason"]
    assert f"How many questions would decide against base is not known: {decision['questions_reason']}." in (
        text_of(task)
    )
    assert {row["probability_best"] for row in decision["candidates"].values()} == {None}
    assert f"How likely each is the best cannot be told: {decision['chances_reason']}." in text_of(task)


def test_where_nothing_is_known_no_interval_is_told() -> None:
    """All questions about one document: the difference stands, and nothing says how another would differ."""
    task = decided([*FEW, candidate("oracle", share(20, 40))], rows=BLIND)
    decision = task["decision"]
    assert decision["against"]["base"]["delta"] == pytest.approx(0.15)
    assert (decision["against"]["base"]["ci_low"], decision["against"]["base"]["ci_high"]) == (None, None)
    assert decision["headroom"]["retrieval"] == {"delta": pytest.approx(0.1), "ci_low": None, "ci_high": None}
    assert "+15.0 points, with no interval" in text_of(task)
    assert "better retrieval could win +10.0 points." in text_of(task)
    assert "100.0 to" not in text_of(task)
    (shape,) = [row for row in decision["literature"]["shapes"] if row["shape"] == "knowledge: rag − base"]
    assert (shape["text"], shape["ci_low"], shape["certain"]) == ("+15.0 points", None, False)


def test_further_clusters_are_named_with_further_questions() -> None:
    task = decided(FEW, clusters={f"q{index:05}": str(index // 2) for index in range(40)})
    row = task["decision"]["against"]["base"]
    assert (
        f"About {row['questions_more']} more questions, on about {row['clusters_more']} further documents"
        in (text_of(task))
    )
    check_prose(task)


def test_many_pairs_take_more_questions_than_one() -> None:
    lora = candidate("lora", share(10, 40))
    alone, among = (decided(some)["decision"]["questions_more"] for some in (FEW, [*FEW, lora]))
    assert among > alone


def test_what_is_missed_or_not_checked_is_said() -> None:
    none = text_of(decided(*WORLDS["none"][:1], **WORLDS["none"][1]))
    assert "No strategy meets the requirements. The nearest is rag:" in none
    assert "rag: accuracy: 45.0 %, required 90.0 %: missed by 45 points" in none
    unchecked = text_of(decided(*WORLDS["unchecked"][:1], **WORLDS["unchecked"][1]))
    assert (
        "rag: latency: cannot be checked: the p95 needs 130 timed questions, and 20 were timed." in unchecked
    )


def test_what_is_met_but_not_for_certain_is_said() -> None:
    """rag is recommended since lora is ruled out; that rag itself is above the floor is not shown."""
    rag = candidate("rag", share(450, 1000), Money(0.004), interval=(0.42, 0.48))
    slow = timed(1.0, ci={"p50": [0.9, 1.3]})
    base = candidate("base", share(430, 1000), Money(0.001), interval=(0.4, 0.46), latency=slow)
    task = decided([base, rag], min_accuracy=0.44)
    text = text_of(task)
    assert (
        "rag: accuracy: met, but not for certain: 45.0 %, required 44.0 % (its interval reaches down to 42.0 %)."
        in (text)
    )
    assert (
        "base: accuracy: 43.0 %, required 44.0 %: missed by 1 point (its interval reaches up to 46.0 %)."
        in text
    )
    check_prose(task)
    late = text_of(decided([base, rag], max_latency_s=1.2))
    assert "base: latency: met, but not for certain: 1.00 s at the p50, required 1.20 s (its" in late
    assert "rag: latency" not in late
    assert "not for certain" not in text_of(decided([base, rag], min_accuracy=0.44, max_latency_s=0.5))


def test_a_failed_check_keeps_a_strategy_out_and_is_told() -> None:
    task = decided([BASE, RAG, MIXED], excluded={"lora+rag": "it was never trained."})
    assert task["decision"]["recommended"] == "rag"
    assert (
        "lora+rag is left out, and nothing here speaks for or against it: it was never trained."
        in text_of(task)
    )


def test_assumptions_are_told_until_they_are_none() -> None:
    text = text_of(decided([BASE, RAG]))
    assert "No volume was named: 10,000 queries a month are assumed, over 12 months." in text
    assert "rules out that they are better by 5 points or more." in text
    task = decided([BASE, RAG], monthly_queries=500, error_price_usd=1.0, refresh_days=30)
    assert [one["text"] for one in task["decision"]["assumptions"]] == [
        "A wrong answer has a price, so expected cost comes first: the strategy with the least is recommended, if at "
        "the interval's end no other is cheaper by more than 5.0 % of its cost.",
        "Costs are taken as measured; only what the questions leave open counts as uncertain.",
    ]


def test_what_would_change_it_is_told_with_its_value() -> None:
    """rag minus base is 35 points for $0.0031: below $0.009 an error (10,000 queries, $1 of index) base wins."""
    task = decided([BASE, RAG])
    (row,) = [one for one in task["decision"]["would_change"] if one["input"] == "error_price_usd"]
    assert row["down"]["winner"] == "base"
    assert row["down"]["value"] == pytest.approx(0.0031 / 0.35, rel=1e-4)
    assert row["text"] == "The price of a wrong answer: from $0.00886 an error down base is recommended."
    (hour,) = [one for one in task["decision"]["would_change"] if one["input"] == "usd_per_hour"]
    assert "none within 1/100 to 100 times" in hour["text"]


def test_without_costs_the_price_of_an_error_cannot_be_weighed() -> None:
    task = decided(*WORLDS["untimed"][:1])
    assert "What it costs is not known: not timed." in text_of(task)
    assert "The price of a wrong answer cannot be weighed: not every cost is known." in text_of(task)
    assert task["decision"]["error_price"] == []


def test_advice_and_shapes_stand_beside_what_was_measured() -> None:
    rows = decided([BASE, RAG, LORA, MIXED], run={"parameters": 1.35e8})["decision"]["literature"]
    advice = [row["verdict"] for row in rows["priors"]]
    assert advice == ["as in the literature", "differs", "not measured"]
    shapes = {row["shape"]: row for row in rows["shapes"]}
    rag = shapes["knowledge: rag − base"]
    assert (rag["measured"], rag["verdict"], expected(rag)) == (
        pytest.approx(0.35), "as in the literature", "+23.0 to +42.0 points",
    )  # fmt: skip
    small = next(row for name, row in shapes.items() if name.startswith("models of 3"))
    assert (small["verdict"], expected(small)) == ("as in the literature", "above 0")
    assert {row["verdict"] for name, row in shapes.items() if "raw text" in name} == {"not measured"}


def test_a_large_model_is_held_against_the_shape_of_large_models() -> None:
    rows = decided([BASE, RAG, MIXED], run={"parameters": 8e9})["decision"]["literature"]["shapes"]
    (large,) = [row for row in rows if row["shape"].startswith("models of 7")]
    assert (large["verdict"], large["certain"], expected(large)) == ("differs", True, "below 0")


@pytest.mark.parametrize(("right", "verdict"), [(500, "as in the literature"), (50, "differs")])
def test_behaviour_turns_the_order_round_or_the_report_says_so(right: int, verdict: str) -> None:
    lora = candidate("lora", share(right, 1000), Money(0.001, 6000))
    rows = decided([BASE, lora], probes="behaviour", run={"parameters": 1.35e8})["decision"]["literature"]
    assert rows["priors"][0]["verdict"] == verdict
    assert rows["shapes"][0]["verdict"] == verdict


def test_the_summary_keeps_kinds_apart() -> None:
    tasks = {
        "facts": decided([BASE, RAG]),
        "manners": decided([BASE, LORA], probes="behaviour"),
        "few": decided(FEW, probes="general"),
    }
    found = summary(tasks)
    assert {kind: list(rows) for kind, rows in found["by_kind"].items()} == {
        "knowledge": ["facts"], "behaviour": ["manners"], "general": ["few"],
    }  # fmt: skip
    assert found["sentences"][:2] == [
        "Recommended for knowledge tasks: rag on facts.",
        "Recommended for behaviour tasks: lora on manners.",
    ]
    assert found["sentences"][2] == "Nothing is recommended on few."
    assert "which task is like yours decides" in found["sentences"][3]
    assert "accuracy" not in json.dumps(found)


def test_the_summary_speaks_of_these_tasks_and_of_no_kind() -> None:
    """Two knowledge tasks, one of them open: nothing is said of knowledge tasks in general."""
    one, few = decided([BASE, RAG]), decided(FEW)
    assert summary({"facts": one, "few": few})["sentences"] == [
        "Recommended for knowledge tasks: rag on facts.",
        "Nothing is recommended on few.",
    ]
    both = {"facts": one, "more": decided([BASE, RAG], probes="general")}
    assert summary(both)["sentences"][-1] == (
        "It is the same strategy on every task of this run; other tasks may differ."
    )


def test_what_was_not_measured_of_all_is_no_dimension_of_the_unbeaten() -> None:
    slow = candidate("rag", share(450, 1000), Money(0.004), latency=timed(None, n=0))
    assert decided([BASE, RAG])["decision"]["pareto_dimensions"] == ["accuracy", "cost", "latency"]
    assert decided([BASE, slow])["decision"]["pareto_dimensions"] == ["accuracy", "cost"]


def test_the_control_says_nothing_where_it_or_its_reader_failed_a_check() -> None:
    room = decided([BASE, RAG, ORACLE], excluded={"rag": "its prompts were cut."})["decision"]["headroom"]
    assert room["retrieval"] is None
    assert room["knowledge"]
    room = decided([BASE, RAG, ORACLE], excluded={"oracle": "its prompts were cut."})["decision"]["headroom"]
    assert set(room.values()) == {None}


def test_a_graded_metric_is_named_and_its_mean_is_no_share_of_right_answers() -> None:
    task = decided([BASE, RAG, ORACLE], metric="f1", error_price_usd=0.5)
    text = text_of(task)
    check_prose(task)
    assert "rag is recommended: a mean f1 of 45.0 % on 1,000 questions." in text
    assert "Against base (a mean f1 of 10.0 %)" in text
    assert "40.0 % of f1 is still missing: the reader loses it" in text
    assert "An answer with half of f1 is taken to cost half of what a wrong one costs." in text
    for claim in ("right on", " right)", "are right", "wrong more often"):
        assert claim not in text
