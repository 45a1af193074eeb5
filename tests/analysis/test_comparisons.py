"""Which pairs a verdict rests on, and what the others are: worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pytest

from harness.analysis.accuracy import ScoredAnswer, ScoredAnswers
from harness.analysis.comparisons import Answered, comparisons
from harness.analysis.evidence import Asked
from harness.analysis.results.comparison import Comparison
from harness.records import AnswerRow, Question
from tests.analysis.candidates import figures


def test_the_family_is_the_leaders_pairs_and_others_stand_by_themselves() -> None:
    """Of 40 questions base is right on 4, few-shot on 10, rag on 30, lora on 22, oracle, a control, on all."""
    right = {"base": 4, "few-shot": 10, "rag": 30, "lora": 22, "oracle": 40}
    rows = {(row.a, row.b): row for row in compared(right)}
    assert {pair for pair, row in rows.items() if row.in_family} == {
        ("base", "rag"), ("few-shot", "rag"), ("rag", "lora"),
    }  # fmt: skip
    last = rows["rag", "lora"]  # 8 questions tell them apart, all one way: p = 2 / 2⁸
    assert (last.p, last.p_adjusted) == (2 / 256, 2 / 256), "its two rivals are out of the race by then"
    assert rows["base", "rag"].p_adjusted == pytest.approx(6 * 2 / 2**26)
    outside = rows["base", "few-shot"]  # 6 questions
    assert (outside.p, outside.p_adjusted, outside.level) == (2 / 64, 2 / 64, 0.05)
    assert outside.p_leading == pytest.approx(6 * 2 / 64), "were few-shot to lead, two stay above it"
    assert rows["rag", "oracle"].p_leading is None


def test_a_system_that_failed_a_check_is_no_rival() -> None:
    rows = {(row.a, row.b): row for row in compared({"base": 4, "rag": 30, "lora": 22}, failed={"rag"})}
    assert {pair for pair, row in rows.items() if row.in_family} == {("base", "lora")}
    assert rows["base", "lora"].level == 0.05, "of one pair"


def test_who_leaves_out_the_hard_questions_does_not_lead() -> None:
    """rag is right on 20 of the 30 that it answered, base on 22 of these and on no other."""
    rows = compared({"base": 22, "rag": 20, "lora": 4}, answers={"rag": 30})
    assert {(row.a, row.b) for row in rows if row.in_family} == {("base", "rag"), ("base", "lora")}


def compared(
    right: dict[str, int],
    failed: frozenset[str] | set[str] = frozenset(),
    answers: Mapping[str, int] = MappingProxyType({}),
) -> list[Comparison]:
    """Every pair of strategies that are right on the first so many of 40 questions; `answers`: it answered so many."""
    names = [f"q{i}" for i in range(40)]
    scored = {
        name: ScoredAnswers.of(
            scored_answer(question, i < count) for i, question in enumerate(names[: answers.get(name, 40)])
        )
        for name, count in right.items()
    }
    systems = {name: figures(name).system for name in right}
    clusters = {question: question for question in names}
    timings: dict[str, tuple[()]] = dict.fromkeys(right, ())
    return comparisons(Answered("facts", "contains", clusters, systems, scored, timings), failed)


def scored_answer(question: str, right: bool) -> ScoredAnswer:
    row = AnswerRow(
        task="facts", system="", question_id=question, seed=0, prediction="", choice_logprobs=None,
        prompt_tokens=1, completion_tokens=1, finish_reason="stop", retrieved=(), shown_passages=0,
        dropped_passages=0, prompt_sha256="0" * 64, batch=0,
    )  # fmt: skip
    return ScoredAnswer(
        Asked("facts", Question(question, "?", ("yes",)), None), row, {"contains": float(right)}
    )
