"""What is measured of an adapter in training: losses, answers it reproduces, and how far it moves the logits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.engines.attention import smallest_window
from harness.finetune.loss import answer_logits
from harness.finetune.packing import Pack, TokenExample, pack, packs

PACK_TOKENS = 1024
"""Tokens of one forward pass: long enough to amortise the prefix, few enough for their activations, of which the
gradient needs most (1.6 MB a token on the default model in float32)."""


def packed(model: Any, examples: Sequence[TokenExample], shared: int) -> Iterator[Pack]:
    """The examples in packs, none of which is longer than the model's windows of attention if several fit in."""
    limit = min(PACK_TOKENS, smallest_window(model.config) or PACK_TOKENS)
    return (pack(group, shared) for group in packs(examples, shared, limit))


@dataclass(frozen=True, slots=True)
class Reading:
    """Answers read behind their prompts. `loss`: mean cross-entropy per answer token (nats). `reproduced`: of each
    example, whether every answer token is the model's first choice, given the ones before it."""

    loss: float
    reproduced: tuple[bool, ...]

    @property
    def fit(self) -> float:
        """Share of the answers reproduced."""
        return sum(self.reproduced) / len(self.reproduced)


def read_answers(model: Any, examples: Sequence[TokenExample], shared: int) -> Reading:
    """Read the answers of examples whose prompts share their first `shared` tokens."""
    import torch

    total, reproduced = 0.0, []
    with torch.inference_mode():
        for some in packed(model, examples, shared):
            logits = answer_logits(model, some)
            targets = some.targets.to(logits.device)
            total += float(torch.nn.functional.cross_entropy(logits, targets, reduction="sum"))
            hits = logits.argmax(dim=-1).cpu() == some.targets
            reproduced += [bool(hits[some.owner == number].all()) for number in range(some.examples)]
    return Reading(total / sum(len(example.target) for example in examples), tuple(reproduced))


def logit_shift(model: Any, examples: Sequence[TokenExample], shared: int) -> float:
    """How far the adapter moves a logit: mean absolute difference from the base, over answer positions.

    0 where the adapter changes nothing, as one does that is fresh, lost, or below the precision of the dtype.
    """
    import torch

    moved, logits = 0.0, 0
    with torch.inference_mode():
        for some in packed(model, examples, shared):
            adapted = answer_logits(model, some)
            with model.disable_adapter():
                difference = (adapted - answer_logits(model, some)).abs()
            moved += float(difference.sum(dtype=torch.float64))
            logits += difference.numel()
    return moved / logits
