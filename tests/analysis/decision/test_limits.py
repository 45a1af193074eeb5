"""What other limits would lead to: turning points at the very figures that meet them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.analysis.results.decision import Decision
from harness.analysis.results.turns import Change
from tests.analysis.candidates import Money, candidate, share, timed
from tests.analysis.decision.worlds import check_decision, decided

FAST = candidate("base", share(400, 1000), Money(0.001), latency=timed(0.5))
CITES = candidate("rag", share(800, 1000), Money(0.001, 1200), cites=True, latency=timed(2.0))


def change(decision: Decision, name: str) -> Change:
    return {row.input: row for row in decision.would_change}[name]


@pytest.mark.parametrize(
    ("needs", "name", "text"),
    [
        ({"max_latency_s": 1.0}, "max_latency_s",
         "The latency limit (now 1.00 s): no strategy meets the requirements below 500 ms; rag is recommended from "
         "2.00 s up."),
        ({"min_accuracy": 0.6}, "min_accuracy",
         "The least accuracy (now 60.0 %): no strategy meets the requirements above 80.0 %."),
        ({"monthly_budget_usd": 50}, "monthly_budget_usd",
         "The budget (now $50.00 a month): no strategy meets the requirements below $10.00 a month; rag is recommended "
         "from $110.00 a month up."),
        ({"max_latency_s": 1.0, "citations": True}, "citations",
         "Citations (now needed): base is recommended where not needed."),
        ({}, "max_latency_s", "The latency limit: base is recommended below 2.00 s."),
    ],
)  # fmt: skip
def test_a_limit_turns_the_choice_at_what_was_measured(needs: dict[str, Any], name: str, text: str) -> None:
    decision = decided([FAST, CITES], **needs)
    assert change(decision, name).text == text
    check_decision(decision)


def test_nobody_is_told_of_a_limit_that_nobody_set_and_nothing_meets() -> None:
    """None of them cites, and nothing leaves the house."""
    names = {
        row.input
        for row in decided([FAST, candidate("few-shot", share(300, 1000))]).would_change
        if row.turns
    }
    assert not names & {"citations", "in_house", "min_accuracy", "monthly_budget_usd"}


def test_limits_that_are_no_dollars_are_tried_where_costs_are_unknown() -> None:
    decision = decided(
        [replace(FAST, economics=Money(None)), replace(CITES, economics=Money(None))], max_latency_s=5
    )
    text = "The latency limit (now 5.00 s): base is recommended below 2.00 s"
    assert change(decision, "max_latency_s").text.startswith(text)


def test_a_turn_that_nobody_is_told_of_is_not_the_nearest() -> None:
    only = candidate("rag", share(800, 1000), latency=timed(2.0))
    alone = change(
        decided([only, candidate("few-shot", share(300, 1000), latency=timed(2.0))]), "max_latency_s"
    )
    assert (alone.down, alone.up, alone.nearest) == (None, None, None)


def test_without_times_no_latency_is_tried() -> None:
    untimed = candidate("rag", share(800, 1000), latency=timed(None, n=0))
    assert "max_latency_s" not in {row.input for row in decided([FAST, untimed]).would_change}


def test_the_first_sentence_names_a_limit_where_that_has_to_move_least() -> None:
    slow = candidate("rag", share(800, 1000), Money(0.001, 1200), latency=timed(1.1))
    text = decided([FAST, slow], max_latency_s=1.0).what_would_change.text
    assert text == "If the latency limit (now 1.00 s) is 1.10 s or more: rag is recommended."
    tight = decided([FAST, slow], min_accuracy=0.79).what_would_change.text
    assert tight == "If the least accuracy (now 79.0 %) is above 80.0 %: no strategy meets the requirements."


def test_citations_are_told_as_needed_or_not() -> None:
    """base is right on 99 of 100 and costs nothing more: only a need for sources speaks for rag."""
    best = candidate("base", share(990, 1000), Money(0.0), latency=timed(0.5))
    cites = candidate("rag", share(900, 1000), Money(0.0, 12), cites=True, latency=timed(2.0))
    text = decided([best, cites]).what_would_change.text
    assert text == "With citations needed (now not needed): rag is recommended."


def test_one_system_alone_is_recommended_by_no_limit() -> None:
    text = decided([CITES], min_accuracy=0.9).what_would_change.text
    assert text == "If the least accuracy (now 90.0 %) is 80.0 % or less: nothing to choose between."
