"""Which questions are copies of a test question, word for word or nearly so.

The same fact in other words is no copy: that is what a fine-tune shall learn. Nearly the same words with the
same answer is one. How alike two are says `scoring/likeness.py`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from harness.records import Question
from harness.scoring.likeness import NEAR, triples
from harness.scoring.normal import normalise
from harness.spec.questions import QuestionFile, same_words


@dataclass(frozen=True, slots=True)
class Copy:
    """A test question and the training question that it repeats. `exact`: the same words, however spelled."""

    test: Question
    learnt: Question
    likeness: float
    exact: bool


def find_copies(test: Sequence[Question], learnt: Sequence[Question]) -> list[Copy]:
    """The likest copy among `learnt` of each test question that has one, exact ones first."""
    by_words = {same_words(question): question for question in reversed(learnt)}
    near = NearCopies(learnt)
    copies = []
    for question in test:
        same = by_words.get(same_words(question))
        copy = Copy(question, same, 1.0, exact=True) if same else near.of(question)
        copies += [copy] if copy else []
    return sorted(copies, key=lambda copy: not copy.exact)


def near_test(files: Mapping[str, QuestionFile]) -> dict[str, str]:
    """Train and dev questions that are nearly a test question, or share its `cluster`: id → where that one stands."""
    test = files["test"]
    near = NearCopies(test.questions)
    clusters: dict[str | None, Question] = {
        q.cluster: q for q in reversed(test.questions) if q.cluster is not None
    }

    def nearest(question: Question) -> Question | None:
        copy = near.of(question)
        return copy.learnt if copy else clusters.get(question.cluster)

    return {
        question.id: test.place(found)
        for role, file in files.items()
        if role != "test"
        for question in file.questions
        if (found := nearest(question))
    }


class NearCopies:
    """An index of the rarest triples of each question, by its answers: what was learnt with others does not help.

    Triples are numbered from the rarest on.

    Two sets whose likeness is t or more share at least one of the |s| − ⌈t·|s|⌉ + 1 rarest members of each
    (prefix filter: Chaudhuri, Ganti, Kaushik 2006), so only these are looked up.
    """

    def __init__(self, questions: Sequence[Question]) -> None:
        self._questions = questions
        self._answers = frozenset[_Answer]().union(*map(_answers, questions))

    @cached_property
    def _index(self) -> _Index:
        """Made when a question with one of the answers is first looked for, which facts asked once never are."""
        return _Index.of(self._questions)

    def of(self, question: Question) -> Copy | None:
        """The likest question with the same answer, or None; of equals the first."""
        if self._answers.isdisjoint(answers := _answers(question)):
            return None
        index, asked = self._index, triples(question.question)
        size, known = len(asked), {index.number[t] for t in asked if t in index.number}
        unknown = size - len(known)  # rarer than any: they fill the prefix first, and nobody holds them
        prefix = sorted(known)[: max(0, _prefix(size) - unknown)]
        best: Copy | None = None
        held = (index.holders.get((answer, number), ()) for answer in answers for number in prefix)
        for place in sorted(set().union(*held)):
            candidate = index.sets[place]
            if min(size, len(candidate)) < NEAR * max(size, len(candidate)):
                continue
            shared = len(known & candidate)
            likeness = shared / (size + len(candidate) - shared)
            other = self._questions[place]
            if likeness >= NEAR and (best is None or likeness > best.likeness):
                best = Copy(question, other, likeness, exact=False)
        return best


@dataclass(frozen=True, slots=True)
class _Index:
    """`number` of each triple, from the rarest on; the numbers of each question's triples; an answer and one of the
    rarest triples → the places of questions that have both."""

    number: dict[str, int]
    sets: list[frozenset[int]]
    holders: dict[tuple[_Answer, int], list[int]]

    @classmethod
    def of(cls, questions: Sequence[Question]) -> _Index:
        texts = [triples(question.question) for question in questions]
        common = Counter(triple for members in texts for triple in members)
        order = sorted(common, key=lambda triple: (common[triple], triple))
        number = {triple: place for place, triple in enumerate(order)}
        sets = [frozenset(number[triple] for triple in members) for members in texts]
        holders: dict[tuple[_Answer, int], list[int]] = {}
        for place, members in enumerate(sets):
            for rare in sorted(members)[: _prefix(len(members))]:
                for answer in _answers(questions[place]):
                    holders.setdefault((answer, rare), []).append(place)
        return cls(number, sets, holders)


def _prefix(size: int) -> int:
    return size - math.ceil(NEAR * size) + 1


_Answer = tuple[str, str]


def _answers(question: Question) -> frozenset[_Answer]:
    """Two questions share one where an answer of one is right for the other (`exact_match`), or both have none."""
    words = [normalise(answer) for answer in question.answers]
    return frozenset([("text", w.text) for w in words] + [("bare", w.bare) for w in words] or [("none", "")])
