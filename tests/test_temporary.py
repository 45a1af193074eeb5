"""What killed processes left is removed by the next that writes there; what a live one fills is not touched."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.files import append_lines, clean_cache, locked, new_folder, write_text
from harness.temporary import remove_left

posix = pytest.mark.skipif(sys.platform == "win32", reason="there are no locks on folders")

FILL = """
import sys, time
from pathlib import Path
from harness.temporary import temporary
with temporary(Path(sys.argv[1]), folder=sys.argv[2] == "folder") as made:
    print(made, flush=True)
    time.sleep(60)
"""


def filling(path: Path, kind: str) -> tuple[subprocess.Popen[str], Path]:
    """A process that fills a temporary beside `path`, and the temporary."""
    process = subprocess.Popen(
        [sys.executable, "-c", FILL, str(path), kind],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


@posix
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_live_temporary_stays_and_that_of_a_killed_process_goes(tmp_path: Path, kind: str) -> None:
    process, made = filling(tmp_path / "entry", kind)
    try:
        write_text(tmp_path / "other", "text")
        assert made.exists()
    finally:
        process.kill()
        process.communicate()
    assert made.exists()
    write_text(tmp_path / "other", "text")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other"]


@posix
def test_a_temporary_of_a_process_that_is_asked_to_end_goes_with_it(tmp_path: Path) -> None:
    process, made = filling(tmp_path / "entry", "folder")
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert not made.exists()


@posix
def test_files_of_others_stay(tmp_path: Path) -> None:
    names = [".run.json.0123abcd", "x.0123abcd.unfinished", ".x.0123abc.unfinished", ".x.unfinished"]
    for name in names:
        (tmp_path / name).write_text("")
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / ".x.0123abcd.unfinished").symlink_to(outside)
    os.mkfifo(tmp_path / ".y.0123abcd.unfinished")  # nobody writes into it: to open it must not block
    remove_left(tmp_path)
    left = {path.name for path in tmp_path.iterdir()}
    assert {*names, "outside", ".x.0123abcd.unfinished"} <= left


@posix
def test_the_cache_is_cleaned_one_folder_deep(tmp_path: Path) -> None:
    (tmp_path / "adapters" / ".a.0123abcd.unfinished" / "deep").mkdir(parents=True)
    (tmp_path / "adapters" / "whole").mkdir()
    (tmp_path / ".b.0123abcd.unfinished").write_text("")
    clean_cache(tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["adapters", "whole"]
    clean_cache(tmp_path / "gone")


def test_a_new_folder_replaces_the_old_one_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "entry"
    for content in ("old", "new"):
        with new_folder(folder) as made:
            (made / content).write_text("")
    with pytest.raises(ZeroDivisionError), new_folder(folder):
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.rglob("*")] == ["entry", "new"]


def test_names_as_long_as_a_file_system_takes_can_be_written(tmp_path: Path) -> None:
    for name in ("n" * 255, "é" * 127):
        write_text(tmp_path / name, name)
        assert (tmp_path / name).read_text() == name


def test_a_line_that_does_not_fit_on_the_disk_leaves_nothing_of_itself(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    file = tmp_path / "answers.jsonl"
    append_lines(file, [{"n": 1}])
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, hard))
    try:
        with pytest.raises(
            HarnessError, match=rf"could not write .*: {os.strerror(errno.EFBIG)}. Nothing half"
        ):
            append_lines(file, [{"n": n} for n in range(9)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))
    assert file.read_text() == '{"n": 1}\n'


def test_a_folder_that_may_not_be_written_is_read_without_a_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with locked(tmp_path / "entry"):
        pass
    assert not list(tmp_path.iterdir())


def test_a_cache_that_may_not_be_written_names_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path))
    monkeypatch.setattr(Path, "mkdir", refuse)
    with (
        pytest.raises(HarnessError, match=r"Read-only file system.*HARNESS_CACHE"),
        new_folder(tmp_path / "e"),
    ):
        pass
