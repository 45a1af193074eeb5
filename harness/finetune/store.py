"""The store of trained adapters: one folder an adapter, named by everything that shaped it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.engines.engine import Engine, ModelIdentity
from harness.errors import TrainingFailed
from harness.files import locked, new_folder, sha256_file, sha256_json, write_json
from harness.finetune.packing import Example
from harness.finetune.recipe import Recipe, peft_config
from harness.finetune.train import timed, train
from harness.progress import Progress
from harness.records import AdapterRecord, LossPoint

SCHEMA_VERSION = 1
WEIGHTS = "adapter_model.safetensors"


@dataclass(frozen=True, slots=True)
class Job:
    """A fine-tune that a run needs: what is trained on, by which recipe, for which task and strategy."""

    task: str
    strategy: str
    examples: tuple[Example, ...]
    dev: tuple[Example, ...]
    recipe: Recipe
    seed: int

    def key(self, base: ModelIdentity) -> str:
        """Hash of base weights, dtype, device kind, recipe, seed and every token trained or watched."""
        return sha256_json(
            {
                "schema_version": SCHEMA_VERSION,
                "base": base.sha256,
                "dtype": base.dtype,
                "device": base.device_kind,
                "recipe": self.recipe.to_json(),
                "seed": self.seed,
                "examples": _tokens(self.examples),
                "dev": _tokens(self.dev),
            }
        )


def _tokens(examples: Sequence[Example]) -> list[list[Any]]:
    return [[list(example.prompt), list(example.target), example.fact_id] for example in examples]


@dataclass(frozen=True, slots=True)
class Adapter:
    """A trained adapter on disk."""

    folder: Path
    record: AdapterRecord
    reused: bool


def adapter_folder(cache: Path, key: str) -> Path:
    return cache / "adapters" / key[:24]


def find_adapter(cache: Path, key: str, progress: Progress) -> Adapter | None:
    """The adapter of this key if it is there and whole; a damaged one is named and treated as absent."""
    folder = adapter_folder(cache, key)
    if not folder.exists():
        return None
    try:
        data = json.loads((folder / "training.json").read_text(encoding="utf-8"))
        data["loss_curve"] = tuple(LossPoint(**point) for point in data["loss_curve"])
        record = AdapterRecord(**data)
        whole = record.key == key and sha256_file(folder / WEIGHTS) == record.sha256
    except (OSError, ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        progress.note(f"The cached adapter {folder.name} is damaged or foreign and is trained again.")
        return None
    return Adapter(folder, record, reused=True)


def load_or_train(engine: Engine, job: Job, cache: Path, progress: Progress) -> Adapter:
    """The adapter of `job`, from the store or newly trained. Two processes do not train it twice.

    Raises TrainingFailed where training diverges.
    """
    key = job.key(engine.identity)
    folder = adapter_folder(cache, key)
    with locked(folder):
        found = find_adapter(cache, key, progress)
        if found:
            return found
        with new_folder(folder) as target:
            record = _train_into(target, engine, job, key, progress)
    return Adapter(folder, record, reused=False)


def _train_into(target: Path, engine: Engine, job: Job, key: str, progress: Progress) -> AdapterRecord:
    import torch

    torch.manual_seed(job.seed)  # peft draws the adapter's first weights from here
    label = f"train {job.task}/{job.strategy}"
    with engine.adapting(peft_config(job.recipe)) as model:
        outcome, seconds = timed(
            lambda: train(model, job.examples, job.dev, job.recipe, job.seed, progress, label)
        )
        if math.isnan(outcome.train_loss):
            raise TrainingFailed(f"{label}: there was nothing to train on.")
        model.save_pretrained(target, safe_serialization=True, save_embedding_layers=False)
    record = AdapterRecord(
        key=key,
        sha256=sha256_file(target / WEIGHTS),
        task=job.task,
        strategy=job.strategy,
        base_sha256=engine.identity.sha256,
        recipe=job.recipe.to_json(),
        examples=len(job.examples),
        epochs=outcome.epochs,
        steps=outcome.steps,
        train_tokens=outcome.train_tokens,
        seconds=round(seconds, 3),
        device=engine.identity.device,
        train_loss=round(outcome.train_loss, 6),
        dev_loss=None if outcome.dev_loss is None else round(outcome.dev_loss, 6),
        train_fit=round(outcome.train_fit, 4),
        stopped=outcome.stopped,
        loss_curve=tuple(outcome.curve),
        logit_shift=round(outcome.logit_shift, 6),
    )
    write_json(target / "training.json", asdict(record))
    return record
