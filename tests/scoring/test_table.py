"""The table of metrics: its names, unanswerable questions, and questions with choices."""

from __future__ import annotations

import pytest

from harness.records import Question
from harness.scoring.table import METRICS, Scored, is_graded

LAKE = Question("q", "Where?", ("Geneva",), choices=("Geneva", "Lake Geneva"))
NOBODY = Question("q", "Who?", (), answerable=False)


def scored(prediction: str, question: Question, **more: object) -> Scored:
    return Scored(prediction, question, refusal="not in the documents", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["contains", "exact_match", "f1", "label", "exact_json", "choice"])
def test_unanswerable_questions_want_a_refusal(name: str) -> None:
    assert METRICS[name].score(scored("Not in the documents.", NOBODY)) == 1.0
    assert METRICS[name].score(scored("Smith", NOBODY)) == 0.0
    assert METRICS[name].score(scored("", NOBODY)) == 0.0


@pytest.mark.parametrize(
    ("prediction", "question", "score"),
    [
        ("not in the documents", NOBODY, 1.0),
        ("Smith", NOBODY, 0.0),
        ("not in the documents", LAKE, 0.0),
        ("Basel", LAKE, 1.0),  # wrong, yet rightly no refusal
    ],
)
def test_refusal_is_right_exactly_where_nothing_can_be_answered(
    prediction: str, question: Question, score: float
) -> None:
    assert METRICS["refusal"].score(scored(prediction, question)) == score


@pytest.mark.parametrize("name", ["contains", "exact_match", "f1"])
def test_an_option_is_right_as_a_whole_or_wrong(name: str) -> None:
    assert METRICS[name].score(scored("Geneva", LAKE)) == 1.0
    assert METRICS[name].score(scored("Lake Geneva", LAKE)) == 0.0


def test_choice_goes_by_likelihood_and_without_it_by_the_reply() -> None:
    assert METRICS["choice"].score(scored("Geneva", LAKE, choice_logprobs=(-5.0, -1.0))) == 0.0
    assert METRICS["choice_per_char"].score(scored("", LAKE, choice_logprobs=(-6.0, -11.0))) == 1.0
    assert METRICS["choice"].score(scored("Geneva", LAKE)) == 1.0


def test_text_questions_are_scored_by_their_words() -> None:
    question = Question("q", "Where?", ("Geneva",))
    assert METRICS["contains"].score(scored("at Lake Geneva", question)) == 1.0
    assert METRICS["json_valid"].score(scored("[1]", question)) == 1.0


def test_a_metric_of_lm_evals_is_taken_for_graded_unless_it_is_known_to_be_right_or_wrong() -> None:
    assert [is_graded(name) for name in ("f1", "contains", "acc_norm", "exact_match,strict")] == [True] + [
        False
    ] * 3
    assert is_graded("rouge1")
    assert is_graded("rouge1,strict")
    assert not is_graded(None)
