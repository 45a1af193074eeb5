"""Answers that stand in no parsed gold document, judged as `contains` judges replies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from harness.corpus.documents import read_corpus
from harness.corpus.loss import answers_found, loss_sentence
from tests.run.worlds import go, lines, make_task, make_tools, questions, rows, settings_of, write_task


def found(folder: Path, changed: list[dict[str, Any]]) -> dict[str, bool]:
    task = make_task(folder, test=changed)
    return answers_found(task, read_corpus(task.corpus or ""))


def test_an_answer_is_looked_for_in_text_and_title_of_any_gold_document(tmp_path: Path) -> None:
    """Each document of the workshop says in which room its tool stands, and who keeps it."""
    rows = [
        {"id": "right", "question": "Where?", "answers": ["attic", "Room 5"], "gold_docs": ["drill"]},
        {"id": "title", "question": "What?", "answers": ["the drill"], "gold_docs": ["drill"]},
        {"id": "second", "question": "What?", "answers": ["saw 3"], "gold_docs": ["drill", "saw"]},
        {"id": "elsewhere", "question": "What?", "answers": ["saw 3"], "gold_docs": ["drill"]},
        {"id": "half a word", "question": "What?", "answers": ["dril"], "gold_docs": ["drill"]},
        {"id": "no gold", "question": "What?", "answers": ["saw 3"]},
        {"id": "none", "question": "What?", "answerable": False, "gold_docs": ["drill"]},
    ]
    judged = found(tmp_path, rows)
    assert judged == {"right": True, "title": True, "second": True, "elsewhere": False, "half a word": False}
    assert loss_sentence(judged).startswith("2 of 5 questions have no answer in the parsed text of their")
    assert loss_sentence(judged).endswith("(elsewhere and half a word).")
    assert loss_sentence({"a": True}).startswith("The question has an answer in the parsed text of its gold")
    assert loss_sentence({"a": False}).startswith(
        "1 of 1 question has no answer in the parsed text of its gold"
    )


def test_answers_that_are_no_words_are_not_looked_for(tmp_path: Path) -> None:
    rows = [{**row, "choices": [*row["answers"], "no"]} for row in questions()]
    task = make_task(tmp_path, test=rows, answer="choice", with_train=False)
    assert answers_found(task, read_corpus(task.corpus or "")) == {}


@pytest.mark.parametrize("answer", ["14 days", "drill 5"])
def test_validate_says_it_and_a_run_keeps_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], answer: str
) -> None:
    path = write_task(tmp_path)
    asked = [{**row, "answers": [answer], "gold_docs": ["drill"]} for row in questions()]
    lines(tmp_path / "workshop" / "test.jsonl", asked)
    assert main(["tasks", "validate", str(path)]) == 0
    assert ("24 of 24 questions have no answer" in capsys.readouterr().out) == (answer == "14 days")
    task = make_task(tmp_path, test=asked)
    folder = go(settings_of(task, "base", "rag"), [task], make_tools(tmp_path / "cache"), tmp_path / "run")
    assert {row["answer_in_gold"] for row in rows(folder, "questions")} == {answer == "drill 5"}
    json.dumps(rows(folder, "questions"))
