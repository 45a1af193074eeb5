"""`tasks new` writes a task that works as it stands, and that says so as long as its examples are left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError, InputError, InputErrors
from harness.spec.schema import SCHEMA_FILE
from harness.spec.settings import Examples, Finetune, Retrieval
from harness.spec.starter import scaffold
from harness.spec.task import load_task


@pytest.mark.parametrize("name", ["first", "2026", "1e5", "true", "v1.2-b_c"])
def test_a_new_task_is_valid_as_it_stands(tmp_path: Path, name: str) -> None:
    written = scaffold(tmp_path / "tasks", name)
    assert [path.relative_to(tmp_path / "tasks").as_posix() for path in written] == [
        f"{name}.yaml",
        f"{name}/test.jsonl",
        f"{name}/train.jsonl",
        SCHEMA_FILE,
    ]
    task = load_task(written[0])
    assert task.name == name
    assert (len(task.test), len(task.train)) == (4, 4)
    assert not task.spec.description, "what nobody wrote stands in no report"
    text = written[0].read_text(encoding="utf-8")
    assert text.startswith(f"# yaml-language-server: $schema={SCHEMA_FILE}\n")


def test_the_defaults_it_shows_are_the_defaults(tmp_path: Path) -> None:
    path = scaffold(tmp_path, "x")[0]
    text = path.read_text(encoding="utf-8")
    shown: dict[str, Any] = {"retrieval": Retrieval(), "examples": Examples(), "finetune": Finetune()}
    for section in shown:
        text = text.replace(f"# {section}:", f"{section}:")
    path.write_text(text, encoding="utf-8")
    spec = load_task(path).spec
    assert {section: getattr(spec, section) for section in shown} == shown
    assert spec.model_fields_set >= set(shown)


def test_nothing_is_overwritten_and_nothing_half_written(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    mine = tmp_path / "x/train.jsonl"
    mine.write_text("mine", encoding="utf-8")
    with pytest.raises(InputErrors, match=r"x/train\.jsonl: exists already"):
        scaffold(tmp_path, "x")
    assert mine.read_text(encoding="utf-8") == "mine"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["train.jsonl", "x"]


def test_a_file_where_the_folder_should_be_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("mine", encoding="utf-8")
    with pytest.raises(InputErrors, match="x: exists already"):
        scaffold(tmp_path, "x")
    with pytest.raises(HarnessError, match="could not write"):
        scaffold(tmp_path / "x", "y")


def test_a_second_task_keeps_the_schema_that_is_there(tmp_path: Path) -> None:
    scaffold(tmp_path, "x")
    assert SCHEMA_FILE not in [path.name for path in scaffold(tmp_path, "y")]


@pytest.mark.parametrize("name", ["a/b", "..", "a b", "", "-x", "a@b"])
def test_a_bad_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="the task's name is"):
        scaffold(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_documents_are_named_as_the_task_file_sees_them(tmp_path: Path) -> None:
    documents = tmp_path / "my documents"
    documents.mkdir()
    task = load_task(scaffold(tmp_path / "tasks", "x", documents, "loans")[0])
    assert task.spec.corpus == "../my documents"
    assert task.corpus == str(documents)
    assert [question.gold_docs for question in task.test[:2]] == [("loans",), ()]


def test_examples_that_are_left_are_named_until_all_are_replaced(tmp_path: Path) -> None:
    path, test, train, _ = scaffold(tmp_path, "x")
    (said,) = load_task(path).remarks
    assert said.startswith(f"{test}:1: still asks what `tasks new` wrote as an example.")
    assert "4 of 4 questions in test.jsonl and 4 of 4 questions in train.jsonl" in said
    own = {"id": "a", "question": "Who keeps the key?", "answers": ["Ann"]}
    test.write_text(json.dumps(own), encoding="utf-8")
    train.write_text(json.dumps({**own, "id": "b", "question": "Whose is the key?"}), encoding="utf-8")
    assert load_task(path).remarks == ()


def test_a_chat_model_has_room_for_its_answer(tmp_path: Path) -> None:
    answer = load_task(scaffold(tmp_path, "x")[0]).own.answer
    assert answer.max_tokens >= 64
    assert not answer.stop
