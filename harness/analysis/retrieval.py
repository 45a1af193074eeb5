"""How well passages were found, apart from what the model made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.analysis.accuracy import ScoredAnswer
from harness.analysis.results.figures import Retrieval
from harness.analysis.statistics.intervals import mean
from harness.records import Passage, Question
from harness.scoring.kinds import stands_in, yes_or_no
from harness.scoring.normal import Words, normalise
from harness.spec.system import System

DEPTHS = (1, 3, 5, 10)


class Texts:
    """The passages of a run, each normalised once however many questions it was shown for."""

    def __init__(self, passages: Mapping[tuple[str, str], Passage]) -> None:
        self._passages = passages
        self._normalised: dict[tuple[str, str], Words] = {}
        self._shown: dict[tuple[str, ...], bool | None] = {}

    def normalised(self, task: str, chunk_id: str) -> Words | None:
        """Title and text as a reader sees them, normalised; None where the run kept no such passage."""
        key = (task, chunk_id)
        if key not in self._normalised:
            passage = self._passages.get(key)
            if passage is None:
                return None
            self._normalised[key] = normalise(f"{passage.title}\n{passage.text}")
        return self._normalised[key]

    def hold_answer(self, question: Question, task: str, chunk_ids: tuple[str, ...]) -> bool | None:
        """Whether one of these passages holds an answer; None where none does and a text is lost.

        Worked out once, however many systems show them for the question.
        """
        key = (task, question.id, *chunk_ids)
        if key not in self._shown:
            known = [self.normalised(task, chunk_id) for chunk_id in chunk_ids]
            found = any(text and stands_in(text, question.answers, question.parts) for text in known)
            self._shown[key] = True if found else None if None in known else False
        return self._shown[key]


def retrieval(scored: Sequence[ScoredAnswer], system: System, texts: Texts) -> Retrieval | None:
    """How well a system's passages were found; None where it puts none into the prompt.

    recall_at_k: mean share of a question's gold documents among the documents of its first k passages, over
    questions with gold documents; None where passages were given, not found, and where they are of no document.
    answer_in_context: share of answerable questions with an answer in a passage that the prompt showed.
    """
    if system.passages is None:
        return None
    with_gold = [answer for answer in scored if answer.asked.question.gold_docs]
    if system.retrieved is None or system.reads_train:
        with_gold = []
    inside = [shown for answer in scored if (shown := answer_shown(answer, texts)) is not None]
    return Retrieval(
        k=system.passages.k,
        recall_at_k={
            str(depth): mean(values) for depth, values in zip(DEPTHS, _recalls(with_gold), strict=True)
        },
        n=len(with_gold),
        answer_in_context=mean([float(shown) for shown in inside]),
        answer_in_context_n=len(inside),
    )


def _recalls(answers: Sequence[ScoredAnswer]) -> list[list[float]]:
    """`recall` of each answer, by depth."""
    columns: list[list[float]] = [[] for _ in DEPTHS]
    for answer in answers:
        gold, found, start = {*answer.asked.question.gold_docs}, set[str](), 0
        for depth, column in zip(DEPTHS, columns, strict=True):
            found.update(passage.doc_id for passage in answer.row.retrieved[start:depth])
            column.append(len(gold & found) / len(gold))
            start = depth
    return columns


def recall(answer: ScoredAnswer, depth: int) -> float:
    gold = set(answer.asked.question.gold_docs)
    found = {passage.doc_id for passage in answer.row.retrieved[:depth]}
    return len(gold & found) / len(gold)


def answer_shown(answer: ScoredAnswer, texts: Texts) -> bool | None:
    """Whether a shown passage holds an answer; None for unanswerable questions, for yes and no, which no document says,
    and where a text is lost."""
    question = answer.asked.question
    if not question.answerable or yes_or_no(question.answers):
        return None
    shown = answer.row.retrieved[: answer.row.shown_passages]
    return texts.hold_answer(question, answer.row.task, tuple(passage.chunk_id for passage in shown))
