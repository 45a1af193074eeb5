"""What a killed training goes on from: one folder, replaced whole after each epoch.

A training that goes on ends with the weights of one that was never stopped, on the same machine: the state of the
optimiser and of the shuffling are kept with the weights, to the last bit. No pickle: tensors lie in safetensors, the
rest in JSON, and both are named by the adapter's key and held against a hash when they are read.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from harness.files import new_folder, sha256_file, write_json
from harness.finetune.trainer import Outcome
from harness.ranges import Count, Name, Sha256
from harness.records import LossPoint
from harness.temporary import discard

TENSORS, STATE = "state.safetensors", "state.json"


def trainable(model: Any) -> list[tuple[str, Any]]:
    """The parameters of the adapter, by name."""
    return [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]


@dataclass
class Best:
    """The adapter weights with the highest dev score so far, of equal ones those with the lowest dev loss."""

    rank: tuple[float, float] = (math.inf, math.inf)
    epoch: int = 0
    point: LossPoint | None = None
    weights: dict[str, Any] = field(default_factory=dict)

    def offer(self, point: LossPoint, epoch: int, model: Any) -> None:
        assert point.dev_loss is not None
        rank = (-(point.dev_score or 0.0), point.dev_loss)
        if rank < self.rank:
            self.rank, self.epoch, self.point = rank, epoch, point
            self.weights = {name: p.detach().clone() for name, p in trainable(model)}

    def restore(self, model: Any) -> None:
        for name, parameter in trainable(model):
            parameter.data.copy_(self.weights[name])


@dataclass(frozen=True, slots=True)
class State:
    """The part of a checkpoint that is JSON. `shuffling`: the state of Python's generator."""

    key: Name
    tensors_sha256: Sha256
    outcome: Outcome
    best_epoch: Count
    best_point: LossPoint | None
    shuffling: tuple[int, tuple[int, ...], None]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The checkpoint of one training. `key`: of its adapter."""

    folder: Path
    key: str

    def save(self, model: Any, optimizer: Any, outcome: Outcome, best: Best, rng: random.Random) -> None:
        """Keep where training stands after an epoch, in the place of what was kept before."""
        from safetensors.torch import save_file

        tensors: dict[str, Any] = {f"best.{name}": weights for name, weights in best.weights.items()}
        for name, parameter in trainable(model):
            tensors[f"now.{name}"] = parameter.detach()
            tensors |= {f"{kind}.{name}": value for kind, value in optimizer.state[parameter].items()}
        whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        with new_folder(self.folder) as target:
            save_file(whole, target / TENSORS)
            sha256 = sha256_file(target / TENSORS)
            state = State(self.key, sha256, outcome, best.epoch, best.point, rng.getstate())
            write_json(target / STATE, asdict(state))

    def load(self, model: Any, optimizer: Any, rng: random.Random) -> tuple[Outcome, Best] | None:
        """Put model, optimiser and shuffling where the kept epoch left them; None where none is kept, or not whole."""
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            state = TypeAdapter(State).validate_json((self.folder / STATE).read_bytes())
            if state.key != self.key or state.tensors_sha256 != sha256_file(self.folder / TENSORS):
                return None
            tensors = load_file(self.folder / TENSORS)
        except (OSError, ValueError, SafetensorError):
            return None
        best = Best(epoch=state.best_epoch, point=state.best_point)
        if state.best_point is not None:
            best.rank = (-(state.best_point.dev_score or 0.0), state.best_point.dev_loss or 0.0)
            best.weights = _part(tensors, "best", model)
        _restore(tensors, model, optimizer)
        rng.setstate(state.shuffling)
        return state.outcome, best

    def remove(self) -> None:
        discard(self.folder)


def _part(tensors: Mapping[str, Any], kind: str, model: Any) -> dict[str, Any]:
    return {name: tensors[f"{kind}.{name}"].to(parameter.device) for name, parameter in trainable(model)}


def _restore(tensors: Mapping[str, Any], model: Any, optimizer: Any) -> None:
    kinds = dict.fromkeys(
        name.partition(".")[0] for name in tensors if not name.startswith(("now.", "best."))
    )
    kept = {kind: _part(tensors, kind, model) for kind in kinds}
    now = _part(tensors, "now", model)
    for name, parameter in trainable(model):
        parameter.data.copy_(now[name])
        optimizer.state[parameter] = {
            kind: values[name].cpu() if kind == "step" else values[name] for kind, values in kept.items()
        }
