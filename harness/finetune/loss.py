"""The loss of a pack: logits at answer positions and nowhere else, as if each example stood alone.

That packed examples give what single ones do is proven on a model before they are packed (`packs_alike`). Where it is
not so, and where a pack is longer than a window of attention, each example is read alone.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterator
from typing import Any

from harness.engines.attention import smallest_window
from harness.engines.decoding import takes
from harness.engines.proofs import allowed, apart
from harness.engines.prove import FAILURES
from harness.finetune.blocks import in_blocks
from harness.finetune.fused import fused
from harness.finetune.mixed import Mixed
from harness.finetune.packing import Pack, TokenExample, pack
from harness.loading import said

_proven: weakref.WeakKeyDictionary[Any, bool] = weakref.WeakKeyDictionary()
"""Base model → whether packed examples give what single ones do."""


def answer_logits(model: Any, packed: Pack) -> Any:
    """Logits [answers, vocabulary] at the positions that predict answer tokens, and nowhere else."""
    window = smallest_window(model.config)
    if (window and packed.ids.shape[1] > window) or not _may_pack(model):
        return _alone_each(model, packed)
    return _together(model, packed)


def summed_loss(model: Any, packed: Pack) -> Any:
    """Summed cross-entropy of a pack's answer tokens (nats)."""
    import torch

    logits = answer_logits(model, packed)
    return torch.nn.functional.cross_entropy(logits, packed.targets.to(logits.device), reduction="sum")


def _together(model: Any, packed: Pack) -> Any:
    """`answer_logits` by one forward pass over the whole pack, whose mask keeps its examples apart."""
    import torch

    device = model.device
    mask = packed.mask.to(device)
    fused_attention = getattr(model.config, "_attn_implementation", None) == "sdpa"
    if model.dtype != torch.float32 or not fused_attention:
        seen = torch.zeros(mask.shape, dtype=model.dtype, device=device)  # to be added to scores of attention
        mask = seen.masked_fill(~mask, torch.finfo(model.dtype).min)
    inputs = {
        "input_ids": packed.ids.to(device),
        "position_ids": packed.positions.to(device),
        "attention_mask": mask,
    }
    with in_blocks(packed.blocks) if fused_attention else contextlib.nullcontext():
        return _logits(model, inputs, packed.predict.to(device))


def _alone(model: Any, packed: Pack, number: int) -> Any:
    """`answer_logits` of one example of a pack, by the model's own forward pass over its text alone."""
    own = ((packed.segments == -1) | (packed.segments == number)).nonzero()[:, 0]
    answers = int((packed.owner == number).sum())
    last = len(own) - 1
    ids = packed.ids[:, own].to(model.device)
    return _logits(model, {"input_ids": ids}, _range(last - answers, last, ids.device))


def _range(first: int, end: int, device: Any) -> Any:
    import torch

    return torch.arange(first, end, device=device)


def _logits(model: Any, inputs: dict[str, Any], places: Any) -> Any:
    """Logits [places, vocabulary] in float32."""
    if takes(model, "logits_to_keep"):
        return model(**inputs, use_cache=False, logits_to_keep=places).logits[0].float()
    return model(**inputs, use_cache=False).logits[0, places].float()


# Whether a model may be given packs


def _base(model: Any) -> Any:
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def _may_pack(model: Any) -> bool:
    """Whether packing was proven on this model; a model on which nothing was proven is tried on the spot."""
    import torch

    base = _base(model)
    if base not in _proven:
        with torch.no_grad():
            _proven[base] = packs_alike(model) is None
    return _proven[base]


def remember(model: Any, proven: bool) -> None:
    """Keep what was proven of a model, so that it is not tried again."""
    _proven[_base(model)] = proven


def packs_alike(model: Any) -> str | None:
    """Why a step over packed examples is not the step over each alone, by peft's own layers; None where it is.

    Held against each other: the logits and, where an adapter is being trained, the gradients of the loss.
    """
    packed = pack(_examples(model.config), 4)
    if (smallest_window(model.config) or packed.ids.shape[1]) < packed.ids.shape[1]:
        return "its window of attention is shorter than two short examples"
    most = allowed(model.dtype)
    try:
        with fused(model):
            together = _together(model, packed)
        single = _alone_each(model, packed)
        return _apart(model, packed, together, single, "of a training step", most)
    except FAILURES as error:
        return f"it cannot run here ({said(error)})"


def mixed_alike(model: Any, mixed: Mixed) -> str | None:
    """Why a step with products in bfloat16 is not the step in float32, up to rounding; None where it is.

    Every matrix and activation is rounded on one side alone, which is more than two ways to compute in bfloat16 differ:
    by 0.057 standard deviations of a logit for the default model (AVX512-BF16), by 0.05 at most with tiles (AMX).
    """
    import torch

    packed, most = pack(_examples(model.config), 4), 2 * allowed(torch.bfloat16)
    try:
        full = answer_logits(model, packed)
        with mixed.forward():
            low = answer_logits(model, packed)
        return _apart(model, packed, low, full, "in bfloat16", most)
    except FAILURES as error:
        return f"it cannot run here ({said(error)})"


def _apart(model: Any, packed: Pack, one: Any, other: Any, where: str, most: float) -> str | None:
    """How logits that were computed in two ways, or their gradients, lie further apart than `most`; None: neither."""
    fault = apart(f"the logits {where}", one.detach(), other.detach(), most)
    if fault or not one.requires_grad:
        return fault
    pairs = zip(_gradients(model, packed, one), _gradients(model, packed, other), strict=True)
    faults = (apart(f"the gradients {where}", first, second, 10 * most) for first, second in pairs)
    return next((fault for fault in faults if fault), None)


def _examples(config: Any) -> list[TokenExample]:
    """Three short ones of several lengths, that share four tokens, spread over the vocabulary."""
    vocabulary = config.get_text_config().vocab_size
    tokens = [(7919 * place) % vocabulary for place in range(1, 24)]
    shared = tokens[:4]
    return [
        TokenExample((*shared, *tokens[4:7]), tuple(tokens[7:9])),
        TokenExample((*shared, *tokens[9:15]), tuple(tokens[15:16])),
        TokenExample((*shared, *tokens[16:18]), tuple(tokens[18:21])),
    ]


def _alone_each(model: Any, packed: Pack) -> Any:
    import torch

    return torch.cat([_alone(model, packed, number) for number in range(packed.examples)])


def _gradients(model: Any, packed: Pack, logits: Any) -> Iterator[Any]:
    """The gradients of what is trained; those that are zero, as of a fresh adapter's first factor, are left out."""
    import torch

    loss = torch.nn.functional.cross_entropy(logits, packed.targets.to(logits.device), reduction="sum")
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    found = torch.autograd.grad(loss, trained, allow_unused=True)
    return (one.flatten() for one in found if one is not None and bool(one.any()))
