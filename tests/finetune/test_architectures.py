"""Training on models of many architectures: a packed step is the step over each example alone, or is not taken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.engines.engine import AdapterRef, Message, Request
from harness.engines.local import LocalModel
from harness.errors import TrainingFailed
from harness.files import sha256_file
from harness.finetune import lora, loss
from harness.finetune import train as loop
from harness.finetune.lora import LoraTrainer, peft_config
from harness.finetune.loss import answer_logits, packs_alike, remember, summed_loss
from harness.finetune.packing import TokenExample, pack
from harness.finetune.trainer import Example, Training
from harness.records import Proof
from harness.spec.system import LoRA
from tests.architectures import ARCHITECTURES, WINDOW, tiny
from tests.fakes import Silent
from tests.tiny import tiny_engine

PREFIX = tuple(range(5, 11))
SHORT = [TokenExample((*PREFIX, 30 + n), (60 + n, 0)) for n in range(3)]
"""A pack of these fits into the windows of the tiny models; one of the long ones does not, alone or with others."""
LONG = [TokenExample((*PREFIX, *range(30, 60 + n)), (90 + n, 91, 0)) for n in range(3)]


def plain_loss(model: object, examples: list[TokenExample]) -> torch.Tensor:
    """Summed cross-entropy of each example's answer, by the model's own forward pass over it alone."""
    total = torch.zeros(())
    for example in examples:
        ids = torch.tensor([[*example.prompt, *example.target]])
        logits = model(ids).logits[0].log_softmax(-1)  # type: ignore[operator]
        for at, token in enumerate(example.target):
            total = total - logits[len(example.prompt) - 1 + at, token]
    return total


def config_for(model: LocalModel) -> object:
    return peft_config(LoRA("t", rank=4), model.weights.config.model_type)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_packed_examples_have_the_loss_and_gradients_of_single_ones(name: str) -> None:
    local = tiny_engine(tiny(name)).model
    with local.adapting(config_for(local)) as model:
        for tensor_name, parameter in model.named_parameters():
            if "lora_B" in tensor_name:
                torch.nn.init.normal_(parameter, std=0.1)
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        for examples in (SHORT, LONG, LONG[:1]):
            packed = summed_loss(model, pack(examples, len(PREFIX)))
            alone = plain_loss(model, examples)
            assert packed.item() == pytest.approx(alone.item(), rel=1e-4)
            for one, other in zip(
                torch.autograd.grad(packed, trained, allow_unused=True),
                torch.autograd.grad(alone, trained, allow_unused=True),
                strict=True,
            ):
                if one is not None and other is not None:
                    torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-3 * float(other.abs().max()))


def test_packing_is_proven_before_it_is_used_and_no_window_is_crossed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ways: list[str] = []
    for way in ("_together", "_alone_each"):
        own = getattr(loss, way)
        monkeypatch.setattr(loss, way, lambda *given, own=own, way=way: ways.append(way) or own(*given))

    def taken(name: str, examples: list[TokenExample]) -> list[str]:
        model = tiny_engine(tiny(name)).model.weights
        answer_logits(model, pack(examples, len(PREFIX)))  # proves it
        ways.clear()
        answer_logits(model, pack(examples, len(PREFIX)))
        return list(ways)

    assert len(pack(SHORT, len(PREFIX)).segments) <= WINDOW < len(pack(LONG[:1], len(PREFIX)).segments)
    assert taken("llama", LONG) == taken("mistral, sliding", SHORT) == ["_together"]
    assert taken("mistral, sliding", LONG) == taken("lfm2, convolutions", SHORT) == ["_alone_each"]
    remembered = tiny_engine(tiny("llama")).model.weights
    remember(remembered, False)
    ways.clear()
    answer_logits(remembered, pack(SHORT, len(PREFIX)))
    assert ways == ["_alone_each"]


def training() -> Training:
    system = Message("system", "Briefly.")
    examples = tuple(
        Example(Request((system, Message("user", f"{chr(97 + n)}?"))), f"{'tuvw'[n % 4]}k") for n in range(8)
    )
    recipe = LoRA("t", rank=4, learning_rate=2e-2, batch_size=4, max_epochs=2)
    return Training("lora", recipe, examples, (), 0)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_adapter_gives_the_same_logits_trained_loaded_and_merged_and_the_base_is_exact_afterwards(
    name: str, tmp_path: Path
) -> None:
    engine = tiny_engine(tiny(name))
    model = engine.model
    ids = torch.tensor([[*PREFIX, *range(30, 50)]])

    def logits(weights: Any) -> torch.Tensor:
        with torch.inference_mode():
            return weights(ids).logits[0].clone()

    base = logits(model.weights)
    with model.adapting(config_for(model)) as adapted:
        loop.train(adapted, SHORT, (), LoRA("t", rank=4, learning_rate=0.1, max_epochs=2), 0, Silent(), "x")
        trained = logits(adapted)
        lora.save(adapted, tmp_path)
    assert torch.equal(logits(model.weights), base)
    adapter = AdapterRef(tmp_path, sha256_file(tmp_path / lora.WEIGHTS))
    for merged in (False, True):
        engine.load(replace(adapter, merged=merged))
        assert float((logits(model.weights) - trained).abs().max()) < 1e-3 * float(trained.std())
    assert float((trained - base).abs().max()) > 1e-2 * float(base.std())
    facts = model.facts()
    assert facts is not None
    assert facts.merging is not None
    assert facts.merging.used == "own", facts.merging.why
    engine.load(None)
    assert torch.equal(logits(model.weights), base)


def test_an_adapter_that_merging_would_change_stays_beside_the_weights_and_it_is_said(tmp_path: Path) -> None:
    """Mamba reads the weights of a layer past its forward pass, where an adapter that is not merged is not seen."""
    progress = Silent()
    model = LocalModel(tiny("mamba, no attention"), device="cpu", dtype="float32", progress=progress)
    with model.adapting(config_for(model)) as adapted:
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.3)
        lora.save(adapted, tmp_path)
    adapter = AdapterRef(tmp_path, sha256_file(tmp_path / lora.WEIGHTS))
    ids, found = torch.tensor([PREFIX]), []
    for merged in (False, True, True):
        model.use(replace(adapter, merged=merged))
        with torch.inference_mode():
            found.append(model.weights(ids).logits)
        model.use(None)
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])
    facts = model.facts()
    assert facts is not None
    assert facts.merging is not None
    assert facts.merging.used == "library"
    (note,) = progress.notes
    assert "not merged" in note


def test_experts_are_adapted_too() -> None:
    """Nine tenths of such a model's weights; an adapter beside them would lose to one of a dense model unfairly."""
    model = tiny_engine(tiny("mixtral, experts")).model
    with model.adapting(config_for(model)) as adapted:
        names = [name for name, parameter in adapted.named_parameters() if parameter.requires_grad]
    assert any("experts" in name for name in names)
    assert any("q_proj" in name for name in names)


def test_a_model_that_peft_cannot_adapt_is_refused_with_the_reason() -> None:
    model = tiny_engine(tiny("mamba, no attention")).model
    with (
        pytest.raises(TrainingFailed, match=r"all its linear layers.*out_proj"),
        model.adapting(peft_config(LoRA("t"))),
    ):
        pass


@pytest.mark.parametrize("why", [None, "they differ by 3"])
def test_how_examples_are_trained_on_is_a_fact_of_the_model_and_said_where_it_is_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str | None
) -> None:
    if why:
        monkeypatch.setattr(lora, "packs_alike", lambda _: why)
    progress = Silent()
    model = LocalModel(tiny("llama"), device="cpu", dtype="float32", cache=tmp_path, progress=progress)
    outcome = LoraTrainer(model).train(training(), tmp_path / "adapter", progress)
    facts = model.facts()
    assert facts is not None
    assert facts.training == (Proof("library", why) if why else Proof("own"))
    assert [note for note in progress.notes if "one example at a time" in note and str(why) in note] == (
        progress.notes if why else []
    )
    assert outcome.train_loss < outcome.loss_curve[0].train_loss


def test_training_alone_learns_what_packed_training_learns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lora, "precision_of", lambda identity: identity.dtype)
    packed = LoraTrainer(tiny_engine(tiny("llama")).model).train(training(), tmp_path / "a", Silent())
    monkeypatch.setattr(lora, "packs_alike", lambda _: "they differ")
    alone = LoraTrainer(tiny_engine(tiny("llama")).model).train(training(), tmp_path / "b", Silent())
    assert alone.train_loss == pytest.approx(packed.train_loss, rel=1e-3)


def test_dropout_of_the_base_is_off_in_training(tmp_path: Path) -> None:
    """With it, packed and single examples would differ, and a seed would not name an adapter."""
    folder = tiny("gpt2, Conv1D and learnt positions")
    model = LocalModel(folder, device="cpu", dtype="float32")
    assert model.weights.config.resid_pdrop > 0
    losses = [
        LoraTrainer(model).train(training(), tmp_path / name, Silent()).loss_curve[0].train_loss
        for name in "ab"
    ]
    assert losses[0] == losses[1]


def test_a_model_with_attention_that_packs_is_found_alike() -> None:
    for name, fits in (("llama", True), ("gemma2, soft caps", True), ("mpt, ALiBi by index", False)):
        assert (packs_alike(tiny_engine(tiny(name)).model.weights) is None) == fits
