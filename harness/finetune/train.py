"""The training loop: loss and logits only at answer positions, packed batches, early stop, a recorded curve.

A plain loop, not a Trainer: most of a Trainer's time on small models goes into a softmax over the vocabulary at
prompt positions whose loss is thrown away (`benchmarks/train_speed.py` measures both side by side).
"""

from __future__ import annotations

import contextlib
import math
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from harness.engines.tokens import shared_prefix
from harness.errors import TrainingFailed
from harness.finetune.checkpoint import Best, Checkpoint, trainable
from harness.finetune.loss import summed_loss
from harness.finetune.measure import logit_shift, packed, read_answers
from harness.finetune.mixed import Mixed
from harness.finetune.packing import TokenExample, mixed_batches
from harness.finetune.trainer import Outcome
from harness.progress import Progress
from harness.records import ALL_EPOCHS, FIT_EXAMPLES, LossPoint
from harness.spec.system import LoRA

SHIFT_EXAMPLES = 16
Score = Callable[[Sequence[bool]], float]
"""Scores the model as it is on the dev questions, given of each whether it reproduces the answer."""
DIVERGED = 3.0
"""Training stops where an epoch's loss exceeds this many times the first step's."""


def train(
    model: Any,
    examples: Sequence[TokenExample],
    dev: Sequence[TokenExample],
    recipe: LoRA,
    seed: int,
    progress: Progress,
    label: str,
    score: Score | None = None,
    checkpoint: Checkpoint | None = None,
    mixed: Mixed | None = None,
    replay: Sequence[TokenExample] = (),
) -> Outcome:
    """Train the adapter of `model` in place and leave it at its best epoch on `dev`, or at the last without any.

    `score`: scores the model on `dev`, given which of the answers it reproduces. `checkpoint`: where each epoch is
    kept, and what a training that was killed goes on from. `mixed`: computes the steps in bfloat16. `replay`: examples
    of another kind that are learnt as well, in batches of their own. The model is in evaluation mode throughout:
    dropout that a base has of its own (GPT-2) would make packed and single examples differ. Raises TrainingFailed on
    NaN, infinity or divergence.
    """
    import torch

    start, rng = time.perf_counter(), random.Random(seed)
    torch.manual_seed(seed)
    shared = shared_prefix([example.prompt for example in [*examples, *dev]])
    groups = [(examples, shared)]
    if replay:
        groups.append((replay, shared_prefix([example.prompt for example in replay])))
    total = sum(math.ceil(len(some) / recipe.batch_size) for some, _ in groups) * recipe.max_epochs
    optimizer = torch.optim.AdamW((p for _, p in trainable(model)), lr=recipe.learning_rate, weight_decay=0.0)
    kept = checkpoint.load(model, optimizer, rng) if checkpoint else None
    outcome, best = kept or (Outcome(watched=len(dev)), Best())
    before = outcome.seconds
    model.eval()
    with progress.track(label, total) as advance:
        advance(outcome.steps)
        while not _ends(recipe, outcome, best, score):
            batches = mixed_batches(groups, recipe.batch_size, rng)
            _run_epoch(model, batches, recipe, optimizer, outcome, advance, mixed)
            if dev:
                best.offer(_watch(model, dev, shared, score, outcome), int(outcome.epochs), model)
            outcome.seconds = before + time.perf_counter() - start
            if checkpoint:
                checkpoint.save(model, optimizer, outcome, best, rng)
    _keep_best(model, best, outcome)
    outcome.train_fit = read_answers(model, examples[:FIT_EXAMPLES], shared).fit
    outcome.logit_shift = logit_shift(model, examples[:SHIFT_EXAMPLES], shared)
    outcome.seconds = before + time.perf_counter() - start
    return outcome


def _watch(
    model: Any, dev: Sequence[TokenExample], shared: int, score: Score | None, outcome: Outcome
) -> LossPoint:
    """The dev loss and score after an epoch, which join the curve."""
    reading = read_answers(model, dev, shared)
    _check_number(reading.loss, outcome.steps)
    scored = None if score is None else round(score(reading.reproduced), 6)
    point = LossPoint(outcome.steps, outcome.epochs, dev_loss=round(reading.loss, 6), dev_score=scored)
    outcome.loss_curve.append(point)
    return point


def _ends(recipe: LoRA, outcome: Outcome, best: Best, score: Score | None) -> bool:
    """Whether training ends before a next epoch; why is kept."""
    outcome.stopped = _reason_to_stop(recipe, outcome, best, score) or ALL_EPOCHS
    return outcome.stopped != ALL_EPOCHS or outcome.epochs >= recipe.max_epochs


def _reason_to_stop(recipe: LoRA, outcome: Outcome, best: Best, score: Score | None) -> str | None:
    """Why training ends before its last epoch; None where it goes on."""
    waited = outcome.epochs - best.epoch if best.point else 0
    if outcome.epochs >= recipe.min_epochs and waited >= recipe.patience:
        return "the dev loss got no better" if score is None else "neither dev score nor dev loss got better"
    if outcome.train_loss < recipe.enough_loss:
        return f"training loss fell below {recipe.enough_loss}"
    return None


def _keep_best(model: Any, best: Best, outcome: Outcome) -> None:
    if best.point is None:
        return
    best.restore(model)
    outcome.dev_loss, outcome.dev_score = best.point.dev_loss, best.point.dev_score
    outcome.kept_epoch = best.epoch


def _linear(total: int, warmup_share: float) -> Callable[[int], float]:
    warmup = max(1, round(total * warmup_share))
    return lambda done: min((done + 1) / warmup, max(0.0, (total - done) / max(1, total - warmup)))


def _run_epoch(
    model: Any,
    batches: Sequence[tuple[Sequence[TokenExample], int]],
    recipe: LoRA,
    optimizer: Any,
    outcome: Outcome,
    advance: Callable[[int], None],
    mixed: Mixed | None,
) -> None:
    import torch

    rate = _linear(len(batches) * recipe.max_epochs, recipe.warmup_share)
    losses: list[tuple[float, int]] = []
    for batch, shared in batches:
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate * rate(outcome.steps)
        answers = sum(len(example.target) for example in batch)
        total = 0.0
        for part in packed(model, batch, shared):
            with mixed.forward() if mixed else contextlib.nullcontext():
                loss = summed_loss(model, part)
            (loss / answers).backward()
            total += float(loss.detach())
        _check(total / answers, outcome)
        torch.nn.utils.clip_grad_norm_([p for _, p in trainable(model)], recipe.gradient_clip)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append((total, answers))
        outcome.steps += 1
        outcome.train_tokens += sum(len(example.prompt) + len(example.target) for example in batch)
        epoch = outcome.epochs + len(losses) / len(batches)
        outcome.loss_curve.append(
            LossPoint(outcome.steps, round(epoch, 4), train_loss=round(total / answers, 6))
        )
        advance(1)
    outcome.epochs += 1
    outcome.train_loss = sum(loss for loss, _ in losses) / sum(answers for _, answers in losses)


def _check(loss: float, outcome: Outcome) -> None:
    """Stop at the first sign that the weights are lost, instead of measuring what is left of them."""
    first = next((point.train_loss for point in outcome.loss_curve if point.train_loss is not None), loss)
    _check_number(loss, outcome.steps + 1)
    if loss > DIVERGED * max(first, 1.0):
        raise TrainingFailed(
            f"training diverged: the loss rose from {first:.2f} to {loss:.2f} by step {outcome.steps + 1}. "
            "Lower `finetune.learning_rate` in the task file."
        )


def _check_number(loss: float, step: int) -> None:
    if not math.isfinite(loss):
        raise TrainingFailed(
            f"the training loss became {loss} at step {step}. Lower `finetune.learning_rate` in the "
            "task file, or train in float32."
        )
