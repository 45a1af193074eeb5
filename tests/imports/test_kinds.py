"""Tags, kinds of answers, printed lists and packed files: what a source tells beside its questions and answers."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from harness.imports.values import decoded, printed
from tests.imports import imported_task, refused


def table(columns: list[str], *rows: list[Any]) -> str:
    with Path("a.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([columns, *rows])
    return "a.csv"


# Tags


def test_a_column_of_tags_or_categories_is_kept() -> None:
    task = imported_task(
        table(["question", "answer", "category"], ["Who?", "Ada", "people"], ["When?", "May", ""])
    )
    assert [question.tags for question in task.test] == [("people",), ()]


def test_tags_of_several_columns_and_of_cells_with_several() -> None:
    source = table(["q", "a", "area", "level"], ["Who?", "Ada", "people|past", "easy"])
    flags = ("--tag", "area,level", "--answers-separator", "|")
    assert imported_task(source, *flags).test[0].tags == ("people", "past", "easy")


def test_a_category_is_the_label_where_there_are_no_answers() -> None:
    rows = [[f"message {n}", "ab"[n % 2]] for n in range(6)]
    task = imported_task(table(["text", "category"], *rows))
    assert task.own.answer.labels == ("a", "b")
    assert task.test[0].tags == ()


def test_a_column_that_says_the_same_of_all_is_no_tag(capsys: pytest.CaptureFixture[str]) -> None:
    task = imported_task(table(["question", "answer", "type"], ["Who?", "Ada", "qa"], ["When?", "May", "qa"]))
    assert not any(question.tags for question in task.test)
    assert "'type' is not taken as --tag: it says the same of every row." in capsys.readouterr().err


# Kinds of answers


def test_question_files_of_ours_keep_tags_and_kinds() -> None:
    rows = [
        {"id": "1", "question": "When?", "answers": ["Monday and Thursday"], "parts": ["Monday", "Thursday"]},
        {"id": "2", "question": "How far?", "answers": ["12 km"], "tolerance": 0.5, "tags": ["far", "km"]},
        {"id": "3", "question": "Which?", "answers": ["INV-31"], "pattern": "INV-0*31"},
    ]
    Path("a.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    task = imported_task("a.jsonl")
    days, far, number = task.test
    assert (days.parts, far.tolerance, far.tags) == (("Monday", "Thursday"), "0.5", ("far", "km"))
    assert number.pattern == "INV-0*31"
    assert task.own.metrics == ("kind_match", "contains", "f1")


def test_a_tolerance_of_all_numbers_or_of_a_column(capsys: pytest.CaptureFixture[str]) -> None:
    source = table(["q", "a", "off"], ["How far?", "12 km", "1"], ["Who?", "Ada", ""])
    task = imported_task(source, "--tolerance", "2%")
    assert task.own.answer.tolerance == "2%"
    assert [question.tolerance for question in task.test] == ["2%", None]
    assert "the tolerance of 2% holds for 1 of 2 test questions" in capsys.readouterr().err
    Path("mine").rename("first")
    assert [question.tolerance for question in imported_task(source, "--tolerance", "off").test] == [
        "1",
        None,
    ]


def test_answers_of_yes_and_no_are_held_to_it() -> None:
    assert imported_task(table(["q", "a"], ["Is it?", "yes"])).own.metrics[0] == "kind_match"
    Path("mine").rename("first")
    assert imported_task(table(["q", "a"], ["Which?", "north"])).own.metrics[0] == "contains"


@pytest.mark.parametrize(
    ("row", "flags", "message"),
    [
        (["How far?", "far", "1"], ("--tolerance", "x"), "row 2: 'tolerance' needs answers that are a number"),
        (["When?", "Monday", "Monday|Friday"], ("--parts", "x", "--answers-separator", "|"), "'Friday' is missing"),
        (["Which?", "a", "("], ("--pattern", "x"), "'(' is no regular expression"),
        (["Which?", "a", "b"], ("--tolerance", "5 percent"), "no column '5 percent'"),
    ],
)  # fmt: skip
def test_a_kind_that_does_not_fit_names_its_row(
    capsys: pytest.CaptureFixture[str], row: list[str], flags: tuple[str, ...], message: str
) -> None:
    assert message in refused(capsys, table(["q", "a", "x"], row), *flags)


def test_a_column_that_is_only_called_like_a_kind_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    task = imported_task(table(["question", "answer", "pattern"], ["Which shirt?", "the red one", "striped"]))
    assert task.test[0].pattern is None
    assert (
        "'pattern' is not taken as --pattern: the answers of some rows do not fit it"
        in capsys.readouterr().err
    )


def test_labels_have_no_kind(capsys: pytest.CaptureFixture[str]) -> None:
    source = table(["text", "label", "parts"], *([f"m {n}", "ab"[n % 2], "x"] for n in range(6)))
    said = refused(capsys, source, "--tolerance", "1")
    assert "--tolerance: only of answers in words, and these are of type label." in said
    assert imported_task(source).own.answer.type == "label"


# Lists that Python printed


def test_a_list_of_texts_as_python_writes_it() -> None:
    assert decoded(["['a', \"b's\"]", "", "['\\'c\\'',]", "[]"]) == [["a", "b's"], None, ["'c'"], []]
    source = table(["question", "answers"], ["Who?", "['Ada', 'A. L.']"], ["When?", '["May"]'])
    assert [question.answers for question in imported_task(source).test] == [("Ada", "A. L."), ("May",)]


@pytest.mark.parametrize("cell", ["['a' 'b']", "[open('x')]", "['a', 1]", "['a'] + ['b']", "['a', ['b']]"])
def test_anything_else_is_left_as_it_is(cell: str) -> None:
    assert decoded([cell]) == [cell]


def test_marks_of_citations_are_text() -> None:
    assert not printed(["[1]", "[2] and [3]"])


@pytest.mark.parametrize(
    "cell", ["{'text': ['Ada'], 'answer_start': [5]}", "['Ada' 'A. L.']", "array(['Ada'])"]
)
def test_what_was_printed_and_cannot_be_read_is_no_answer(
    capsys: pytest.CaptureFixture[str], cell: str
) -> None:
    said = refused(capsys, table(["question", "answers"], ["Who?", cell]))
    assert "a.csv: column 'answers' holds lists or objects as Python prints them" in said


# Packed files


def test_texts_may_be_packed() -> None:
    text = "question\tanswer\nWho?\tAda\n"
    Path("set").mkdir()
    Path("set/test.tsv.gz").write_bytes(gzip.compress(text.encode()))
    rows = [{"question": "When?", "answer": "May"}]
    Path("set/train.jsonl.gz").write_bytes(gzip.compress(json.dumps(rows[0]).encode()))
    Path("b.json.GZ").write_bytes(gzip.compress(json.dumps(rows).encode()))
    task = imported_task("set")
    assert [question.question for question in (*task.test, *task.train)] == ["Who?", "When?"]
    Path("mine").rename("first")
    assert imported_task("b.json.GZ").test[0].answers == ("May",)


@pytest.mark.parametrize(
    "data", [b"no gzip", gzip.compress(b"question,answer\n" * 99, mtime=0)[:-9]], ids=["other", "cut"]
)
def test_what_is_no_gzip_is_a_sentence(capsys: pytest.CaptureFixture[str], data: bytes) -> None:
    Path("a.csv.gz").write_bytes(data)
    assert "a.csv.gz: is no gzip file that can be read" in refused(capsys, "a.csv.gz")


def test_tables_of_other_kinds_are_not_packed(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.xlsx.gz").write_bytes(gzip.compress(b"x"))
    assert "after .csv, .tsv, .json, .jsonl and .ndjson may follow .gz." in refused(capsys, "a.xlsx.gz")
