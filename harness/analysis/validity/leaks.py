"""Does a test question, or a near copy of one, stand among the training questions?

The same fact in other words is no leak: that is what a fine-tune shall learn. Nearly the same words with the
same answer is one. How alike two are says `scoring/likeness.py`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.analysis.results.figures import Check, Status
from harness.analysis.validity.check import Case, Rule
from harness.quantities import counted, listed, percent
from harness.records import Question
from harness.scoring.likeness import NEAR, triples
from harness.scoring.normal import normalise
from harness.spec.questions import same_words

SHOWN = 3


@dataclass(frozen=True, slots=True)
class Copy:
    """A test question and the training question that it repeats. `exact`: the same words, however spelled."""

    test: Question
    learnt: Question
    likeness: float
    exact: bool


def no_leak(case: Case, rule: Rule) -> list[Check]:
    """Any exact copy fails; near copies fail above a share, and warn below it."""
    # Who looks for a question's nearest examples leaves its copies out.
    learning = tuple(
        system.name for system in case.own if system.adapted or (system.examples and not system.nearest)
    )
    if not learning:
        return rule.absent("No strategy that learns from training questions answered this task.")
    if case.run.training is None:
        return rule.absent("The run kept no training questions.")
    test = _by_id(asked.question for asked in case.run.questions.get(case.task, {}).values())
    learnt = _by_id(row.question for row in case.run.training.get(case.task, ()))
    if not test or not learnt:
        return rule.absent("There are no training questions.")
    copies = find_copies(test, learnt)
    exact = sum(copy.exact for copy in copies)
    share = len(copies) / len(test)
    status, threshold = rule.limits.judge(share)
    if exact:
        status, threshold = Status.FAIL, 0.0
    pairs = listed((f"{copy.test.id} is {copy.learnt.id}" for copy in copies), SHOWN, apart="; ")
    detail = (
        f"{percent(share)} of {counted(len(test), 'test question')} repeat one of "
        f"{counted(len(learnt), 'training question')}: {exact} identical, {len(copies) - exact} nearly"
        f"{pairs and f' ({pairs})'}."
    )
    figures = {
        "share": share,
        "test questions": float(len(test)),
        "training questions": float(len(learnt)),
        "identical": float(exact),
        "nearly": float(len(copies) - exact),
        "not named": float(max(0, len(copies) - SHOWN)),
    }
    return [rule.check(status, detail, share, threshold, learning, figures)]


def _by_id(questions: Iterable[Question]) -> list[Question]:
    """So that which of equally near copies is named does not hang on the order of lines in a file."""
    return sorted(questions, key=lambda question: question.id)


def find_copies(test: Sequence[Question], learnt: Sequence[Question]) -> list[Copy]:
    """For each test question its likest copy among `learnt`, exact ones first; those without one left out."""
    by_words = {same_words(question): question for question in reversed(learnt)}
    near = _NearCopies(learnt)
    copies = []
    for question in test:
        same = by_words.get(same_words(question))
        copy = Copy(question, same, 1.0, exact=True) if same else near.of(question)
        copies += [copy] if copy else []
    return sorted(copies, key=lambda copy: not copy.exact)


class _NearCopies:
    """An index of the rarest triples of each question, by its answers: what was learnt with others does not help.

    Triples are numbered from the rarest on.

    Two sets whose likeness is t or more share at least one of the |s| − ⌈t·|s|⌉ + 1 rarest members of each
    (prefix filter: Chaudhuri, Ganti, Kaushik 2006), so only these are looked up.
    """

    def __init__(self, questions: Sequence[Question]) -> None:
        self._questions = questions
        sets = [triples(question.question) for question in questions]
        common = Counter(triple for members in sets for triple in members)
        order = sorted(common, key=lambda triple: (common[triple], triple))
        self._number = {triple: number for number, triple in enumerate(order)}
        self._sets = [frozenset(self._number[triple] for triple in members) for members in sets]
        self._holders: dict[tuple[_Answer, int], list[int]] = {}
        for place, members in enumerate(self._sets):
            for number in sorted(members)[: _prefix(len(members))]:
                for answer in _answers(questions[place]):
                    self._holders.setdefault((answer, number), []).append(place)

    def of(self, question: Question) -> Copy | None:
        """The likest question with the same answer, or None; of equals the first."""
        asked = triples(question.question)
        size, known = len(asked), {self._number[t] for t in asked if t in self._number}
        unknown = size - len(known)  # rarer than any: they fill the prefix first, and nobody holds them
        prefix = sorted(known)[: max(0, _prefix(size) - unknown)]
        best: Copy | None = None
        held = (self._holders.get((answer, number), ()) for answer in _answers(question) for number in prefix)
        for place in sorted(set().union(*held)):
            candidate = self._sets[place]
            if min(size, len(candidate)) < NEAR * max(size, len(candidate)):
                continue
            shared = len(known & candidate)
            likeness = shared / (size + len(candidate) - shared)
            other = self._questions[place]
            if likeness >= NEAR and (best is None or likeness > best.likeness):
                best = Copy(question, other, likeness, exact=False)
        return best


def _prefix(size: int) -> int:
    return size - math.ceil(NEAR * size) + 1


_Answer = tuple[str, str]


def _answers(question: Question) -> frozenset[_Answer]:
    """Two questions share one where an answer of one is right for the other (`exact_match`), or both have none."""
    words = [normalise(answer) for answer in question.answers]
    return frozenset([("text", w.text) for w in words] + [("bare", w.bare) for w in words] or [("none", "")])
