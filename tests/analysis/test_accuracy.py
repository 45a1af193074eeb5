"""Scores averaged over seeds, means with intervals, by group and paired."""

from __future__ import annotations

from typing import Any

from harness.analysis.accuracy import ScoredAnswer, ScoredAnswers, differences, estimate, groups, per_question
from harness.analysis.evidence import Asked
from harness.analysis.results.figures import Estimate
from harness.records import Question
from tests.analysis.runs import answer
from tests.analysis.written import answer_row


def scored(question_id: str, value: float, seed: int = 0, **about: Any) -> ScoredAnswer:
    asked = Asked("t", Question(question_id, "?", ("yes",), **about), fact_seen=None)
    row = answer_row({**answer("t", "s", question_id, "yes"), "seed": seed})
    return ScoredAnswer(asked, row, {"m": value})


def columns(*answers: ScoredAnswer) -> ScoredAnswers:
    return ScoredAnswers.of(answers)


def alone(*names: str) -> dict[str, str]:
    return {name: name for name in names}


def test_nothing_has_no_mean() -> None:
    assert estimate({}, {}) == Estimate(None, None, None, 0)


def test_graded_scores_have_an_interval() -> None:
    block = estimate({"q1": 0.5, "q2": 1.0}, alone("q1", "q2"))
    assert (block.mean, block.n) == (0.75, 2)
    assert block.ci_low is not None
    assert block.ci_high is not None
    assert 0 <= block.ci_low < 0.75 < block.ci_high <= 1


def test_one_cluster_of_several_questions_has_a_mean_without_interval() -> None:
    block = estimate({"q1": 0.0, "q2": 1.0}, {"q1": "c", "q2": "c"})
    assert block == Estimate(0.5, None, None, 2)


def test_seeds_of_a_question_are_averaged_and_count_as_one_question() -> None:
    rows = columns(scored("q1", 1.0, 0), scored("q2", 0.0, 0), scored("q1", 0.0, 1), scored("q1", 0.5, 2))
    assert per_question(rows, "m") == {"q1": 0.5, "q2": 0.0}
    assert estimate(per_question(rows, "m"), alone("q1", "q2")).n == 2


def test_differences_are_of_the_questions_that_both_answered() -> None:
    a = columns(scored("q1", 1.0), scored("q2", 0.0), scored("q3", 1.0))
    b = columns(scored("q2", 1.0, 0), scored("q2", 0.5, 1), scored("q1", 0.0), scored("q4", 1.0))
    assert differences(a, b, "m") == {"q2": 0.75, "q1": -1.0}
    assert differences(a, columns(scored("q4", 1.0)), "m") == {}


def test_groups_without_questions_are_left_out() -> None:
    rows = columns(scored("q1", 1.0), scored("q2", 0.0, answerable=False))
    assert {name: block.mean for name, block in groups(rows, "m", alone("q1", "q2")).items()} == {
        "answerable": 1.0,
        "unanswerable": 0.0,
    }
