"""How well passages were found, apart from what the model made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.analysis.accuracy import ScoredAnswer
from harness.analysis.means import mean
from harness.records import Passage
from harness.scoring.text import contains_normalised, normalise

DEPTHS = (1, 3, 5, 10)


class Texts:
    """The passages of a run, each normalised once however many questions it was shown for."""

    def __init__(self, passages: dict[tuple[str, str], Passage]) -> None:
        self._passages = passages
        self._normalised: dict[tuple[str, str], str] = {}

    def normalised(self, task: str, chunk_id: str) -> str | None:
        """Title and text as a reader sees them, normalised; None where the run kept no such passage."""
        key = (task, chunk_id)
        if key not in self._normalised:
            passage = self._passages.get(key)
            if passage is None:
                return None
            self._normalised[key] = normalise(f"{passage.title}\n{passage.text}")
        return self._normalised[key]


def retrieval(scored: Sequence[ScoredAnswer], k: int | None, texts: Texts, *, ranked: bool) -> dict[str, Any]:
    """{k, recall_at_k, n, answer_in_context, …} of a strategy that puts passages into the prompt.

    recall_at_k: mean share of a question's gold documents among the documents of its first k passages, over
    questions with gold documents; None where passages were given, not found (`ranked` False).
    answer_in_context: share of answerable questions with an answer in a passage that the prompt showed.
    """
    with_gold = [one for one in scored if one.asked.question.gold_docs] if ranked else []
    inside = [found for one in scored if (found := answer_shown(one, texts)) is not None]
    return {
        "k": k,
        "recall_at_k": {str(depth): mean([recall(one, depth) for one in with_gold]) for depth in DEPTHS},
        "n": len(with_gold),
        "answer_in_context": mean([float(found) for found in inside]),
        "answer_in_context_n": len(inside),
    }


def recall(one: ScoredAnswer, depth: int) -> float:
    gold = set(one.asked.question.gold_docs)
    found = {passage["doc_id"] for passage in one.row.retrieved[:depth]}
    return len(gold & found) / len(gold)


def answer_shown(one: ScoredAnswer, texts: Texts) -> bool | None:
    """Whether a shown passage holds an answer; None for unanswerable questions and where a text is lost."""
    question = one.asked.question
    if not question.answerable:
        return None
    shown = one.row.retrieved[: one.row.shown_passages]
    known = [texts.normalised(one.row.task, passage["chunk_id"]) for passage in shown]
    if any(text and contains_normalised(text, question.answers) for text in known):
        return True
    return None if None in known else False
