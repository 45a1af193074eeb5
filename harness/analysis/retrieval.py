"""How well passages were found, apart from what the model made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.analysis.accuracy import ScoredAnswers
from harness.analysis.results.figures import Retrieval
from harness.analysis.statistics.intervals import mean
from harness.records import Passage, Question, RankedDoc
from harness.scoring.kinds import stands_in, yes_or_no
from harness.scoring.normal import Words, normalise
from harness.spec.system import System

DEPTHS = (1, 3, 5, 10)


class Texts:
    """The passages of a run, each normalised and searched once however many answers it was shown for."""

    def __init__(self, passages: Mapping[tuple[str, str], Passage]) -> None:
        self._passages = passages
        self._normalised: dict[tuple[str, str], Words] = {}
        self._says: dict[tuple[object, ...], bool | None] = {}

    def normalised(self, task: str, chunk_id: str) -> Words | None:
        """Title and text as a reader sees them, normalised; None where the run kept no such passage."""
        key = (task, chunk_id)
        if key not in self._normalised:
            passage = self._passages.get(key)
            if passage is None:
                return None
            self._normalised[key] = normalise(f"{passage.title}\n{passage.text}")
        return self._normalised[key]

    def says(self, task: str, chunk_id: str, question: Question) -> bool | None:
        """Whether a passage holds an answer, or all parts of one; None where its text is lost."""
        key = (task, chunk_id, question.answers, question.parts)
        if key not in self._says:
            words = self.normalised(task, chunk_id)
            self._says[key] = (
                None if words is None else bool(words) and stands_in(words, question.answers, question.parts)
            )
        return self._says[key]


def retrieval(scored: ScoredAnswers, system: System, texts: Texts) -> Retrieval | None:
    """How well a system's passages were found; None where it puts none into the prompt.

    recall_at_k: mean share of a question's gold documents among the documents of its first k passages, over
    questions with gold documents; None where passages were given, not found, and where they are of no document.
    answer_in_context: share of answerable questions with an answer in a passage that the prompt showed.
    """
    if system.passages is None:
        return None
    found = system.retrieved is not None and not system.reads_train
    reached = recalls(scored, DEPTHS) if found else {depth: [] for depth in DEPTHS}
    inside = [shown for shown in answers_shown(scored, texts) if shown is not None]
    return Retrieval(
        k=system.passages.k,
        recall_at_k={str(depth): mean(values) for depth, values in reached.items()},
        n=len(reached[DEPTHS[0]]),
        answer_in_context=mean([float(shown) for shown in inside]),
        answer_in_context_n=len(inside),
    )


def recalls(scored: ScoredAnswers, depths: Iterable[int]) -> dict[int, list[float]]:
    """Depth → for each answer to a question with gold documents, which share of them its first passages are of."""
    found = [
        (len(gold), _places(gold, ranked))
        for asked, ranked in zip(scored.asked, scored.answers.retrieved, strict=True)
        if (gold := {*asked.question.gold_docs})
    ]
    alike = set(found)  # which are few
    shares = {
        depth: {(n, places): sum(place < depth for place in places) / n for n, places in alike}
        for depth in depths
    }
    return {depth: [share[one] for one in found] for depth, share in shares.items()}


def _places(gold: set[str], ranked: Iterable[RankedDoc]) -> tuple[int, ...]:
    """The first place of each gold document that was found, from 0."""
    documents = [passage.doc_id for passage in ranked]
    return tuple([documents.index(document) for document in gold.intersection(documents)])


def answers_shown(scored: ScoredAnswers, texts: Texts) -> list[bool | None]:
    """Whether a passage that was shown holds an answer, for each answer of a system.

    None for unanswerable questions, for yes and no, which no document says, and where a text is lost.
    """
    answers, sought = scored.answers, {name: _sought(one.question) for name, one in scored.questions.items()}
    columns = zip(scored.asked, answers.retrieved, answers.shown_passages, strict=True)
    return [
        _shown(texts, answers.task, one.question, ranked[:shown]) if sought[one.question.id] else None
        for one, ranked, shown in columns
    ]


def _sought(question: Question) -> bool:
    return question.answerable and not yes_or_no(question.answers)


def _shown(texts: Texts, task: str, question: Question, ranked: Iterable[RankedDoc]) -> bool | None:
    lost = False
    for passage in ranked:
        said = texts.says(task, passage.chunk_id, question)
        if said:
            return True
        lost = lost or said is None
    return None if lost else False
