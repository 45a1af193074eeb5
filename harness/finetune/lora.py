"""LoRA adapters of a local model, by peft."""

from __future__ import annotations

import contextlib
import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.engines.local import LocalModel
from harness.engines.tokens import encode
from harness.errors import HarnessError, TrainingFailed
from harness.finetune.checkpoint import Checkpoint
from harness.finetune.devscore import DevScorer
from harness.finetune.encoding import encode_example
from harness.finetune.fused import fused
from harness.finetune.loss import mixed_alike, packs_alike, remember
from harness.finetune.mixed import LOW, Mixed, precision_of
from harness.finetune.packing import hold_back
from harness.finetune.replay import replay_requests, replayed
from harness.finetune.train import train
from harness.finetune.trainer import Example, Outcome, Training, adapter_key
from harness.progress import Progress
from harness.spec.system import LoRA

WEIGHTS = "adapter_model.safetensors"


class LoraTrainer:
    """Implements `Trainer` with peft over a local model: low-rank adapters on all linear layers."""

    weights = WEIGHTS

    def __init__(self, model: LocalModel) -> None:
        self.identity = model.identity
        self._model = model

    def key(self, training: Training) -> str:
        """Names an adapter: base weights, dtype, device kind, recipe, seed and every token trained or watched."""

        def plain(example: Example) -> list[Any]:
            tokens = encode_example(self._model.chat, example)
            return [tokens.prompt, tokens.target, tokens.fact_id]

        wanted = replay_requests(training.recipe.replay, len(training.examples), training.seed)
        prompts = [encode(self._model.chat, request).prompt for request in wanted]
        return adapter_key(self.identity, training, plain, precision_of(self.identity), prompts)

    def train(
        self,
        training: Training,
        folder: Path,
        progress: Progress,
        unfinished: Path | None = None,
    ) -> Outcome:
        import torch

        recipe, seed, label = training.recipe, training.seed, training.label
        torch.manual_seed(seed)  # peft draws the adapter's first weights from here
        examples, dev = _split(training)
        fit, watched = (
            [encode_example(self._model.chat, example) for example in some] for some in (examples, dev)
        )
        replay = replayed(self._model, replay_requests(recipe.replay, len(fit), seed))
        score = DevScorer(self._model, training.metric, dev, watched) if training.metric and dev else None
        with self._model.adapting(peft_config(recipe, self._model.weights.config.model_type)) as model:
            proof = self._model.proven("training", lambda: packs_alike(model))
            own = proof.used == "own"
            remember(model, own)
            checkpoint = Checkpoint(unfinished, self.key(training)) if unfinished else None
            with fused(model) if own else contextlib.nullcontext():
                mixed = self._mixed(model, progress)
                outcome = train(
                    model, fit, watched, recipe, seed, progress, label, score, checkpoint, mixed, replay
                )
            outcome.precision = LOW if mixed else self.identity.dtype
            outcome.held_back = 0 if training.dev else len(dev)
            if math.isnan(outcome.train_loss):
                raise TrainingFailed(f"{label}: there was nothing to train on.")
            save(model, folder)
        return outcome

    def _mixed(self, model: Any, progress: Progress) -> Mixed | None:
        """How steps are computed in bfloat16, where that is quick here and comes to the same; None: as the model is."""
        if precision_of(self.identity) == self.identity.dtype:
            return None
        mixed = Mixed(model)
        why = mixed_alike(model, mixed)
        if why:
            progress.note(f"{self.identity.name} is trained in {self.identity.dtype}: {why}.")
        return None if why else mixed


WATCHED = 64
"""The most dev questions that are answered after each epoch."""


def _split(training: Training) -> tuple[Sequence[Example], Sequence[Example]]:
    """What is trained on, and what the epoch is chosen on: a tenth of train where there are no dev questions."""
    rng = random.Random(training.seed)
    if not training.dev:
        return hold_back(training.examples, rng)
    return training.examples, rng.sample(training.dev, min(WATCHED, len(training.dev)))


def save(model: Any, folder: Path) -> None:
    """Write the adapter of a model. Raises HarnessError where the disk is full."""
    from safetensors import SafetensorError

    try:
        model.save_pretrained(folder, safe_serialization=True, save_embedding_layers=False)
    except SafetensorError as error:  # the library hides "disk full" in an error of its own
        raise HarnessError(
            f"could not write the adapter to {folder.parent}: {error}. Nothing half-written was kept. Free some space, "
            "or let HARNESS_CACHE name a folder on another disk, and go on with --resume."
        ) from error
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)  # the library makes them readable by their owner alone


STATE_SPACES = ("mamba", "mamba2", "falcon_mamba", "falcon_h1", "nemotron_h")
"""Kinds of models whose output projections are read past their forward pass, so that peft adapts them nowhere."""


def peft_config(recipe: LoRA, model_type: str = "") -> Any:
    """The peft configuration of a recipe. Dropout is 0: with it, packed and single examples would differ."""
    import peft

    return peft.LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        use_rslora=recipe.rank_stabilised,
        lora_dropout=0.0,
        bias="none",
        target_modules="all-linear",
        exclude_modules=["out_proj", "conv1d"] if model_type in STATE_SPACES else None,
        task_type="CAUSAL_LM",
    )
