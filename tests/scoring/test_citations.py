"""Citations are read in the task's own form, and are no part of the answer that is scored."""

from __future__ import annotations

import pytest

from harness.records import AnswerRow, Question
from harness.run.scores import scores_of
from harness.scoring.citations import citation, cited, without_citations
from harness.spec.taskspec import TaskSpec

SPEC = {
    "name": "t", "probes": "knowledge", "questions": {"test": "t.jsonl"}, "prompt": {"system": "s"},
    "metrics": ["exact_match"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("reply", "form", "numbers", "rest"),
    [
        ("14 days [2]", "[{n}]", (2,), "14 days"),
        ("14 days.[2][1]", "[{n}]", (2, 1), "14 days."),
        ("14 days [1, 3; 3]", "[{n}]", (1, 3), "14 days"),
        ("Within [2] 14 days", "[{n}]", (2,), "Within 14 days"),
        ("14 days (SOURCE 12)", "(source {n})", (12,), "14 days"),
        ("[3] 14 days", "[{n}]", (3,), "14 days"),
        ("14 days [ 2 ]", "[{n}]", (2,), "14 days"),
        ("14 days", "[{n}]", (), "14 days"),
        (" 14 [days] ", "[{n}]", (), " 14 [days] "),
        ("14 (2)", "[{n}]", (), "14 (2)"),
        ("14 days ^7", "^{n}", (7,), "14 days"),
        ("14 days [1-3]", "[{n}]", (1, 2, 3), "14 days"),
        ("14 days [1 and 4]", "[{n}]", (1, 4), "14 days"),
        ("14 days [3–1]", "[{n}]", (3, 1), "14 days"),
        ("source 1 and 2 books", "source {n}", (1,), "and 2 books"),
    ],
)
def test_what_is_cited_and_what_is_left(reply: str, form: str, numbers: tuple[int, ...], rest: str) -> None:
    assert cited(reply, form) == numbers
    assert without_citations(reply, form) == rest


def test_a_citation_is_read_as_it_is_written() -> None:
    for form in ("[{n}]", "(source {n})", "§{n}.", "<{n}>"):
        assert cited(f"An answer {citation(form, 12)}", form) == (12,)


@pytest.mark.parametrize(("form", "right"), [("[{n}]", 1.0), (None, 0.0)])
def test_scores_are_of_the_reply_without_them(form: str | None, right: float) -> None:
    spec = TaskSpec.model_validate(
        {**SPEC, "answer": {"type": "text", "max_tokens": 9, "citations": form}}, strict=False
    )
    row = AnswerRow(
        "t", "s", "q", 0, "14 days [1]", None, 1, 1, "stop", (), 0, 0, "0" * 64, 0,
    )  # fmt: skip
    assert scores_of(row, Question("q", "How long?", ("14 days",)), spec) == {"exact_match": right}
