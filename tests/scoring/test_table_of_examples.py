"""The examples in docs/tasks.md of what counts as right are true."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.records import Question
from harness.scoring.refusal import is_refusal
from harness.scoring.table import METRICS, Scored

PAGE = (Path(__file__).parents[2] / "docs/tasks.md").read_text(encoding="utf-8")


def rows(start: str, end: str) -> list[list[str]]:
    """The cells of the first table between two texts of the page, without its head."""
    table = PAGE.partition(start)[2].partition(end)[0]
    lines = [line for line in table.splitlines() if line.startswith("| `")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split(" | ")] for line in lines]


RIGHT = rows("<!-- right answers:start -->", "<!-- right answers:end -->")
REFUSALS = rows("### Refusals", "\n##")


def test_the_tables_are_found() -> None:
    assert len(RIGHT) >= 20
    assert len(REFUSALS) == 5


@pytest.mark.parametrize(("reply", "answer", "right"), [row[:3] for row in RIGHT])
def test_what_counts_as_right(reply: str, answer: str, right: str) -> None:
    question = Question("q", "?", (answer,))
    assert METRICS["contains"].score(Scored(reply, question)) == float(right == "yes")


@pytest.mark.parametrize(("reply", "refused", "right"), [row[:3] for row in REFUSALS])
def test_what_counts_as_a_refusal(reply: str, refused: str, right: str) -> None:
    refusal, question = "not in the documents", Question("q", "How long?", ("14 days",))
    assert is_refusal(reply, refusal) is refused.startswith("yes")
    assert METRICS["contains"].score(Scored(reply, question, refusal)) == float(right.startswith("right"))
