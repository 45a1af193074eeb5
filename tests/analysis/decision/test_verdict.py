"""The decision block: complete, finite, the same twice, and every figure in its prose is one of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import pytest

from harness.analysis.decision.candidates import Candidate
from harness.analysis.decision.case import Case
from harness.analysis.decision.choice import Rules
from harness.analysis.decision.literature import expected_range
from harness.analysis.decision.pairs import Pairs
from harness.analysis.decision.requirements.table import Requirements
from harness.analysis.decision.summary import summary
from harness.analysis.decision.verdict import verdict
from harness.analysis.results.checks import Check, FigureKind, Status
from harness.analysis.results.decision import Decision, Lead
from harness.analysis.results.figures import Estimate
from harness.analysis.results.reason import Reason
from tests.analysis.candidates import (
    Money,
    candidate,
    comparisons,
    failed,
    figures,
    setting,
    share,
    timed,
)
from tests.analysis.prose import check, sentences_of
from tests.snapshots import Snapshots


def case_of(candidates: Sequence[Candidate], **more: Any) -> Case:
    """The keywords of a Case, `clusters`, `rows` (changes to every comparison), or requirements."""
    fields = ("unfit", "sizes", "fits", "checks", "probes", "primary_metric")
    about = {name: more.pop(name) for name in fields if name in more}
    excluded = {name: (failed(name, why),) for name, why in more.pop("excluded", {}).items()}
    about["checks"] = (*about.get("checks", ()), *(check for checks in excluded.values() for check in checks))
    clusters, rows = more.pop("clusters", {}), more.pop("rows", {})
    needs = Requirements(**more)
    systems = {
        one.name: figures(
            one.name, one.accuracy, len(one.scores), adapter="ab" if "lora" in one.name else None
        )
        for one in candidates
    }
    standing = [one for one in candidates if one.name not in excluded and not systems[one.name].control]
    out = [one for one in candidates if one.name in excluded and not systems[one.name].control]
    prices = {"usd_per_hour": 1.0, "utilisation": 0.5, "cycles": 3}
    now = setting(needs, **prices, monthly_queries_assumed=needs.monthly_queries is None)
    pairs = Pairs([replace(row, **rows) for row in comparisons(candidates)])
    defaults: dict[str, Any] = {"probes": "knowledge", "primary_metric": "contains"}
    rules = Rules(needs, pairs, clusters, least_error_usd=1.0)
    about |= {"excluded": excluded, "excluded_at": lambda _: out}
    return Case(systems, lambda _: standing, rules, now, **{**defaults, **about})


def decided(candidates: Sequence[Candidate], **more: Any) -> Decision:
    return verdict(case_of(candidates, **more))


def check_decision(decision: Decision) -> int:
    """Every number of its sentences is one of their figures; returns how many there are."""
    return sum(check(sentence) for sentence in sentences_of(decision))


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
    "straw": ([BASE, RAG, LORA], {"excluded": {"lora": "it was never trained"}}),
    "one left": ([BASE, RAG], {"excluded": {"rag": "it found nothing"}}),
    "all out": ([BASE], {"excluded": {"base": "its prompts were cut"}}),
    "useless": (
        [candidate("base", share(0, 1000)), candidate("rag", share(0, 1000), Money(0.004))],
        {"error_price_usd": 0.5},
    ),
    "quick": ([BASE, RAG], {"unfit": "this was a quick run"}),
}  # fmt: skip


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


def told(decision: Decision, *names: str) -> list[dict[str, Any]]:
    """The sentences with these figures, by name."""
    return [one for one in sentences_of(decision) if set(names) <= one["figures"].keys()]


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


def text_of(decision: Decision) -> str:
    return "\n".join(one["text"] for one in sentences_of(decision))


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


def test_the_price_at_which_it_pays_is_held_against_those_that_meet_the_requirements() -> None:
    among = "of those that meet the requirements"
    (free,) = told(decided([BASE, RAG, LORA]), "pays_from_usd")
    assert free["figures"]["pays_from_usd"] == pytest.approx(0.0031 / 0.35)
    assert among not in free["text"]
    (some,) = told(decided([BASE, RAG, LORA], monthly_budget_usd=100), "pays_from_usd")
    assert among in some["text"]
    assert told(decided([BASE, RAG, LORA], monthly_budget_usd=100, citations=True), "pays_from_usd") == []


def test_the_margin_of_value_is_told_where_it_settles_the_choice() -> None:
    """Two that are as good as each other, 400 questions: the interval's end is worth less than 5 % of all."""
    pair = [candidate("base", share(200, 400)), candidate("rag", share(200, 400, 4), Money(0.00101))]
    decision = decided(pair, error_price_usd=0.5, monthly_queries=1000)
    row = decision.against["rag"]
    assert (decision.recommended, row.open) == ("base", None)
    # $0.01 of running cost against the interval's end of the difference, at $500 for all answers wrong
    assert row.at_risk_usd == pytest.approx(-0.01 - 500 * (row.ci_low or 0))
    assert 0 < (row.at_risk_usd or 0) < 0.05 * (decision.candidates["base"].total_usd or 0)
    (reason,) = told(decision, "at_risk_usd")
    assert reason["figures"]["margin"] == 0.05
    check_decision(decision)
    apart = decided([BASE, RAG], error_price_usd=0.5)
    assert apart.against["base"].at_risk_usd is None
    assert told(apart, "at_risk_usd") == []


def test_no_difference_is_written_without_a_sign_of_its_own() -> None:
    same = [candidate("base", share(0, 60)), candidate("rag", share(0, 60), Money(0.004))]
    assert "−0.0 points" not in text_of(decided(same))


def test_undecided_says_how_many_questions_more() -> None:
    decision = decided(FEW)
    more = decision.questions_more
    assert more
    assert more == (decision.questions_needed or 0) - 40 > 0
    assert {row["figures"]["questions_more"] for row in told(decision, "questions_more")} == {more}
    assert decision.headline == f"Undecided between rag and base: about {more} more questions would decide."


GROUPED = {f"q{index:05}": str(index % 3) for index in range(40)}
"""Three documents."""
BLIND = {"ci_low": None, "ci_high": None, "p": None, "p_adjusted": None}
"""What a comparison says of questions that share one cluster."""


def test_few_clusters_name_no_number_and_no_chance_but_what_to_ask() -> None:
    decision = decided(FEW, clusters=GROUPED)
    assert (decision.status, decision.questions_needed, decision.questions_more) == ("undecided", None, None)
    assert "ask about other documents" in str(decision.questions_reason)
    assert str(decision.questions_reason) in text_of(decision)
    assert {row.probability_best for row in decision.candidates.values()} == {None}
    assert str(decision.chances_reason) in text_of(decision)


def test_where_nothing_is_known_no_interval_is_told() -> None:
    """All questions about one document: the difference stands, and nothing says how another would differ."""
    decision = decided([*FEW, candidate("oracle", share(20, 40))], rows=BLIND)
    base = decision.against["base"]
    assert (base.delta, base.ci_low, base.ci_high) == (pytest.approx(0.15), None, None)
    assert decision.headroom.retrieval == Lead(pytest.approx(0.1), None, None)
    assert "(+15.0 points)" in text_of(decision)
    assert "without an interval" in text_of(decision)
    assert "100.0 to" not in text_of(decision)
    (shape,) = [row for row in decision.literature.shapes if row.shape == "knowledge: rag − base"]
    assert (shape.text, shape.ci_low, shape.certain) == ("+15.0 points", None, False)


def test_further_clusters_are_named_with_further_questions() -> None:
    decision = decided(FEW, clusters={f"q{index:05}": str(index // 2) for index in range(40)})
    row = decision.against["base"]
    (reason,) = told(decision, "clusters_more")
    assert row.clusters_more
    assert reason["figures"]["questions_more"] == row.questions_more
    assert reason["figures"]["clusters_more"] == row.clusters_more
    check_decision(decision)


def test_many_pairs_take_more_questions_than_one() -> None:
    lora = candidate("lora", share(10, 40))
    alone, among = (decided(some).questions_more or 0 for some in (FEW, [*FEW, lora]))
    assert among > alone


def test_what_is_missed_or_not_checked_is_said() -> None:
    headline, base = told(decided(*WORLDS["none"][:1], **WORLDS["none"][1]), "min_accuracy: missed_by")
    assert "nearest is rag, which misses its accuracy (45.0 %, required 90.0 %" in headline["text"]
    assert headline["figures"]["min_accuracy: missed_by"] == pytest.approx(0.45)
    assert base["text"].startswith(
        "base misses accuracy (10.0 %, required 90.0 %: missed by 80 points) and latency ("
    )
    found = decided(*WORLDS["unchecked"][:1], **WORLDS["unchecked"][1])
    needed = "max_latency_s: timed_needed"
    assert [row["figures"][needed] for row in told(found, needed)] == [130, 130]


def test_what_is_met_but_not_for_certain_is_said() -> None:
    """rag is recommended since base is ruled out; that rag itself is above the floor is not shown."""
    rag = candidate("rag", share(450, 1000), Money(0.004), interval=(0.42, 0.48))
    slow = timed(1.0, ci={"p50": (0.9, 1.3)})
    base = candidate("base", share(430, 1000), Money(0.001), interval=(0.4, 0.46), latency=slow)
    decision = decided([base, rag], min_accuracy=0.44)
    (met,) = told(decision, "min_accuracy: interval_low")
    (missed,) = told(decision, "min_accuracy: interval_high")
    assert met["text"].startswith("rag meets accuracy, but not for certain (")
    assert missed["text"].startswith("base misses accuracy (43.0 %")
    assert missed["figures"]["min_accuracy: interval_high"] == 0.46
    check_decision(decision)
    (late,) = told(decided([base, rag], max_latency_s=1.2), "max_latency_s: interval_high")
    assert late["text"].startswith("base meets latency, but not for certain (")
    sure = decided([base, rag], min_accuracy=0.44, max_latency_s=0.5)
    assert "not for certain" not in text_of(sure)


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


def test_advice_and_shapes_stand_beside_what_was_measured() -> None:
    found = decided([BASE, RAG, LORA, MIXED], sizes={None: 1.35e8}).literature
    assert [row.verdict for row in found.priors] == ["as in the literature", "differs", "not measured"]
    shapes = {row.shape: row for row in found.shapes}
    rag = shapes["knowledge: rag − base"]
    assert (rag.measured, rag.verdict, expected_range(rag)) == (
        pytest.approx(0.35), "as in the literature", "+23.0 to +42.0 points",
    )  # fmt: skip
    small = next(row for name, row in shapes.items() if name.startswith("models of 3"))
    assert (small.verdict, expected_range(small)) == ("as in the literature", "above 0")
    assert {row.verdict for name, row in shapes.items() if "raw text" in name} == {"not measured"}


def test_a_large_model_is_held_against_the_shape_of_large_models() -> None:
    rows = decided([BASE, RAG, MIXED], sizes={None: 8e9}).literature.shapes
    (large,) = [row for row in rows if row.shape.startswith("models of 7")]
    assert (large.verdict, large.certain, expected_range(large)) == ("differs", True, "below 0")


@pytest.mark.parametrize(("right", "expected"), [(500, "as in the literature"), (50, "differs")])
def test_behaviour_turns_the_order_round_or_the_report_says_so(right: int, expected: str) -> None:
    lora = candidate("lora", share(right, 1000), Money(0.001, 6000))
    found = decided([BASE, lora], probes="behaviour", sizes={None: 1.35e8}).literature
    assert (found.priors[0].verdict, found.shapes[0].verdict) == (expected, expected)


def test_the_summary_keeps_kinds_apart() -> None:
    decisions = {
        "facts": decided([BASE, RAG]),
        "manners": decided([BASE, LORA], probes="behaviour"),
        "few": decided(FEW, probes="general"),
    }
    found = summary(decisions, {"facts": "knowledge", "manners": "behaviour", "few": "general"})
    assert {kind: list(rows) for kind, rows in found.by_kind.items()} == {
        "knowledge": ["facts"], "behaviour": ["manners"], "general": ["few"],
    }  # fmt: skip
    assert found.sentences[:3] == (
        "Recommended for knowledge tasks: rag on facts.",
        "Recommended for behaviour tasks: lora on manners.",
        "Nothing is recommended on few.",
    )
    assert "No one strategy" in found.sentences[3]
    assert "accuracy" not in json.dumps(asdict(found))


def test_the_summary_names_the_best_of_those_that_could_be_judged() -> None:
    judged = decided([BASE, RAG, MIXED], excluded={"lora+rag": "it was never trained"})
    found = summary({"facts": decided([BASE, RAG]), "more": judged}, dict.fromkeys(["facts", "more"]))
    assert found.sentences == (
        "Recommended for other tasks: rag on facts.",
        "Best of those that could be judged: rag on more.",
    )


def test_the_summary_speaks_of_these_tasks_and_of_no_kind() -> None:
    """Two knowledge tasks, one of them open: nothing is said of knowledge tasks in general."""
    one, few = decided([BASE, RAG]), decided(FEW)
    assert (
        len(summary({"facts": one, "few": few}, dict.fromkeys(["facts", "few"], "knowledge")).sentences) == 2
    )
    both = summary({"facts": one, "more": one}, {"facts": "knowledge", "more": "general"})
    assert both.sentences[-1].startswith("It is the same strategy on every task of this run")


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
