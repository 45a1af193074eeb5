"""What is right by the kind of an answer: parts, numbers with a tolerance and a unit, yes and no, patterns."""

from __future__ import annotations

from fractions import Fraction

import pytest

from harness.records import Question
from harness.scoring.kinds import kind_match, margin, quantity
from harness.scoring.table import METRICS, Scored


@pytest.mark.parametrize(
    ("reply", "right"),
    [
        ("On Monday and on Thursday.", 1),
        ("Thursday, Monday", 1),
        ("Monday", 0),
        ("Every Mondays and Thursday", 0),
    ],
)
def test_every_part_has_to_be_there(reply: str, right: float) -> None:
    assert kind_match(reply, ["Monday and Thursday"], parts=("Monday", "Thursday")) == right


@pytest.mark.parametrize(
    ("reply", "right"),
    [
        ("Yes.", 1),
        ("Yes, there is no fee.", 1),
        ("The answer is: yes", 1),
        ("Members may borrow it, so yes.", 1),
        ("**Yes**", 1),
        ("No.", 0),
        ("Yes and no", 0),
        ("No, yes.", 0),
        ("Members may borrow it.", 0),
        ("There is no fee", 0),
        ("Oui", 1),
        ("✅ Yes", 1),
        ("Yes or no", 0),
        ("Is the answer yes or no?", 0),
        ("", 0),
    ],
)
def test_a_yes_is_one_that_says_nothing_else(reply: str, right: float) -> None:
    assert kind_match(reply, ["yes"]) == right


@pytest.mark.parametrize(
    ("reply", "answer", "right"),
    [
        ("不是", "是", 0),
        ("答案是：是的", "是", 1),
        ("はい、借りられます", "はい", 1),
        ("いいえ", "はい", 0),
        ("ไม่ใช่", "ใช่", 0),
        ("네, 가능합니다.", "네", 1),
        ("아니요, 네", "네", 0),
        ("نعم، يمكن", "نعم", 1),
        ("हाँ।", "हाँ", 1),
        ("Ja aber nein", "ja", 0),
        ("Hayır", "evet", 0),
        ("HAYIR", "hayır", 1),
        ("ΟΧΙ", "όχι", 1),
        ("जी हाँ", "हाँ", 1),
        ("That’s true.", "true", 1),
        ("This claim is not false", "false", 0),
        ("Ja oder nein", "ja", 0),
        ("हाँ या नहीं", "हाँ", 0),
        ("是还是不是", "是", 0),
        ("对不起，不可以。", "对", 0),
        ("对不起，是的，可以。", "是", 1),
    ],
)
def test_yes_and_no_in_many_languages(reply: str, answer: str, right: float) -> None:
    assert kind_match(reply, [answer]) == right


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("No information is available.", "no"),
        ("No answer is in the required documents.", "no"),
        ("No idea", "no"),
        ("No lo sé.", "no"),
        ("Non précisé", "non"),
        ("Não sei.", "não"),
        ("Нет данных", "нет"),
        ("لا أعرف", "لا"),
        ("לא ידוע", "לא"),
        ("नहीं पता", "नहीं"),
        ("否则要收费", "否"),
    ],
)
def test_who_does_not_know_says_no_no(reply: str, answer: str) -> None:
    assert kind_match(reply, [answer]) == 0


def test_a_no_is_one_too() -> None:
    assert kind_match("No, it is not. Yes-people say so.", ["No"]) == 1
    assert kind_match("There is no fee", ["no"]) == 1
    assert kind_match("No answer is required.", ["no"]) == 1
    assert kind_match("No details are needed for this.", ["no"]) == 1
    assert kind_match("Yes", ["no"]) == 0


@pytest.mark.parametrize(
    ("reply", "answer", "tolerance", "right"),
    [
        ("It is 3.5 kg.", "3.5 kg", "0", 1),
        ("35 kg", "3.5 kg", "0", 0),
        ("3,6 kg", "3.5 kg", "0.1", 1),
        ("3.6001 kg", "3.5 kg", "0.1", 0),
        ("3.5", "3.5 kg", "0", 0),
        ("3.5 g", "3.5 kg", "0", 0),
        ("3.50 kg", "3.5 kg", "0", 1),
        ("5 degrees", "-5 degrees", "1", 0),
        ("minus 5 degrees", "-5 degrees", "0", 1),
        ("1 020 000 inhabitants", "1 million inhabitants", "2%", 1),
        ("1,020,001 inhabitants", "1 million inhabitants", "2%", 0),
        ("€41", "40 €", "2.5%", 1),
        ("14 days, from 1 March 2024 on", "14 days", "0", 1),
        ("14 or 28 days", "14 days", "0", 0),
        ("14 days or 28 days", "14 days", "0", 0),
        ("10-14 days", "14 days", "0", 0),
        ("10 to 14 days", "14 days", "0", 0),
        ("5, 10 or 14 days", "14 days", "0", 0),
        ("14 or 14.0 days", "14 days", "0", 1),
        ("10 oder 14 Tage", "14 Tage", "0", 0),
        ("10から14日", "14日", "0", 0),
        ("10 ถึง 14 วัน", "14 วัน", "0", 0),
        ("3 x 5 mg", "5 mg", "0", 0),
        ("5 mg/kg", "5 mg", "0", 0),
        ("In 2024, 14 days", "14 days", "0", 1),
        ("3 hours and 14 days", "14 days", "0", 1),
        ("not 14 days", "14 days", "0", 0),
        ("not 14 but 28 days", "28 days", "0", 1),
        ("not more than 14 days", "14 days", "0", 1),
        ("EUR 25.00", "€25", "0", 1),
        ("3·10^5 m", "300000 m", "0", 1),
        ("1000000", "1e6", "0", 1),
        ("3.14", "3.14159", "0.01", 1),
        ("3.14, or 22/7", "3.14159", "0.01", 1),
        ("3.14, or 4", "3.14159", "0.01", 0),
        ("½ cup", "0.5 cup", "0", 1),
        ("12 cup", "1/2 cup", "1", 0),
        ("10^6", "1000000", "0", 1),
        ("1.5e6", "1500000", "0", 1),
        ("-1.5 × 10⁻³ m", "-0.0015 m", "0", 1),
        ("6.02e23", "6.02e22", "1%", 0),
        ("10:30", "1030", "0", 0),
        ("fourteen", "14", "0", 0),
        ("2.4.1", "2.4", "1", 0),
        ("9" * 5000, "9", "0", 0),
    ],
)
def test_a_number_is_right_within_its_tolerance_and_in_its_unit(
    reply: str, answer: str, tolerance: str, right: float
) -> None:
    assert kind_match(reply, [answer], tolerance=tolerance) == right


def test_what_is_a_number_with_a_unit() -> None:
    assert quantity("-1,000.5 kg per m2") == (Fraction("-1000.5"), ("kg", "per", "m2"))
    assert quantity("2.5 million") == (2_500_000, ())
    assert [
        quantity(text) for text in ("about 5", "5 ft 3 in", "5-10 days", "1.2.3", "kg", "3rd", "1/0")
    ] == [None] * 7
    assert [margin(text, Fraction(200)) for text in ("0.5", "2 %", "-1", "x", "1e3", "")] == [
        Fraction(1, 2), 4, None, None, None, None
    ]  # fmt: skip


def test_a_pattern_is_looked_for() -> None:
    assert kind_match("See INV-0031.", ["INV-31"], pattern=r"INV-0*31\b") == 1
    assert kind_match("INV-310", ["INV-31"], pattern=r"INV-0*31\b") == 0
    assert kind_match("x" * 1_000 + "INV-31", ["INV-31"], pattern=r"INV-0*31\b") == 0


def test_without_a_kind_it_is_contains() -> None:
    assert kind_match("At Lake Geneva", ["Geneva"]) == 1
    assert kind_match("14 days", ["14"]) == 1


def test_refusals_count_as_under_every_metric() -> None:
    question = Question("q", "How heavy?", ("3.5 kg",), tolerance="0.1")
    score = METRICS["kind_match"].score
    assert score(Scored("3.45 kg", question, "unknown")) == 1
    assert score(Scored("Unknown. 3.5 kg", question, "unknown")) == 0
    assert score(Scored("unknown", Question("q", "?", (), answerable=False), "unknown")) == 1
