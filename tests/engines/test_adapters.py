"""Adapters over one copy of the base weights, which answers the same before and after any of them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import peft
import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.engines import adapters
from harness.engines.adapters import read_layers
from harness.engines.engine import (
    AdapterRef,
)
from harness.engines.store import ModelFolder
from harness.engines.transformers_engine import TransformersEngine
from harness.errors import ModelUnavailable
from harness.finetune.lora import peft_config
from harness.spec.system import LoRA
from tests.engines.conversations import BATCH
from tests.tiny import random_adapter, tiny_engine


def test_base_answers_are_the_same_before_and_after_adapters(
    engine: TransformersEngine, adapter: AdapterRef
) -> None:
    before = engine.complete(BATCH)
    weights = {name: p.clone() for name, p in engine.model.weights.named_parameters()}
    adapted = engine.complete(BATCH, adapter)
    engine.load(replace(adapter, merged=False))
    engine.load(None)
    assert adapted != before
    assert engine.complete(BATCH) == before
    assert all(torch.equal(p, weights[name]) for name, p in engine.model.weights.named_parameters())


def test_merged_and_unmerged_adapters_give_the_same_answers(
    engine: TransformersEngine, adapter: AdapterRef
) -> None:
    merged = engine.complete(BATCH, adapter)
    assert engine.complete(BATCH, replace(adapter, merged=False)) == merged


def test_where_a_second_set_of_weights_has_no_room_adapters_stay_beside_the_first(
    tiny_model: ModelFolder, adapter: AdapterRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    merged = tiny_engine(tiny_model).complete(BATCH, adapter)
    engine = tiny_engine(tiny_model)
    own = sum(
        layer.weight.nbytes
        for layer in engine.model.weights.model.modules()
        if type(layer).__name__ == "Linear"
    )
    for free, used in ((own - 1, "library"), (own, "own")):
        monkeypatch.setattr(adapters, "free_bytes", lambda _, free=free: free)
        engine.release()
        assert engine.complete(BATCH, adapter) == merged
        facts = engine.facts()
        assert facts is not None
        assert facts.merging is not None
        assert facts.merging.used == used


def test_an_adapter_is_read_once_however_often_weights_change(
    engine: TransformersEngine, adapter: AdapterRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The timing pass changes weights before every answer: minutes of a run, if each change read files."""
    read = []
    monkeypatch.setattr(adapters, "read_layers", lambda *given: read.append(given) or read_layers(*given))
    answers = []
    for _ in range(2):
        for merged in (True, False):
            answers.append(engine.complete(BATCH, replace(adapter, merged=merged)))
            engine.load(None)
    assert len(read) == 1
    assert all(answer == answers[0] for answer in answers)


def test_adapters_take_turns(engine: TransformersEngine, adapter: AdapterRef, tmp_path: Path) -> None:
    first = engine.complete(BATCH, adapter)
    other = random_adapter(engine, tmp_path, 2, 0.5)
    second = engine.complete(BATCH, other)
    assert first != second
    assert engine.complete(BATCH, adapter) == first


def test_training_leaves_the_base_as_it_was(engine: TransformersEngine, adapter: AdapterRef) -> None:
    before = engine.complete(BATCH, job=BATCH)
    engine.load(adapter)
    with engine.model.adapting(peft_config(LoRA("t", rank=2))) as model:
        assert isinstance(model, peft.PeftModel)
        for _, parameter in model.named_parameters():
            if parameter.requires_grad:
                parameter.data.normal_()
    assert engine.complete(BATCH, job=BATCH) == before


def test_an_adapter_that_is_a_pickle_is_refused(engine: TransformersEngine, tmp_path: Path) -> None:
    (tmp_path / "adapter_model.bin").write_bytes(b"x")
    before = engine.complete(BATCH)
    with pytest.raises(ModelUnavailable, match="only safetensors"):
        engine.load(AdapterRef(tmp_path, "a" * 64))
    assert engine.complete(BATCH) == before


@pytest.mark.parametrize("damage", ["shape", "missing", "foreign", "not a number", "configuration", "cut"])
def test_an_adapter_that_does_not_fit_is_refused_by_name(
    tiny_model: ModelFolder, adapter: AdapterRef, tmp_path: Path, damage: str
) -> None:
    engine = tiny_engine(tiny_model)
    before = engine.complete(BATCH)
    folder = shutil.copytree(adapter.folder, tmp_path / "adapter")
    path = folder / "adapter_model.safetensors"
    tensors = load_file(path)
    name = sorted(tensors)[0]
    if damage == "shape":
        tensors[name] = tensors[name][:, :-1].contiguous()
    elif damage == "missing":
        del tensors[name]
    elif damage == "foreign":
        tensors["other.weight"] = torch.zeros(2)
    elif damage == "not a number":
        tensors[name][0, 0] = torch.nan
    save_file(tensors, path)
    if damage == "configuration":
        config = json.loads((folder / "adapter_config.json").read_text())
        (folder / "adapter_config.json").write_text(json.dumps(config | {"r": 2}))
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(ModelUnavailable, match=str(folder)):
        engine.load(AdapterRef(folder, "a" * 64))
    assert engine.complete(BATCH) == before
    assert engine.complete(BATCH, adapter) != before
