"""The run folder: opened only where that is safe, appended to, and mended after a kill."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError, InputError
from harness.records import AnswerRow, BatchRow
from harness.run.folder import RunFolder, read_manifest

MANIFEST = {"schema_version": 1, "status": "running"}


def answer(question_id: str) -> AnswerRow:
    return AnswerRow("t", "base", question_id, 0, "Ann “x”", None, 3, 1, "stop", (), 0, 0, "s", 0)


def test_a_new_run_starts_in_an_empty_or_absent_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "absent/deep"):
        RunFolder.create(tmp_path / name, dict(MANIFEST))
        assert read_manifest(tmp_path / name) == MANIFEST


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"exists already.*--resume"):
        RunFolder.create(tmp_path, dict(MANIFEST))
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    with pytest.raises(InputError, match="exists already"):
        RunFolder.create(tmp_path / "notes.txt", dict(MANIFEST))


def test_an_output_that_cannot_be_written_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        RunFolder.create(tmp_path / "file" / "run", dict(MANIFEST))


def test_a_full_disk_is_a_sentence_and_keeps_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = RunFolder.create(tmp_path / "run", dict(MANIFEST))

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(HarnessError, match="No space left on device"):
        folder.add_answers([answer("a")], None)
    with pytest.raises(HarnessError, match="No space left on device"):
        folder.update(status="complete")
    monkeypatch.undo()
    assert read_manifest(tmp_path / "run") == MANIFEST
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["answers.jsonl", "run.json"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "there is no run in"),
        ("", "cannot be read"),
        ('{"schema_version": 1', "cannot be read"),
        ("[]", "no schema_version"),
        ("{}", "no schema_version"),
        ('{"schema_version": "1"}', "no schema_version"),
        ('{"schema_version": 99}', "newer version.*schema 99"),
    ],
)
def test_what_is_no_run_of_ours_is_refused(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / "run.json").write_text(text)
    with pytest.raises(InputError, match=message):
        read_manifest(tmp_path)
    with pytest.raises(InputError, match=message):
        RunFolder.resume(tmp_path)


@pytest.mark.parametrize("name", ["answers", "timings", "batches", "passages"])
def test_a_torn_last_line_is_cut_on_resume(tmp_path: Path, name: str) -> None:
    RunFolder.create(tmp_path, dict(MANIFEST))
    path = tmp_path / f"{name}.jsonl"
    whole = json.dumps({"task": "t", "chunk_id": "d#0"}) + "\n"
    path.write_bytes((whole + '{"task": "é').encode()[:-1])  # torn in the middle of a character
    RunFolder.resume(tmp_path)
    assert path.read_text() == whole


def test_answers_come_back_and_their_batch_is_written_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = RunFolder.create(tmp_path, dict(MANIFEST))
    order: list[str] = []
    import harness.run.folder as module

    append = module.append_lines

    def recorded(path: Path, rows: Any) -> None:
        order.append(path.name)
        append(path, rows)

    monkeypatch.setattr(module, "append_lines", recorded)
    folder.add_answers([answer("a"), answer("b")], BatchRow("t", "base", 0, 2, 2, 1.0))
    assert order == ["batches.jsonl", "answers.jsonl"]
    assert RunFolder.resume(tmp_path).answered() == {("t", "base", 0): {"a": answer("a"), "b": answer("b")}}
