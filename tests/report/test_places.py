"""What is refused before anything is derived, and what a disk says later."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from harness import files
from harness.errors import HarnessError, InputError, InputErrors
from harness.report.places import check_files, write_there
from harness.report.write import FORMS


def fault(*paths: Path) -> str:
    with pytest.raises(InputErrors) as caught:
        check_files(paths, FORMS)
    return str(caught.value)


def test_all_forms_are_known_whatever_the_case(tmp_path: Path) -> None:
    check_files([tmp_path / f"a{suffix.upper()}" for suffix in FORMS], FORMS)
    assert tuple(FORMS) == (".html", ".md", ".csv", ".json", ".parquet")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("a.htm", "(.html, .md, .csv, .json, .parquet), and .htm is not one of them (did you mean '.html'?)"),
        ("a.jsonl", "did you mean '.json'?"),
        ("a.docx", ".docx is not one of them."),
        ("report", "and there is none."),
        (".html", "and there is none."),
        ("Run.json", "a run's evidence, which a report never replaces"),
    ],
)
def test_a_name_that_says_no_form(tmp_path: Path, name: str, wanted: str) -> None:
    message = fault(tmp_path / name)
    assert message.startswith(f"{tmp_path / name}: ")
    assert wanted in message


def test_places_where_no_file_can_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder.md").mkdir()
    assert "this is not a file" in fault(tmp_path / "folder.md")
    (tmp_path / "file").touch()
    assert f"{tmp_path / 'file'} is a file, not a folder" in fault(tmp_path / "file" / "deeper" / "a.md")
    assert "this cannot be written: File name too long" in fault(tmp_path / f"{'n' * 300}.md")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert f"you may not write in {tmp_path}" in fault(tmp_path / "new" / "a.md")


def test_several_faults_are_told_at_once(tmp_path: Path) -> None:
    assert len(fault(tmp_path / "a.doc", tmp_path / "b.html", tmp_path / "c").splitlines()) == 2


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.EROFS, InputError), (errno.EACCES, InputError), (errno.ENOSPC, HarnessError)]
)
def test_a_place_is_the_users_fault_and_a_full_disk_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[HarnessError]
) -> None:
    def refuse(*_args: object, **_named: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files, "temporary", refuse)
    with pytest.raises(HarnessError, match=os.strerror(number)) as caught:
        write_there(tmp_path / "a.md", b"text")
    assert type(caught.value) is kind
