"""Exported adapters: what another program loads gives the logits that this one measured."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from harness.cli import main
from harness.engines.engine import AdapterRef
from harness.engines.store import resolve
from harness.engines.transformers_engine import TransformersEngine
from harness.files import cache_root, sha256_file, write_json
from harness.finetune.store import RECORD, adapter_folder
from harness.quiet import quiet_peft
from harness.records import AdapterRecord
from tests.analysis.runs import answers, manifest, write_run
from tests.fakes import Silent
from tests.tiny import random_adapter, tiny_engine, write_tiny_model

KEY = "abcdef0123456789" * 4
IDS = [[5, 9, 30, 77, 12]]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TransformersEngine:
    """A tiny model; an adapter of it lies in the cache as a training leaves it there."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    folder = resolve(
        str(write_tiny_model(tmp_path / "tiny")), kind="base", cache=cache_root(), progress=Silent()
    )
    engine = tiny_engine(folder)
    target = adapter_folder(cache_root(), KEY)
    ref = random_adapter(engine, target, seed=1, std=0.2)
    record = AdapterRecord(
        key=KEY, sha256=str(ref.sha256), task="small", strategy="lora", base_sha256=folder.sha256, recipe={"rank": 4},
        examples=3, epochs=1.0, steps=1, train_tokens=30, seconds=0.1, device="cpu", train_loss=0.5, dev_loss=None,
        train_fit=0.5, stopped="max_epochs",
        files={path.name: sha256_file(path) for path in target.iterdir() if path.is_file()},
    )  # fmt: skip
    write_json(target / RECORD, asdict(record))
    return engine


def adapter() -> Path:
    return adapter_folder(cache_root(), KEY)


def measured(engine: TransformersEngine, **how: bool) -> object:
    """The logits under the adapter, as this program answers with it."""
    import torch

    engine.load(replace(AdapterRef(adapter(), sha256_file(adapter() / "adapter_model.safetensors")), **how))
    with torch.inference_mode():
        return engine.model.weights(torch.tensor(IDS)).logits


def test_peft_loads_what_is_exported(engine: TransformersEngine, capsys: pytest.CaptureFixture[str]) -> None:
    import peft
    import torch
    import transformers

    assert main(["models", "export", KEY[:10], "--output", "out/mine"]) == 0
    assert capsys.readouterr().out == "out/mine\n"
    config = json.loads(Path("out/mine/adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "tiny"  # no folder of this machine
    base = transformers.AutoModelForCausalLM.from_pretrained("tiny")
    with quiet_peft():
        loaded = peft.PeftModel.from_pretrained(base, "out/mine")
    with torch.inference_mode():
        torch.testing.assert_close(loaded(torch.tensor(IDS)).logits, measured(engine, merged=False))


def test_a_merged_model_is_a_model_of_its_own(engine: TransformersEngine) -> None:
    import torch
    import transformers

    assert main(["models", "export", str(adapter()), "--merged"]) == 0
    loaded = transformers.AutoModelForCausalLM.from_pretrained("small-lora-merged")
    with torch.inference_mode():
        torch.testing.assert_close(loaded(torch.tensor(IDS)).logits, measured(engine))
    folder = resolve("small-lora-merged", kind="base", cache=cache_root(), progress=Silent())
    written = tiny_engine(folder)
    with torch.inference_mode():
        torch.testing.assert_close(written.model.weights(torch.tensor(IDS)).logits, measured(engine))
    assert written.model.chat.end_token == engine.model.chat.end_token


def test_a_run_names_its_adapters(engine: TransformersEngine, capsys: pytest.CaptureFixture[str]) -> None:
    about, sha256 = manifest(), sha256_file(adapter() / "adapter_model.safetensors")
    about["adapters"][0] |= {"key": KEY, "sha256": sha256}
    about["plan"] = [row | {"adapter": row["adapter"] and sha256} for row in about["plan"]]
    answered = [row | {"adapter": sha256 if "lora" in row["strategy"] else None} for row in answers()]
    write_run(Path("run"), manifest=about, answers=answered)
    assert main(["models", "export", "run", "--task", "facts", "--system", "lora"]) == 0
    config = json.loads(Path("small-lora/adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "tiny"  # what the run calls it
    assert main(["models", "export", "run", "--system", "lora+rag", "--output", "other-place"]) == 2
    assert "no such adapter: --task facts --system lora --seed 0." in capsys.readouterr().err


def test_what_was_altered_is_not_exported(
    engine: TransformersEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = adapter() / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x00")
    assert main(["models", "export", KEY]) == 1
    assert "adapter_model.safetensors was altered" in capsys.readouterr().err
    assert not Path("small-lora").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["0123456789"], "there is no such run or adapter"),
        (["abc"], "first digits (8 or more)"),
        ([KEY, "--task", "small"], "--task: only a run folder holds several adapters"),
        ([KEY, "--output", "tiny"], "there is something already"),
        ([KEY, "--model", "tiny"], "add --merged"),
        ([KEY, "--merged", "--model", "other"], "is not the model that this adapter was trained for (tiny)"),
    ],
)
def test_wrong_arguments_are_named(
    engine: TransformersEngine, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    write_tiny_model(Path("other"), seed=7)
    assert main(["models", "export", *arguments]) == 2
    assert sentence in capsys.readouterr().err
