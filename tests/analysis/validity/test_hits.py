"""Which right replies count as long, as lists of candidates and as denials, and which do not."""

from __future__ import annotations

import pytest

from harness.analysis.validity.hits import Candidates
from harness.analysis.validity.negation import may_be_denied
from harness.records import Question


def question(*answers: str, asks: str = "How long may it be kept?") -> Question:
    return Question("q", asks, answers)


DAYS = [
    question("14 days"),
    question("7 days"),
    question("a month", "30 days"),
    question("EUR 40"),
    question("40"),
]


@pytest.mark.parametrize(
    ("reply", "asked", "listed"),
    [
        ("7 days, 14 days or 30 days", DAYS[0], True),
        ("14 days", DAYS[0], False),
        ("14 days, and 7 days for books", DAYS[0], False),  # a sentence may hold one more
        ("EUR 40 within 14 days", DAYS[0], False),  # 40 is a part of EUR 40
        ("a month, 7 days or EUR 40", question("30 days", "a month"), True),
        ("a month or 30 days, 7 days", DAYS[2], False),  # both are right for this question
        ("After 7 days or 30 days: 14 days", question("14 days", asks="Is it 7 days or 30 days?"), False),
        ("17 days, 114 days, 300 days", DAYS[0], False),  # whole words
        ("7 days, or it may be 14 days, or perhaps even 30 days", DAYS[0], True),
        (
            "14 days. That is what the rules of the house say, whereas 7 days are meant for all books in the "
            "reading room and 30 days for maps",
            DAYS[0],
            False,  # far apart: the reply gives one answer, and explains it
        ),
    ],
)
def test_a_list_holds_two_answers_of_other_questions(reply: str, asked: Question, listed: bool) -> None:
    assert Candidates(DAYS).listed(reply, asked) is listed


NUMBERS = [question(str(number)) for number in range(60)]


@pytest.mark.parametrize(
    ("reply", "listed"),
    [
        ("7, 8 or 9", True),
        ("7 8 9 10", True),
        ("3 + 4 = 7", False),
        ("First there are 3 of them, then 4 more come, which makes 7", False),
        ("7, as section 12 says on page 31", False),
    ],
)
def test_numbers_stand_in_many_texts(reply: str, listed: bool) -> None:
    assert Candidates(NUMBERS).listed(reply, question("7")) is listed


def test_where_there_are_two_answers_in_all_naming_both_is_a_list() -> None:
    candidates = Candidates([question("yes"), question("no"), question("yes")])
    assert candidates.listed("Yes or no", question("yes"))
    assert not candidates.listed("Yes", question("yes"))
    assert not Candidates([question("yes")]).listed("Yes", question("yes"))


DENIED = (
    ("It is not 14 days, but 7.", "14 days"),
    ("It isn\u2019t 14 days, it\u2019s 7.", "14 days"),
    ("Not in Paris, but in Lyon.", "Paris"),
    ("Use 7 days instead of 14 days.", "14 days"),
    ('It is not "14 days".', "14 days"),
    ("14 days is wrong, it is 7.", "14 days"),
    ("Es sind nicht 14 Tage, sondern 7.", "14 Tage"),
    ("Ce n\u2019est pas le 14 mai, mais le 7.", "14 mai"),
    ("No es 14 d\u00edas, son 7.", "14 d\u00edas"),
    ("\u4e0d\u662f14\u5929\uff0c\u800c\u662f7\u5929\u3002", "14\u5929"),
    ("14\u65e5\u3067\u306f\u306a\u304f7\u65e5\u3067\u3059\u3002", "14\u65e5"),
    ("\u041d\u0435 14 \u0434\u043d\u0435\u0439, \u0430 7.", "14 \u0434\u043d\u0435\u0439"),
)
SAID = (
    ("It is 14 days, not 7.", "14 days"),
    ("No, 14 days.", "14 days"),
    ("Not later than 14 days.", "14 days"),
    ("Not more than 14 days.", "14 days"),
    ("You cannot return it after 14 days.", "14 days"),
    ("It does not apply for 14 days.", "14 days"),
    ("Not 7 but 14 days.", "14 days"),
    ("Not only in Paris.", "Paris"),
    ("Platform No 5.", "5"),
    ("It is not 14 days for you, it is 14 days for me.", "14 days"),
    ("Pas op 14 mei.", "14 mei"),
    ("It is not allowed.", "not allowed"),
)


@pytest.mark.parametrize(("reply", "answer"), DENIED)
def test_a_negator_directly_before_or_behind_an_answer_may_deny_it(reply: str, answer: str) -> None:
    assert may_be_denied(reply, [answer], "How long?")


@pytest.mark.parametrize(("reply", "answer"), SAID)
def test_what_only_looks_like_a_denial(reply: str, answer: str) -> None:
    assert not may_be_denied(reply, [answer], "How long?")


def test_a_question_that_negates_is_answered_by_a_negation() -> None:
    assert not may_be_denied("Not in Paris.", ["Paris"], "Where is it not allowed?")
