"""Checks of right replies under `contains`: is the answer that stands in a reply what the reply says?

`contains` asks only whether an answer stands in the reply. A reply that lists every candidate, that copies a page, or
that says "not 14 days, but 7" is right by it, and tells the user nothing or the opposite. Each check counts such
replies among the right ones.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from harness.analysis.results.checks import Check, Status
from harness.analysis.validity.check import Case, Finding, RightReply, Rule
from harness.analysis.validity.negation import may_be_denied
from harness.records import Question
from harness.scoring.normal import normalise
from harness.scoring.text import contains
from harness.spec.system import System

BY_WORDS = ("contains", "kind_match")
"""The metrics that ask whether an answer stands in the reply, the latter where an answer is of no other kind."""
CHECKS = ("long_right_replies", "listed_candidates", "denied_answers")
"""The names of these checks: under another metric they say nothing."""
ENOUGH_RIGHT = 10
"""With fewer right replies a check warns and does not fail."""
LONG_TIMES, LONG_CHARACTERS = 10, 200
"""A reply is far longer than its answer from so many times its length and so many characters on: three sentences."""
TEXT_TIMES, TEXT_CHARACTERS = 20, 300
"""Beyond these (some fifty words) a reply is a text in which an answer stands, and no answer."""
FURTHER = 2
"""A reply lists candidates that has so many answers of other questions side by side with the right one."""
BETWEEN, BETWEEN_NUMBERS = 4, 1
"""Side by side: so many words lie between them at most. Numbers stand in many texts by chance ("3 + 4 = 7")."""
_NUMBER = re.compile(r"[-+]?\d[\d.,:]*")

Words = tuple[str, ...]


def not_long(case: Case, rule: Rule) -> list[Check]:
    """Right replies that are far longer than the answer warn; whole texts fail."""

    def judge(system: System, right: Sequence[RightReply]) -> Finding:
        # A short reply is neither, whatever it is an answer to.
        lengths = [_length(*one) for one in right if len(one.reply) >= LONG_CHARACTERS]
        texts = sum(times >= TEXT_TIMES and size >= TEXT_CHARACTERS for times, size in lengths) / len(right)
        if texts > rule.limits.fail and len(right) >= ENOUGH_RIGHT:
            return Finding(system.name, texts, Status.FAIL, rule.limits.fail)
        long = sum(times >= LONG_TIMES and size >= LONG_CHARACTERS for times, size in lengths) / len(right)
        status = Status.WARN if long > rule.limits.warn else Status.PASS
        return Finding(system.name, long, status, rule.limits.warn)

    return _judged(case, rule, "Right replies that are far longer than the answer", judge)


def _length(written: str, question: Question) -> tuple[float, int]:
    """How many times as long as the longest answer that stands in it a reply is, and its characters."""
    reply = " ".join(written.split())
    found = [text for text in question.answers if contains(reply, [text])]
    longest = max((len(text.strip()) for text in found), default=0)
    return len(reply) / max(1, longest), len(reply)


def no_lists(case: Case, rule: Rule) -> list[Check]:
    """Right replies that list right answers of other questions of the task as well."""
    asked = [one.question for one in case.run.questions.get(case.task, {}).values()]
    candidates = Candidates([question for question in asked if question.answerable and not question.choices])
    return _flagged(case, rule, "Right replies that list further candidates of the task", candidates.listed)


def not_denied(case: Case, rule: Rule) -> list[Check]:
    """Right replies in which the answer may stand only to be denied."""

    def denied(reply: str, question: Question) -> bool:
        return may_be_denied(reply, question.answers, question.question)

    return _flagged(case, rule, "Right replies in which the answer may stand only behind a negation", denied)


def _flagged(case: Case, rule: Rule, what: str, flag: Callable[[str, Question], bool]) -> list[Check]:
    """The share of right replies that `flag` is true of. Equal replies to a question are looked at once."""
    known: dict[tuple[str, str], bool] = {}

    def flagged(reply: str, question: Question) -> bool:
        key = question.id, reply
        if key not in known:
            known[key] = flag(reply, question)
        return known[key]

    def judge(system: System, right: Sequence[RightReply]) -> Finding:
        share = sum(itertools.starmap(flagged, right)) / len(right)
        status, threshold = rule.limits.judge(share)
        if status is Status.FAIL and len(right) < ENOUGH_RIGHT:
            status, threshold = Status.WARN, rule.limits.warn
        return Finding(system.name, share, status, threshold)

    return _judged(case, rule, what, judge)


def _judged(
    case: Case, rule: Rule, what: str, judge: Callable[[System, Sequence[RightReply]], Finding]
) -> list[Check]:
    """One check of every system with right replies to questions with an answer."""
    if case.metric not in BY_WORDS:
        return rule.absent(
            f"The accuracy is not by {BY_WORDS[0]}, which asks only whether an answer stands in the reply."
        )
    found = [(judge(system, right), len(right)) for system, right in case.right.items()]
    if not found:
        return rule.absent("No reply that was written holds a right answer.")
    return rule.shares(what, "right", found)


class Candidates:
    """The right answers of a task's questions, as words, to find those that a reply lists."""

    def __init__(self, questions: Iterable[Question]) -> None:
        answers = (_words(answer) for question in questions for answer in question.answers)
        self._known = frozenset(filter(None, answers))
        self._lengths = sorted({len(words) for words in self._known}, reverse=True)

    def listed(self, reply: str, question: Question) -> bool:
        """Whether as many answers of other questions as make a list stand side by side with a right one."""
        own = frozenset(filter(None, map(_words, question.answers)))
        if _words(reply) in own:  # and nothing stands beside it
            return False
        return 0 < self._enough(own) <= len(self.beside(reply, question))

    def _enough(self, own: frozenset[Words]) -> int:
        """`FURTHER`, or as many others as there are at all: "yes or no" lists everything."""
        others = (words for words in self._known if not _related(words, own))
        return sum(1 for _ in itertools.islice(others, FURTHER))

    def beside(self, reply: str, question: Question) -> frozenset[Words]:
        """The answers of other questions in the longest row of answers that a right one stands in.

        Left out is what stands in the question, and what holds a right answer or stands in one.
        """
        own = frozenset(filter(None, map(_words, question.answers)))
        asked = _words(question.question)
        best: frozenset[Words] = frozenset()
        for row in self._rows(_words(reply), own, asked):
            further = frozenset(words for words in row if words not in own)
            if len(further) < len(row) and len(further) > len(best):
                best = further
        return best

    def _rows(self, words: Words, own: frozenset[Words], asked: Words) -> Iterator[set[Words]]:
        """Rows of candidates with little between one and the next."""
        row: set[Words] = set()
        number, end = False, 0
        for start, found in self._found(words, own, asked):
            plain = all(map(_NUMBER.fullmatch, found))
            gap = words[end:start]
            far = len(gap) > BETWEEN_NUMBERS or not "".join(("x", *gap)).isalpha()
            if row and (far if number and plain else len(gap) > BETWEEN):
                yield row
                row = set()
            row.add(found)
            number, end = plain, start + len(found)
        if row:
            yield row

    def _found(self, words: Words, own: frozenset[Words], asked: Words) -> Iterator[tuple[int, Words]]:
        """Where right answers and further candidates stand in a text, the longest first, none over another."""
        lengths = sorted({*self._lengths, *map(len, own)}, reverse=True)
        end = 0
        for start in range(len(words)):
            if start < end:
                continue
            for length in lengths:
                found = words[start : start + length]
                further = found in self._known and not _related(found, own) and not _holds(asked, found)
                if found in own or further:
                    yield start, found
                    end = start + length
                    break


@lru_cache(maxsize=8192)
def _words(text: str) -> Words:
    """The words of a text, without each "a" that may be an article."""
    words = normalise(text)
    return tuple((words.bare or words.text).split())


def _holds(words: Words, part: Words) -> bool:
    return any(words[at : at + len(part)] == part for at in range(len(words) - len(part) + 1))


def _related(words: Words, answers: Iterable[Words]) -> bool:
    """Whether a candidate holds one of the answers or stands in one."""
    return any(_holds(words, answer) or _holds(answer, words) for answer in answers)
