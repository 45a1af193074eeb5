"""The fast ways of a training step give what the plain ones do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from harness.engines.local import LocalModel
from harness.engines.store import ModelFolder
from harness.finetune import mixed as mixed_module
from harness.finetune.blocks import blocks_of, in_blocks
from harness.finetune.fused import fused
from harness.finetune.lora import LoraTrainer, peft_config
from harness.finetune.loss import answer_logits, mixed_alike, remember, summed_loss
from harness.finetune.mixed import Mixed
from harness.finetune.packing import TokenExample, pack
from harness.finetune.store import load_or_train
from harness.finetune.trainer import Training
from harness.spec.system import LoRA
from tests.fakes import Silent
from tests.finetune.test_devscore import EXAMPLES, RECIPE
from tests.tiny import tiny_engine

PREFIX = tuple(range(5, 15))
ITEMS = [TokenExample((*PREFIX, *range(30, 31 + 3 * n)), (60 + n, 61, 0)) for n in range(4)]


@pytest.fixture
def model(tiny_model: ModelFolder) -> LocalModel:
    return tiny_engine(tiny_model).model


def moved(model: Any) -> Any:
    """The model with an adapter that does something."""
    torch.manual_seed(1)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    return model


def gradients(model: Any, shared: int) -> list[torch.Tensor]:
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return list(torch.autograd.grad(summed_loss(model, pack(ITEMS, shared)), trained))


@pytest.mark.parametrize("shared", [0, 1, len(PREFIX)])
@pytest.mark.parametrize("key_heads", [1, 3, 6])
def test_attention_in_blocks_is_attention_under_the_packs_mask(shared: int, key_heads: int) -> None:
    packed = pack(ITEMS, shared)
    tokens = packed.ids.shape[1]
    torch.manual_seed(0)
    query, key, value = (
        torch.randn(1, heads, tokens, 8, dtype=torch.float64) for heads in (6, key_heads, key_heads)
    )
    wide = (one.repeat_interleave(6 // key_heads, dim=1) for one in (key, value))
    expected = torch.nn.functional.scaled_dot_product_attention(
        query, *wide, attn_mask=packed.mask, scale=0.3
    ).transpose(1, 2)
    with in_blocks(blocks_of(packed.segments)):
        found, _ = ALL_ATTENTION_FUNCTIONS["sdpa"](None, query, key, value, packed.mask, scaling=0.3)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_gradients_of_attention_in_blocks_are_the_same_bits_each_time() -> None:
    """What several threads add to one place would be summed in another order each time."""
    prefix = tuple(range(80))
    packed = pack([TokenExample((*prefix, *range(100, 140)), (n, 0)) for n in range(8)], len(prefix))
    torch.manual_seed(0)
    shape, threads = (1, 3, packed.ids.shape[1], 64), torch.get_num_threads()
    query, key, value = (torch.randn(shape, requires_grad=True) for _ in range(3))
    torch.set_num_threads(2)
    try:
        with in_blocks(blocks_of(packed.segments)):
            attend = ALL_ATTENTION_FUNCTIONS["sdpa"]
            found = [
                torch.autograd.grad(
                    attend(None, query, key, value, packed.mask)[0].square().sum(), (key, value)
                )
                for _ in range(6)
            ]
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(one, other) for some in found for one, other in zip(some, found[0], strict=True))


def test_other_attention_goes_torchs_way_and_so_does_all_behind_the_pack() -> None:
    own = ALL_ATTENTION_FUNCTIONS["sdpa"]
    packed = pack(ITEMS, len(PREFIX))
    module = torch.nn.Module()
    short = torch.randn(1, 2, 5, 8)
    with in_blocks(packed.blocks):
        found, _ = ALL_ATTENTION_FUNCTIONS["sdpa"](module, short, short, short, None)
    torch.testing.assert_close(found, own(module, short, short, short, None)[0])
    assert ALL_ATTENTION_FUNCTIONS["sdpa"] is own


@pytest.mark.parametrize("shared", [0, len(PREFIX)])
def test_fused_layers_give_pefts_gradients(model: LocalModel, shared: int) -> None:
    with model.adapting(peft_config(LoRA("t", rank=4))) as adapted:
        remember(adapted, True)
        plain = gradients(moved(adapted), shared)
        with fused(adapted):
            quick = gradients(adapted, shared)
        for one, other in zip(quick, plain, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_fused_layers_are_the_base_where_the_adapter_is_off(model: LocalModel) -> None:
    packed = pack(ITEMS, len(PREFIX))
    with model.adapting(peft_config(LoRA("t", rank=4))) as adapted, torch.no_grad():
        remember(adapted, True)
        base = answer_logits(adapted, packed)  # fresh: it changes nothing
        moved(adapted)
        with fused(adapted):
            assert not torch.allclose(answer_logits(adapted, packed), base)
            with adapted.disable_adapter():
                torch.testing.assert_close(answer_logits(adapted, packed), base, rtol=0, atol=1e-5)
        assert not any("forward" in vars(layer) for layer in adapted.modules())


def test_steps_in_bfloat16_go_the_same_way_and_leave_the_weights_alone(model: LocalModel) -> None:
    with model.adapting(peft_config(LoRA("t", rank=4))) as adapted, fused(moved(adapted)):
        remember(adapted, True)
        before = {name: value.clone() for name, value in adapted.state_dict().items()}
        mixed = Mixed(adapted)
        assert mixed_alike(adapted, mixed) is None
        trained = [parameter for parameter in adapted.parameters() if parameter.requires_grad]
        full = gradients(adapted, len(PREFIX))
        with mixed.forward():
            loss = summed_loss(adapted, pack(ITEMS, len(PREFIX)))
        low = torch.autograd.grad(loss, trained)
        assert {one.dtype for one in low} == {torch.float32}
        one, other = (torch.cat([part.flatten() for part in parts]) for parts in (low, full))
        assert not torch.equal(one, other)
        assert float(torch.nn.functional.cosine_similarity(one, other, dim=0)) > 0.99
        after = adapted.state_dict()
        assert all(torch.equal(value, after[name]) for name, value in before.items())


@pytest.mark.parametrize("multiplies", [True, False])
def test_the_processor_decides_and_the_key_says_how(
    model: LocalModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, multiplies: bool
) -> None:
    trainer, training = LoraTrainer(model), Training("lora", RECIPE, EXAMPLES[:8], EXAMPLES[8:], 0)
    plain = trainer.key(training) if not mixed_module.multiplies_bfloat16() else None
    monkeypatch.setattr(mixed_module, "multiplies_bfloat16", lambda: multiplies)
    record = load_or_train(trainer, training, tmp_path, Silent()).record
    assert record.precision == ("bfloat16" if multiplies else "float32")
    assert plain is None or (record.key == plain) is not multiplies
