"""Answers that are objects."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.imports import asked, imported_task, lines, whole


def test_objects_make_a_json_task() -> None:
    rows = [{"utterance": f"For {n}", "output": {"people": n}} for n in range(3)]
    rows.append({"utterance": "Hello", "output": '{"people": 4}'})
    task = imported_task(lines("a.jsonl", *rows[:3]))
    assert task.own.answer.type == "json"
    assert "people" in task.own.prompt.system
    assert json.loads(task.test[2].answers[0]) == {"people": 2}
    Path("mine").rename("first")
    Path("a.csv").write_text('q,a\nFor 2,"{""people"": 2}"\nNothing,{}\n', encoding="utf-8")
    assert [json.loads(q.answers[0]) for q in imported_task("a.csv").test] == [{"people": 2}, {}]


def test_a_key_of_lists_of_objects(capsys: pytest.CaptureFixture[str]) -> None:
    row = {
        "input": "Who?",
        "output": [{"answer": "Ada", "where": [1]}, {"answer": "A. L."}, {"where": [2]}],
        "found": [{"title": "x", "text": "Ada it was."}],
    }
    task = imported_task(lines("a.jsonl", row))
    assert task.own.answer.type == "json"
    assert "--answer may name a key instead: output.answer and output.where." in capsys.readouterr().err
    Path("mine").rename("first")
    task = imported_task("a.jsonl", "--answer", "output.answer", "--context", "found.text")
    assert (asked(task), task.test[0].gold_docs) == ([("Who?", ("Ada", "A. L."))], ("passage-1",))


def test_objects_that_hold_texts_stand_beside_texts() -> None:
    answers = [[{"text": "a", "answer_start": 1}, {"text": "b"}], ["c", {"value": "d"}], {"text": ["e"]}, "f"]
    rows = [{"question": f"Q{number}", "answers": answer} for number, answer in enumerate(answers)]
    task = imported_task(lines("a.jsonl", *rows))
    assert [question.answers for question in task.test] == [("a", "b"), ("c", "d"), ("e",), ("f",)]


def test_texts_beside_objects_are_what_their_key_would_hold(capsys: pytest.CaptureFixture[str]) -> None:
    answers = [[{"fee": "a"}, "b"], "c", {"fee": "d"}]
    rows = [{"question": f"Q{number}", "answer": answer} for number, answer in enumerate(answers)]
    task = imported_task(lines("a.jsonl", *rows), "--answer", "answer.fee")
    assert [question.answers for question in task.test] == [("a", "b"), ("c",), ("d",)]
    Path("mine").rename("first")
    assert imported_task(lines("b.jsonl", *rows[1:])).test[1].answers == ('{"fee": "d"}',)
    assert "'answer' holds objects in 1 row and texts in others" in capsys.readouterr().err


def test_null_is_asked_for_where_answers_hold_it() -> None:
    rows = [
        {"input": "For 2", "output": {"people": 2, "day": None}},
        {"input": "May", "output": {"people": 1}},
    ]
    system = imported_task(lines("a.jsonl", *rows)).own.prompt.system
    assert "keys are people and day; write null for what the text does not say." in system


def test_an_object_without_keys_is_an_answer_in_json_too() -> None:
    rows = [{"question": "For 2", "answer": {"people": 2}}, {"question": "Nothing", "answer": {}}]
    assert [json.loads(q.answers[0]) for q in imported_task(whole("a.json", rows)).test] == [
        {"people": 2},
        {},
    ]
