"""Recall counts documents, not passages; an answer in the context must be among the passages shown."""

from __future__ import annotations

from typing import Any

from harness.analysis.accuracy import ScoredAnswer, ScoredAnswers
from harness.analysis.evidence import Asked
from harness.analysis.retrieval import Texts, retrieval
from harness.records import Passage, Question
from harness.spec.context import Gold, Retrieved
from harness.spec.system import ModelRef, System
from tests.analysis.runs import answer
from tests.analysis.written import answer_row

RAG = System("rag", "rag", ModelRef("tiny"), context=(Retrieved(3, 256, 32, 1024, "e"),))
GIVEN = System("oracle", "oracle", ModelRef("tiny"), context=(Gold(3, 256, 32, 1024, "e"),), control=True)
TEXTS = Texts(
    {
        ("t", "a#0"): Passage("a#0", "a", "Zürich office", "Opened 1999."),
        ("t", "b#0"): Passage("b#0", "b", "Rules", "Thirty days."),
    }
)


def one(question: Question, chunks: list[str], shown: int) -> ScoredAnswer:
    ranked: list[dict[str, Any]] = [{"doc_id": c[0], "chunk_id": c, "score": 1.0} for c in chunks]
    row = answer_row(answer("t", "rag", question.id, "x", retrieved=ranked, shown_passages=shown))
    return ScoredAnswer(Asked("t", question, None), row, {})


def test_recall_is_the_share_of_gold_documents() -> None:
    two = one(Question("q", "?", ("x",), gold_docs=("a", "b")), ["a#0", "a#1", "b#0"], 3)
    block = retrieval(ScoredAnswers.of([two]), RAG, TEXTS)
    assert block is not None
    assert block.recall_at_k == {"1": 0.5, "3": 1.0, "5": 1.0, "10": 1.0}
    assert block.n == 1


def test_given_passages_have_no_recall() -> None:
    given = one(Question("q", "?", ("1999",), gold_docs=("a",)), ["a#0"], 1)
    block = retrieval(ScoredAnswers.of([given]), GIVEN, TEXTS)
    assert block is not None
    assert block.recall_at_k == {"1": None, "3": None, "5": None, "10": None}
    assert block.answer_in_context == 1.0


def test_answer_must_be_shown_and_titles_are_shown_too() -> None:
    hidden = one(Question("q1", "?", ("thirty days",)), ["a#0", "b#0"], 1)
    title = one(Question("q2", "?", ("Zürich",)), ["a#0"], 1)
    nobody = one(Question("q3", "?", (), answerable=False), ["a#0"], 1)
    lost = one(Question("q4", "?", ("no",)), ["c#0"], 1)
    block = retrieval(ScoredAnswers.of([hidden, title, nobody, lost]), RAG, TEXTS)
    assert block is not None
    assert (block.answer_in_context, block.answer_in_context_n) == (0.5, 2)


def test_a_system_without_passages_retrieves_nothing() -> None:
    assert retrieval(ScoredAnswers.of([]), System("base", "base", ModelRef("tiny")), TEXTS) is None
