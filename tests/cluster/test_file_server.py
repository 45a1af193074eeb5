"""Files of the driver's on machines that lack them."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cluster import file_server as module
from harness.cluster.file_server import FileServer, fetched
from harness.errors import HarnessError, ModelUnavailable


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "driver" / "model"
    (folder / "inside").mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "inside" / "weights").write_bytes(b"0123456789")
    return folder


def test_files_are_brought_in_pieces_once(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PIECE", 4)
    file_server, said = FileServer({folder: "**/*"}), list[str]()
    moved = folder.rename(tmp_path / "moved")  # so that the worker's machine lacks it
    there = FileServer({moved: "**/*"})
    target = tmp_path / "cache" / "model"
    for _ in range(2):
        home = fetched(
            folder,
            target,
            lambda _folder: there.list(str(moved)),
            lambda _folder, file, start: there.read(str(moved), file, start),
            said.append,
        )
        assert home == target
    assert (target / "inside" / "weights").read_bytes() == b"0123456789"
    assert len(said) == 1, "the second time they are there"
    assert file_server.folders == {folder: "**/*"}


def test_a_shared_folder_is_used_as_it_is(folder: Path, tmp_path: Path) -> None:
    file_server = FileServer({folder: "**/*"})
    assert fetched(folder, tmp_path / "cache", file_server.list, file_server.read, pytest.fail) == folder


def test_what_does_not_arrive_whole_is_not_used(folder: Path, tmp_path: Path) -> None:
    listed = {"config.json": "0" * 64}
    with pytest.raises(ModelUnavailable, match="did not arrive whole"):
        fetched(
            folder, tmp_path / "cache", lambda _: listed, FileServer({folder: "**/*"}).read, lambda _: None
        )
    assert not (tmp_path / "cache").exists()


def test_nothing_but_the_runs_own_folders_is_handed_out(folder: Path) -> None:
    file_server = FileServer({folder: "*.json"})
    assert list(file_server.list(str(folder))) == ["config.json"]
    assert list(FileServer({folder: "**/*"}).list(str(folder / "inside"))) == ["weights"]
    with pytest.raises(HarnessError, match="no folder of this run"):
        file_server.list(str(folder.parent))
    with pytest.raises(HarnessError, match="no file of"):
        file_server.read(str(folder), "../../secret", 0)
