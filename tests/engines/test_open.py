"""From what a person calls a model to an engine: a script by its scheme, a local model by anything else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.engines.engine import Engine, Message, Request
from harness.engines.open import SCHEMES, open_entry
from harness.engines.scripted import ScriptedEngine
from harness.engines.store import ModelFolder
from harness.engines.transformers_engine import TransformersEngine
from harness.errors import HarnessError, InputError
from harness.finetune.lora import LoraTrainer
from harness.finetune.open import open_trainer
from harness.finetune.scripted import ScriptedTrainer
from harness.progress import Progress
from harness.spec.models import ModelEntry
from tests.fakes import Silent


def opened(reference: str, cache: Path, **options: Any) -> Engine:
    entry = ModelEntry.model_construct(model=reference, **options)
    return open_entry(entry, cache=cache, progress=Silent())


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "my script.jsonl"
    path.write_text(json.dumps({"when": "Rome", "reply": "Italy"}) + "\n", encoding="utf-8")
    return path


def test_a_script_answers_and_learns_by_heart(script: Path, tmp_path: Path) -> None:
    engine = opened(f"scripted:{script}", tmp_path / "cache")
    assert isinstance(engine, ScriptedEngine)
    assert isinstance(open_trainer(engine), ScriptedTrainer)
    (completion,) = engine.complete([Request((Message("user", "Where is Rome?"),))])
    assert completion.text == "Italy"
    assert not (tmp_path / "cache").exists(), "nothing is fetched"


def test_a_script_is_found_in_the_home_folder(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert opened(f"scripted:~/{script.name}", tmp_path).identity.name == "my script"


@pytest.mark.parametrize(
    ("options", "flags"),
    [
        ({"revision": "main"}, ["--revision"]),
        ({"device": "cpu"}, ["--device"]),
        ({"dtype": "float32"}, ["--dtype"]),
        ({"dtype": "float32", "device": "cpu", "revision": "x"}, ["--revision", "--device", "--dtype"]),
    ],
)
def test_what_a_script_has_no_use_for_is_refused(
    script: Path, tmp_path: Path, options: dict[str, str], flags: list[str]
) -> None:
    with pytest.raises(InputError) as caught:
        opened(f"scripted:{script}", tmp_path, **options)
    said = str(caught.value)
    assert [flag for flag in ("--revision", "--device", "--dtype") if flag in said] == flags


def test_a_script_that_is_not_there_is_refused_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"missing\.jsonl: "):
        opened(f"scripted:{tmp_path / 'missing.jsonl'}", tmp_path)
    with pytest.raises(InputError):
        opened("scripted:", tmp_path)


def test_an_engine_is_one_row_of_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def parrot(entry: ModelEntry, cache: Path, progress: Progress) -> Engine:
        entry.refuse_local("a parrot")
        return ScriptedEngine(lambda prompt, adapter: entry.model.removeprefix("parrot:"))

    monkeypatch.setitem(SCHEMES, "parrot:", parrot)
    engine = opened("parrot:Polly", tmp_path)
    (completion,) = engine.complete([Request((Message("user", "Say hello"),))])
    assert completion.text == "Polly"
    with pytest.raises(InputError, match="a parrot has no use for --dtype"):
        opened("parrot:Polly", tmp_path, dtype="float32")


def test_a_folder_is_opened_without_reading_its_weights(tiny_model: ModelFolder, tmp_path: Path) -> None:
    engine = opened(str(tiny_model.path), tmp_path, device="cpu")
    assert isinstance(engine, TransformersEngine)
    assert isinstance(open_trainer(engine), LoraTrainer)
    assert (engine.identity.sha256, engine.identity.device, engine.identity.dtype) == (
        tiny_model.sha256, "cpu", "float32"
    )  # fmt: skip
    assert engine.facts() is None
    assert engine.window == 4096


@pytest.mark.parametrize("options", [{"dtype": "float8"}, {"device": "warp"}])
def test_a_device_or_dtype_that_is_not_there_is_refused(
    tiny_model: ModelFolder, tmp_path: Path, options: dict[str, str]
) -> None:
    with pytest.raises(InputError, match=next(iter(options.values()))):
        opened(str(tiny_model.path), tmp_path, **options)


def test_a_model_that_nobody_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="no-such-model"):
        opened(str(tmp_path / "no-such-model"), tmp_path)
