"""The training loop: loss and logits only at answer positions, packed batches, early stop, a recorded curve.

A plain loop, not a Trainer: most of a Trainer's time on small models goes into a softmax over the vocabulary at
prompt positions whose loss is thrown away (`benchmarks/train_speed.py` measures both side by side).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.engines.attention import smallest_window
from harness.engines.tokens import shared_prefix
from harness.errors import TrainingFailed
from harness.finetune.loss import answer_logits, summed_loss
from harness.finetune.packing import Pack, TokenExample, epoch_batches, hold_back, pack, packs
from harness.finetune.trainer import Outcome
from harness.progress import Progress
from harness.records import FIT_EXAMPLES, LossPoint
from harness.spec.system import LoRA

PACK_TOKENS = 1024
"""Tokens of one forward pass: long enough to amortise the prefix, few enough for their activations, of which the
gradient needs most (1.6 MB a token on the default model in float32)."""

SHIFT_EXAMPLES = 16
DIVERGED = 3.0
"""Training stops where an epoch's loss exceeds this many times the first step's."""


@dataclass
class _Best:
    """The adapter weights with the lowest dev loss so far."""

    loss: float = math.inf
    epoch: int = 0
    weights: dict[str, Any] = field(default_factory=dict)

    def offer(self, loss: float, epoch: int, model: Any) -> None:
        if loss < self.loss:
            self.loss, self.epoch = loss, epoch
            self.weights = {name: p.detach().clone() for name, p in _trainable(model)}

    def restore(self, model: Any) -> None:
        for name, parameter in _trainable(model):
            parameter.data.copy_(self.weights[name])


def _trainable(model: Any) -> list[tuple[str, Any]]:
    return [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]


def _packed(model: Any, examples: Sequence[TokenExample], shared: int) -> Iterator[Pack]:
    """The examples in packs, none of which is longer than the model's windows of attention if several fit in."""
    limit = min(PACK_TOKENS, smallest_window(model.config) or PACK_TOKENS)
    return (pack(group, shared) for group in packs(examples, shared, limit))


def train(
    model: Any,
    examples: Sequence[TokenExample],
    dev: Sequence[TokenExample],
    recipe: LoRA,
    seed: int,
    progress: Progress,
    label: str,
) -> Outcome:
    """Train the adapter of `model` in place and leave it at its best epoch.

    Without `dev`, a tenth of the examples is held back for early stopping where that makes sense
    (see `hold_back`). The model is in evaluation mode throughout: dropout that a base has of its own (GPT-2) would
    make packed and single examples differ. Raises TrainingFailed on NaN, infinity or divergence.
    """
    import torch

    rng = random.Random(seed)
    torch.manual_seed(seed)
    fit, watched = (list(examples), list(dev)) if dev else hold_back(examples, rng)
    shared = shared_prefix([example.prompt for example in [*fit, *watched]])
    batches_per_epoch = math.ceil(len(fit) / recipe.batch_size)
    total = batches_per_epoch * recipe.max_epochs
    optimizer = torch.optim.AdamW(
        (p for _, p in _trainable(model)), lr=recipe.learning_rate, weight_decay=0.0
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _linear(total, recipe.warmup_share))
    outcome, best = Outcome(), _Best()
    model.eval()
    with progress.track(label, total) as advance:
        for epoch in range(1, recipe.max_epochs + 1):
            _run_epoch(model, epoch_batches(fit, recipe.batch_size, rng), shared, recipe, optimizer, schedule,
                       outcome, advance)  # fmt: skip
            outcome.epochs = float(epoch)
            if watched:
                outcome.dev_loss = mean_loss(model, watched, shared)
                outcome.loss_curve.append(
                    LossPoint(outcome.steps, epoch, dev_loss=round(outcome.dev_loss, 6))
                )
                best.offer(outcome.dev_loss, epoch, model)
                if epoch >= recipe.min_epochs and epoch - best.epoch >= recipe.patience:
                    outcome.stopped = f"dev loss did not improve for {recipe.patience} epochs"
                    break
            if outcome.train_loss < recipe.enough_loss:
                outcome.stopped = f"training loss fell below {recipe.enough_loss}"
                break
    if watched and best.weights:
        best.restore(model)
        outcome.dev_loss = best.loss
    outcome.train_fit = answers_reproduced(model, fit[:FIT_EXAMPLES], shared)
    outcome.logit_shift = logit_shift(model, fit[:SHIFT_EXAMPLES], shared)
    return outcome


def _linear(total: int, warmup_share: float) -> Callable[[int], float]:
    warmup = max(1, round(total * warmup_share))
    return lambda done: min((done + 1) / warmup, max(0.0, (total - done) / max(1, total - warmup)))


def _run_epoch(
    model: Any,
    batches: Sequence[Sequence[TokenExample]],
    shared: int,
    recipe: LoRA,
    optimizer: Any,
    schedule: Any,
    outcome: Outcome,
    advance: Callable[[int], None],
) -> None:
    import torch

    losses: list[tuple[float, int]] = []
    for batch in batches:
        answers = sum(len(example.target) for example in batch)
        total = 0.0
        for packed in _packed(model, batch, shared):
            loss = summed_loss(model, packed)
            (loss / answers).backward()
            total += float(loss.detach())
        _check(total / answers, outcome)
        torch.nn.utils.clip_grad_norm_([p for _, p in _trainable(model)], recipe.gradient_clip)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append((total, answers))
        outcome.steps += 1
        outcome.train_tokens += sum(len(example.prompt) + len(example.target) for example in batch)
        epoch = outcome.epochs + len(losses) / len(batches)
        outcome.loss_curve.append(
            LossPoint(outcome.steps, round(epoch, 4), train_loss=round(total / answers, 6))
        )
        advance(1)
    outcome.train_loss = sum(loss for loss, _ in losses) / sum(answers for _, answers in losses)


def _check(loss: float, outcome: Outcome) -> None:
    """Stop at the first sign that the weights are lost, instead of measuring what is left of them."""
    first = next((point.train_loss for point in outcome.loss_curve if point.train_loss is not None), loss)
    if not math.isfinite(loss):
        raise TrainingFailed(
            f"the training loss became {loss} at step {outcome.steps + 1}. Lower `finetune.learning_rate` in the "
            "task file, or train in float32."
        )
    if loss > DIVERGED * max(first, 1.0):
        raise TrainingFailed(
            f"training diverged: the loss rose from {first:.2f} to {loss:.2f} by step {outcome.steps + 1}. "
            "Lower `finetune.learning_rate` in the task file."
        )


def mean_loss(model: Any, examples: Sequence[TokenExample], shared: int) -> float:
    """Mean cross-entropy per answer token (nats)."""
    import torch

    with torch.inference_mode():
        total = sum(float(summed_loss(model, packed)) for packed in _packed(model, examples, shared))
    return total / sum(len(example.target) for example in examples)


def answers_reproduced(model: Any, examples: Sequence[TokenExample], shared: int) -> float:
    """Share of examples whose every answer token is the model's first choice, given the ones before it."""
    import torch

    right = 0
    with torch.inference_mode():
        for packed in _packed(model, examples, shared):
            hits = answer_logits(model, packed).argmax(dim=-1).cpu() == packed.targets
            right += sum(bool(hits[packed.owner == number].all()) for number in range(packed.examples))
    return right / len(examples)


def logit_shift(model: Any, examples: Sequence[TokenExample], shared: int) -> float:
    """How far the adapter moves a logit: mean absolute difference from the base, over answer positions.

    0 where the adapter changes nothing, as one does that is fresh, lost, or below the precision of the dtype.
    """
    import torch

    moved, logits = 0.0, 0
    with torch.inference_mode():
        for packed in _packed(model, examples, shared):
            adapted = answer_logits(model, packed)
            with model.disable_adapter():
                difference = (adapted - answer_logits(model, packed)).abs()
            moved += float(difference.sum(dtype=torch.float64))
            logits += difference.numel()
    return moved / logits
