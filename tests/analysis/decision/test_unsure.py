"""What a decision says where questions, clusters or requirements leave it open."""

from __future__ import annotations

import pytest

from harness.analysis.results.decision import Lead
from tests.analysis.candidates import (
    Money,
    candidate,
    share,
    timed,
)
from tests.analysis.decision.worlds import (
    BASE,
    FEW,
    LORA,
    RAG,
    WORLDS,
    check_decision,
    decided,
    text_of,
    told,
)

GROUPED = {f"q{index:05}": str(index % 3) for index in range(40)}
"""Three documents."""
BLIND = {"ci_low": None, "ci_high": None, "p": None, "p_adjusted": None}
"""What a comparison says of questions that share one cluster."""


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


def test_undecided_says_how_many_questions_more() -> None:
    decision = decided(FEW)
    more = decision.questions_more
    assert more
    assert more == (decision.questions_needed or 0) - 40 > 0
    assert {row["figures"]["questions_more"] for row in told(decision, "questions_more")} == {more}
    assert decision.headline == f"Undecided between rag and base: about {more} more questions would decide."


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
