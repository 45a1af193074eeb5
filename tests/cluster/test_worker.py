"""A worker at its place, with the driver's files beside it or far away."""

from __future__ import annotations

import errno
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from harness.cluster.file_server import FileServer
from harness.cluster.units import Answer, HeldModel, NameTraining, Refused, Train
from harness.cluster.worker import UnitRunner, WorkerSetup
from harness.engines.engine import AdapterRef, Decoding, Message, Request
from harness.engines.store import ModelFolder
from harness.errors import InputError
from harness.finetune.trainer import Example, Training
from harness.spec.system import LoRA
from tests.tiny import tiny_engine

REQUESTS = tuple(Request((Message("user", text),), Decoding(4)) for text in ("the anvil", "the bellows"))
TRAINING = Training(
    "lora", LoRA(task="t", max_epochs=1), tuple(Example(request, "room 5") for request in REQUESTS), (), 0
)


def runner(model: ModelFolder, cache: Path, *, node: str, home: str = "driver") -> UnitRunner:
    held = HeldModel(model, "float32", "cpu", "2026-01-01")
    file_server = FileServer({model.path: "**/*"})
    return UnitRunner(WorkerSetup((held,), home, cache, 1), node, "log", file_server.list, file_server.read)


def test_it_answers_as_the_driver_would(tiny_model: ModelFolder, tmp_path: Path) -> None:
    done = runner(tiny_model, tmp_path, node="driver").do(Answer(0, REQUESTS, None, REQUESTS))
    assert not isinstance(done, Refused)
    assert done.value == tiny_engine(tiny_model).complete(REQUESTS, job=REQUESTS)
    assert done.facts is not None


def test_a_machine_that_lacks_the_model_has_it_brought(
    tiny_model: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver's path means nothing there, and the worker's cache is its own."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "own"))
    far = runner(tiny_model, tmp_path / "drivers", node="another")
    file_server, elsewhere = FileServer({tiny_model.path: "**/*"}), tmp_path / "not" / "here"
    far.listed = lambda _folder: file_server.list(str(tiny_model.path))
    far.read = lambda _folder, file, start: file_server.read(str(tiny_model.path), file, start)
    (held,) = far.setup.models
    far.setup = replace(far.setup, models=(replace(held, folder=replace(tiny_model, path=elsewhere)),))
    done = far.do(Answer(0, REQUESTS, None, ()))
    assert not isinstance(done, Refused)
    assert done.value == tiny_engine(tiny_model).complete(REQUESTS)
    (brought,) = (tmp_path / "own" / "fetched").glob("*-*[!k]")
    assert {path.name for path in brought.iterdir()} == {path.name for path in tiny_model.path.iterdir()}


def test_a_training_comes_back_with_its_files(tiny_model: ModelFolder, tmp_path: Path) -> None:
    here = runner(tiny_model, tmp_path / "cache", node="driver")
    named = here.do(NameTraining(0, TRAINING))
    done = here.do(Train(0, TRAINING, "key"))
    assert not isinstance(done, Refused)
    assert not isinstance(named, Refused)
    folder = tmp_path / "adapter"
    folder.mkdir()
    for name, contents in done.value.files.items():
        (folder / name).write_bytes(contents)
    answered = here.do(Answer(0, REQUESTS, AdapterRef(folder, named.value), ()))
    assert not isinstance(answered, Refused)
    assert done.value.outcome.steps > 0


def test_what_a_person_can_mend_comes_back_as_the_error_that_it_is() -> None:
    refused = Refused.of(InputError("is wrong.", path=Path("task.yaml"), line=3))
    assert isinstance(refused.error(), InputError)
    assert str(refused.error()) == "task.yaml:3: is wrong."


def test_a_disk_that_is_full_or_gone_is_named_with_its_machine(
    tiny_model: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_named: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/shared/cache")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", full)
    refused = runner(tiny_model, tmp_path, node="driver").do(Train(0, TRAINING, "key"))
    assert isinstance(refused, Refused)
    assert "could not use /shared/cache: No space left on device." in str(refused.error())
