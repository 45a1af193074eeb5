"""4-bit weights: answered with and trained on, on the CPU, by the library that does so on a GPU."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.engines.engine import AdapterRef, Decoding, Message, Request
from harness.engines.local import LocalModel, choose_dtype
from harness.engines.transformers_engine import TransformersEngine
from harness.errors import InputError, ModelUnavailable
from harness.files import sha256_file
from harness.finetune import lora
from harness.finetune.lora import LoraTrainer
from harness.finetune.trainer import Example, Training
from harness.spec.system import LoRA
from tests.architectures import tiny
from tests.fakes import Silent

needs_bitsandbytes = pytest.mark.skipif(
    importlib.util.find_spec("bitsandbytes") is None, reason="the extra `quantized` is not installed"
)
SYSTEM = Message("system", "Answer, please.")
BATCH = [Request((SYSTEM, Message("user", text)), Decoding(6)) for text in ("Who?", "And when does it go?")]


def quantized(progress: Silent) -> TransformersEngine:
    return TransformersEngine(LocalModel(tiny("llama"), device="cpu", dtype="nf4", progress=progress))


@needs_bitsandbytes
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_an_adapter_is_trained_over_4_bit_weights_and_answers_beside_them(tmp_path: Path) -> None:
    progress = Silent()
    engine = quantized(progress)
    base = engine.complete(BATCH, job=BATCH)
    facts = engine.facts()
    assert facts is not None
    assert facts.parameters == sum(
        tensor.numel() for tensor in TransformersEngine(full()).model.weights.parameters()
    )
    assert facts.decoding is not None
    assert facts.decoding.used == "own", facts.decoding.why
    layer = engine.model.weights.model.layers[0].mlp.down_proj
    assert layer.weight.dtype == torch.uint8
    before = layer.weight.clone()

    examples = tuple(Example(request, reply) for request, reply in zip(BATCH, ("me", "now"), strict=True))
    recipe = LoRA("t", rank=4, learning_rate=5e-2, batch_size=2, max_epochs=8)
    outcome = LoraTrainer(engine.model).train(Training("lora", recipe, examples, (), 0), tmp_path, progress)
    assert outcome.train_loss < 0.8 * (outcome.loss_curve[0].train_loss or 0)
    adapter = AdapterRef(tmp_path, sha256_file(tmp_path / lora.WEIGHTS))
    adapted = engine.complete(BATCH, adapter)
    assert adapted != base
    assert engine.complete(BATCH, replace(adapter, merged=False)) == adapted
    facts = engine.facts()
    assert facts is not None
    assert facts.merging is not None
    assert facts.merging.used == "library"
    assert any("quantized" in note and "not merged" in note for note in progress.notes)
    assert engine.complete(BATCH, job=BATCH) == base
    assert torch.equal(engine.model.weights.model.layers[0].mlp.down_proj.weight, before)


def full() -> LocalModel:
    return LocalModel(tiny("llama"), device="cpu", dtype="float32")


def test_4_bit_weights_without_their_library_are_refused_by_its_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    find = importlib.util.find_spec

    def without(name: str, *more: Any) -> Any:
        return None if name == "bitsandbytes" else find(name, *more)

    monkeypatch.setattr(importlib.util, "find_spec", without)
    with pytest.raises(InputError, match=r"rag-vs-finetune\[quantized\]"):
        choose_dtype("nf4", "cpu")


@needs_bitsandbytes
def test_a_model_that_is_quantized_already_is_not_quantized_again(monkeypatch: pytest.MonkeyPatch) -> None:
    import transformers

    own = transformers.AutoConfig.from_pretrained

    def told(*given: Any, **named: Any) -> Any:
        config = own(*given, **named)
        config.quantization_config = {"quant_method": "gptq", "bits": 4}
        return config

    monkeypatch.setattr(transformers.AutoConfig, "from_pretrained", told)
    with pytest.raises(ModelUnavailable, match="quantized already"):
        quantized(Silent()).complete(BATCH)
