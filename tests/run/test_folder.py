"""The run folder: opened only where that is safe, appended to, and mended after a kill."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import files
from harness.errors import HarnessError, InputError
from harness.files import to_json
from harness.records import AnswerRow, BatchRow, Passage, PassageRow, Ranked, RankedDoc, TimingRow
from harness.run import rows
from harness.run.folder import RunFolder
from harness.run.manifest import SCHEMA_VERSION
from harness.run.manifest_file import read_manifest
from harness.run.rows import each_row, read_rows
from tests.run.worlds import make_task, manifest, run_of, system

MANIFEST = run_of()
SYSTEM_ID = "5" * 16
PASSAGE = Passage("d#0", "d", "The saw", "It is kept by Ann.")
ROWS = {
    "answers": AnswerRow(
        "t",
        SYSTEM_ID,
        "a",
        0,
        "Ann “x”",
        None,
        3,
        1,
        "stop",
        (RankedDoc("d", "d#0", 0.5),),
        1,
        0,
        "5" * 64,
        0,
    ),
    "timings": TimingRow("t", SYSTEM_ID, "a", 0, 0, None, 0.1, 0.5, 3, 1),
    "batches": BatchRow("t", SYSTEM_ID, 0, 1, 1, 1.0),
    "passages": PassageRow("d#0", "d", "The saw", "It is kept by Ann.", task="t"),
}


def answer(question_id: str) -> AnswerRow:
    return AnswerRow("t", SYSTEM_ID, question_id, 0, "Ann “x”", None, 3, 1, "stop", (), 0, 0, "5" * 64, 0)


def test_a_new_run_starts_in_an_empty_or_absent_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "absent/deep"):
        RunFolder.create(tmp_path / name, MANIFEST)
        assert read_manifest(tmp_path / name) == MANIFEST


def test_a_manifest_comes_back_as_it_was_written(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    written = run_of([task], {task.name: [system(task, "few-shot+rag"), system(task, "lora+rag")]})
    RunFolder.create(tmp_path / "run", written)
    assert read_manifest(tmp_path / "run") == written
    assert RunFolder.resume(tmp_path / "run").manifest == written


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"exists already; name another$"):
        RunFolder.create(tmp_path, MANIFEST)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    with pytest.raises(InputError, match="exists already"):
        RunFolder.create(tmp_path / "notes.txt", MANIFEST)


def test_a_run_that_is_there_already_can_be_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "my run"
    RunFolder.create(path, MANIFEST)
    with pytest.raises(InputError, match=f"or go on with it: harness compare --resume '{path}'"):
        RunFolder.create(path, MANIFEST)


def test_an_output_that_cannot_be_written_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        RunFolder.create(tmp_path / "file" / "run", MANIFEST)


def test_a_full_disk_is_a_sentence_and_keeps_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = RunFolder.create(tmp_path / "run", MANIFEST)

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(HarnessError, match="No space left on device"):
        folder.add_answers([answer("a")], [])
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
        ('{"schema_version": true}', "no schema_version"),
        ('{"schema_version": 99}', "newer version.*schema 99"),
        ('{"schema_version": 1}', "older version.*schema 1.*Make the run again"),
        (f'{{"schema_version": {SCHEMA_VERSION}}}', "is damaged: 'run_id' is missing"),
    ],
)
def test_what_is_no_run_of_ours_is_refused(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / "run.json").write_text(text)
    with pytest.raises(InputError, match=message):
        read_manifest(tmp_path)
    with pytest.raises(InputError, match=message):
        RunFolder.resume(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seeds": {"sampling": 0, "training": [0]}}, "'seeds.order' is missing"),
        ({"status": 3}, "'status' is 3, which is not what a run writes there"),
        ({"plan": [{"task": "t"}]}, r"'plan.0.system' is missing"),
    ],
)
def test_a_damaged_manifest_is_refused_with_the_key(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    RunFolder.create(tmp_path, MANIFEST)
    (tmp_path / "run.json").write_text(json.dumps({**manifest(tmp_path), **changes}))
    with pytest.raises(InputError, match=f"run.json:1: is damaged: {message}"):
        RunFolder.resume(tmp_path)


@pytest.mark.parametrize("name", list(ROWS))
def test_a_torn_last_line_is_cut_on_resume(tmp_path: Path, name: str) -> None:
    RunFolder.create(tmp_path, MANIFEST)
    path = tmp_path / f"{name}.jsonl"
    whole = to_json(ROWS[name]) + "\n"
    path.write_bytes((whole + '{"task": "é').encode()[:-1])  # torn in the middle of a character
    RunFolder.resume(tmp_path)
    assert path.read_text(encoding="utf-8") == whole


def test_answers_come_back_and_their_batch_is_written_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = RunFolder.create(tmp_path, MANIFEST)
    order: list[str] = []
    import harness.run.folder as module

    append = module.append_lines

    def recorded(path: Path, rows: Any) -> None:
        order.append(path.name)
        append(path, rows)

    monkeypatch.setattr(module, "append_lines", recorded)
    folder.add_answers([answer("a"), answer("b")], [BatchRow("t", SYSTEM_ID, 0, 2, 2, 1.0)])
    assert order == ["batches.jsonl", "answers.jsonl"]
    assert RunFolder.resume(tmp_path).settled("t", SYSTEM_ID, 0) == {"a", "b"}


def test_a_resumed_folder_knows_what_it_holds(tmp_path: Path) -> None:
    """Nothing that is in a folder already is asked for or written again."""
    folder = RunFolder.create(tmp_path, MANIFEST)
    answered, timed = ROWS["answers"], ROWS["timings"]
    assert isinstance(answered, AnswerRow)
    assert isinstance(timed, TimingRow)
    folder.add_answers([answered], [])
    folder.add_timings([timed])
    folder.add_passages("t", [Ranked(PASSAGE, 0.5)])
    again = RunFolder.resume(tmp_path)
    assert again.settled("t", SYSTEM_ID, 0) == {"a"}
    assert again.timed() == {("t", SYSTEM_ID, "a", True)}
    again.add_passages("t", [Ranked(PASSAGE, 0.4)])
    assert (tmp_path / "passages.jsonl").read_text(encoding="utf-8") == to_json(ROWS["passages"]) + "\n"


def test_files_that_git_lfs_did_not_fetch_are_named_as_that(tmp_path: Path) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n"
    (tmp_path / "run.json").write_text(pointer)
    with pytest.raises(InputError, match=r"run\.json: this is a Git LFS pointer"):
        read_manifest(tmp_path)
    (tmp_path / "answers.jsonl").write_text(pointer)
    with pytest.raises(InputError, match=r"answers\.jsonl: this is a Git LFS pointer"):
        read_rows(tmp_path / "answers.jsonl", AnswerRow)


def test_rows_are_read_in_blocks_of_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a block holds: lines keep their numbers, a torn last one is left out, a key given twice is found."""
    monkeypatch.setattr(rows, "BLOCK", 500)
    file, lines = tmp_path / "answers.jsonl", [to_json(answer(f"q{n}")) for n in range(9)]
    file.write_text("\n".join([*lines[:5], "", *lines[5:], lines[0][:40]]), encoding="utf-8")
    found = read_rows(file, AnswerRow)
    assert [row.question_id for row in found.all] == [f"q{n}" for n in range(9)]
    assert [*found.lines] == [1, 2, 3, 4, 5, 7, 8, 9, 10]
    assert found.torn
    file.write_text("\n".join([*lines, lines[0].replace("{", '{"seed": 0, ', 1)]) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"answers\.jsonl:10: broken line: the key 'seed' is given twice"):
        read_rows(file, AnswerRow)


def test_rows_can_be_read_without_all_of_them_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "BLOCK", 500)
    file, lines = tmp_path / "answers.jsonl", [to_json(answer(f"q{n}")) for n in range(9)]
    file.write_text("\n".join([*lines, "{"]) + "\n", encoding="utf-8")
    found = each_row(file, AnswerRow)
    assert [next(found).question_id for _ in range(8)] == [f"q{n}" for n in range(8)], (
        "what is wrong comes later"
    )
    with pytest.raises(InputError, match=r"answers\.jsonl:10: broken line"):
        list(found)


@pytest.mark.parametrize("torn", ["", "{", "x" * 50])
def test_a_torn_line_is_cut_off_however_long_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, torn: str
) -> None:
    monkeypatch.setattr(files, "TAIL", 8)
    path = tmp_path / "answers.jsonl"
    for whole in ("", "{}\n", '{"a": 1}\n{"b": 2}\n'):
        path.write_text(whole + torn)
        assert files.drop_torn_tail(path) is bool(torn)
        assert path.read_text() == whole


def test_what_is_settled_names_each_question_once_in_memory(tmp_path: Path) -> None:
    """A run of many systems answers the same questions with each: a million names would be their own weight."""
    folder = RunFolder.create(tmp_path, MANIFEST)
    folder.add_answers([replace(answer("q1"), system=f"{n:016x}") for n in range(2)], [])
    again = RunFolder.resume(tmp_path)
    (first,), (second,) = (again.settled("t", f"{n:016x}", 0) for n in range(2))
    assert first is second


def test_scores_of_tasks_with_code_of_their_own_are_all_that_is_kept_of_answers(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, MANIFEST)
    scored = replace(answer("1"), task="own", metrics={"acc": 1.0})
    folder.add_answers([answer("a"), scored], [])
    assert folder.scores({"own"}) == {("own", SYSTEM_ID, 0): {"1": {"acc": 1.0}}}
    assert folder.scores(()) == {}


@pytest.mark.parametrize(
    ("twice", "missing"),
    [
        (('"cached":', '"cached": true, "cached":'), ('"cached": false, ', "")),
        (('"score": 0.5', '"chunk_id": "d#1"'), ("", "")),
        (('"metrics": null', '"metrics": {"m": 1, "m": 1}'), ("", "")),
    ],
)
def test_a_key_given_twice_is_found_where_another_is_not_given(
    tmp_path: Path, twice: tuple[str, str], missing: tuple[str, str]
) -> None:
    file = tmp_path / "answers.jsonl"
    row = to_json(replace(answer("q"), retrieved=(RankedDoc("d", "d#0", 0.5),)))
    assert twice[0] in row
    assert missing[0] in row
    file.write_text(f"{row.replace(*missing)}\n{row.replace(*twice)}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"answers\.jsonl:2: broken line: the key '\w+' is given twice"):
        read_rows(file, AnswerRow)
