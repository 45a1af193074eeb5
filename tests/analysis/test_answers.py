"""Answers stand column by column, and each can still be had as the row that was written."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest

from harness.analysis.answers import Answers
from harness.analysis.reading import read_run
from harness.errors import InputError
from harness.records import AnswerRow, RankedDoc
from tests.analysis.runs import answer, write_run
from tests.analysis.written import answer_row

ROWS = [
    answer_row(answer("t", "s", "q2", "two", batch=1)),
    replace(answer_row(answer("t", "s", "q1", "one")), retrieved=(RankedDoc("d", "d#0", 0.5),)),
    answer_row(answer("t", "s", "q3", "three", cached=True)),
]


def test_rows_come_out_as_they_went_in() -> None:
    answers = Answers.of(ROWS)
    assert (len(answers), [*answers]) == (3, ROWS)
    assert [answers[0], answers[-1]] == [ROWS[0], ROWS[2]]
    assert [*answers[1:]] == [*answers.taken([1, 2])] == ROWS[1:]
    assert answers.prediction == ["two", "one", "three"]
    assert answers.first_to("q1") == ROWS[1]
    assert answers.first_to("q9") is None


def test_there_is_a_column_for_each_field_of_a_row() -> None:
    """In the same order: rows are made of the columns by their place."""
    assert [column.name for column in fields(Answers)] == [column.name for column in fields(AnswerRow)]


def test_no_figure_hangs_on_the_order_of_the_lines(tmp_path: Path) -> None:
    forwards, backwards = write_run(tmp_path / "a"), write_run(tmp_path / "b")
    path = backwards / "answers.jsonl"
    path.write_text("".join(reversed(path.read_text(encoding="utf-8").splitlines(keepends=True))), "utf-8")
    one, other = (read_run(folder).answers for folder in (forwards, backwards))
    assert {pair: [*some] for pair, some in one.items()} == {pair: [*some] for pair, some in other.items()}


def test_of_several_mistakes_that_of_the_first_line_is_named(tmp_path: Path) -> None:
    """Whichever system it is of, and whatever is wrong with later lines."""
    path = write_run(tmp_path) / "answers.jsonl"
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    lines[1]["completion_tokens"] = 5_000
    lines[5]["seed"] = 7
    lines[9]["question_id"] = "unasked"
    for at in (9, 5, 1):
        lines = [*lines[at:], *lines[:at]]
        path.write_text("".join(f"{json.dumps(row)}\n" for row in lines), encoding="utf-8")
        with pytest.raises(InputError, match=r"answers\.jsonl:1: "):
            read_run(tmp_path)
        lines = [*lines[-at:], *lines[:-at]]
