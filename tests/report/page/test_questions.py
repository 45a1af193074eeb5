"""Every question with every answer; what many share stands once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.accuracy import score_all
from harness.analysis.reading import read_run
from harness.report.page import assets
from harness.report.page import questions as rows_of_the_page
from harness.report.page.questions import QuestionRow, Questions, Reply, questions
from tests.analysis.decided import elected
from tests.analysis.runs import answer, answers, write_run
from tests.report.results import results_of


def made(folder: Path, **replaced: Any) -> Questions:
    run = read_run(write_run(folder, **replaced))
    return questions(run, score_all(run), results_of(folder))["facts"]


def reply(row: QuestionRow, system: int) -> Reply:
    found = row.replies[system]
    assert found
    return found


def test_rows_by_hand(tmp_path: Path) -> None:
    task = made(tmp_path)
    assert task.strategies == ("base", "lora", "rag")
    row = task.rows[1]
    assert row[:4] == ("q2", "How many?", ("42",), ())
    assert (row.answerable, row.fact_seen) == (1, False)
    assert [task.documents[number] for number in row.gold] == ["num", "geo"]
    base, lora, rag = (reply(row, system) for system in range(3))
    assert (base.score, base.prediction, base.retrieved) == (0.0, "7", ())
    assert (lora.prompt_tokens, lora.completion_tokens, lora.finish_reason) == (100, 5, "stop")
    assert (rag.score, rag.shown, rag.e2e_s) == (1.0, 2, None)
    found = [task.passages[number] for number in rag.retrieved]
    assert [task.documents[passage.document] for passage in found] == ["num", "zoo", "geo"]


def test_the_script_names_fields_in_the_order_of_the_rows() -> None:
    script = assets.own("page.js")
    for row, first in ((QuestionRow, "ID"), (Reply, "SCORE")):
        (names,) = re.findall(rf"^const ({first} = 0.*);$", script, re.M)
        assert [part.split(" = ")[1] for part in names.split(", ")] == [
            str(number) for number, _ in enumerate(row._fields)
        ]


def test_one_looks_first_for_what_retrieval_or_the_fine_tune_has_right_alone(tmp_path: Path) -> None:
    run = read_run(
        elected(tmp_path, {"facts": ("knowledge", {"base": 0.1, "rag": 0.6, "lora": 0.5, "oracle": 1})})
    )
    task = questions(run, score_all(run), results_of(tmp_path))["facts"]
    named = [(task.strategies[right], task.strategies[wrong]) for right, wrong in task.contrasts]
    assert named == [("rag", "lora"), ("lora", "rag"), ("oracle", "rag")]
    assert dict(zip(task.strategies, task.retrieving, strict=True)) == {
        "base": False, "rag": True, "lora": False, "oracle": False,
    }  # fmt: skip


def test_time_is_that_of_the_deployed_form(tmp_path: Path) -> None:
    """q1 was timed under lora in 1.0 s merged and in 1.5 s unmerged."""
    assert reply(made(tmp_path).rows[0], 1).e2e_s == 1.0


def test_only_texts_that_stood_in_a_prompt_are_kept(tmp_path: Path) -> None:
    found = [{"doc_id": d, "chunk_id": f"{d}#0", "score": 1.0} for d in ("geo", "num")]
    rows = [answer("facts", "rag", "q1", "x", retrieved=found, shown_passages=1)]
    assert made(tmp_path, answers=rows).passages == [
        (0, "Cities", "Paris is the capital.", ""), (1, "Numbers", "", ""),
    ]  # fmt: skip


def test_a_passage_names_the_page_that_it_stands_at(tmp_path: Path) -> None:
    found = [{"doc_id": "geo", "chunk_id": "geo#0", "score": 1.0}]
    rows = [answer("facts", "rag", "q1", "x", retrieved=found, shown_passages=1)]
    text = {
        "task": "facts",
        "chunk_id": "geo#0",
        "doc_id": "geo",
        "title": "Cities",
        "text": "Paris.",
        "place": "page 3",
    }
    (passage,) = made(tmp_path, answers=rows, passages=[text]).passages
    assert passage == (0, "Cities", "Paris.", "page 3")


def test_a_question_that_nobody_answered_has_no_replies(tmp_path: Path) -> None:
    rows = [row for row in answers() if (row["strategy"], row["question_id"]) != ("rag", "q3")]
    assert made(tmp_path, answers=rows).rows[2].replies[2] is None


def test_of_several_seeds_the_first_is_shown(tmp_path: Path) -> None:
    rows = [answer("facts", "lora", "q1", text, seed=seed) for seed, text in ((1, "Lyon"), (0, "Paris"))]
    assert reply(made(tmp_path, answers=rows).rows[0], 1).prediction == "Paris"


def test_a_run_too_large_for_a_page_shows_one_question_in_so_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = made(tmp_path / "whole")
    run = read_run(tmp_path / "whole")
    size = rows_of_the_page._characters(run, score_all(run), 1)
    monkeypatch.setattr(rows_of_the_page, "MOST_CHARACTERS", 0)
    monkeypatch.setattr(rows_of_the_page, "FEWEST_CHARACTERS", size - 1)
    half = made(tmp_path / "half")
    assert [row.id for row in half.rows] == ["q1", "q3"]
    assert [row.replies[0] for row in half.rows] == [whole.rows[0].replies[0], whole.rows[2].replies[0]]
    assert half.note.startswith("This page holds 2 of the 4 questions that were asked, one in two, so that")
    assert whole.note == ""
