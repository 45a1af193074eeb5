"""A training that is killed at any epoch goes on, and ends with the weights of one that was not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.engines.store import ModelFolder
from harness.errors import TrainingFailed
from harness.finetune.checkpoint import STATE, TENSORS, Checkpoint
from harness.finetune.lora import LoraTrainer
from harness.finetune.store import Adapter, load_or_train
from harness.finetune.trainer import Training
from tests.fakes import Silent
from tests.finetune.test_devscore import EXAMPLES, METRIC, RECIPE
from tests.tiny import tiny_engine

TRAINING = Training(
    "lora",
    replace(RECIPE, max_epochs=4, patience=4, learning_rate=3e-3),
    EXAMPLES[:8],
    EXAMPLES[8:],
    3,
    METRIC,
)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def trainer(tiny_model: ModelFolder) -> LoraTrainer:
    return LoraTrainer(tiny_engine(tiny_model).model)


def trained(trainer: LoraTrainer, cache: Path) -> Adapter:
    return load_or_train(trainer, TRAINING, cache, Silent())


def same(one: Adapter, other: Adapter) -> bool:
    """Whether two trainings came to the same, but for their seconds."""
    return replace(one.record, seconds=0.0) == replace(other.record, seconds=0.0)


def kill_after(saves: int, monkeypatch: pytest.MonkeyPatch) -> None:
    own, done = Checkpoint.save, []

    def save(self: Checkpoint, *given: Any) -> None:
        own(self, *given)
        done.append(1)
        if len(done) == saves:
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "save", save)


@pytest.mark.parametrize("epoch", [1, 4])
def test_it_goes_on_from_its_last_epoch(
    trainer: LoraTrainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epoch: int
) -> None:
    with monkeypatch.context() as patch:
        kill_after(epoch, patch)
        with pytest.raises(KeyboardInterrupt):
            trained(trainer, tmp_path / "killed")
    steps: list[int] = []
    monkeypatch.setattr(torch.optim.AdamW, "step", _counted(torch.optim.AdamW.step, steps))
    again = trained(trainer, tmp_path / "killed")
    assert len(steps) == 2 * (4 - epoch), "what was trained is not trained again"
    assert same(again, trained(trainer, tmp_path / "whole"))
    assert not any((tmp_path / "killed" / "trainings").iterdir())


def _counted(own: Any, steps: list[int]) -> Any:
    def step(self: Any, *given: Any, **more: Any) -> Any:
        steps.append(1)
        return own(self, *given, **more)

    return step


CHILD = """
import os, signal, sys
from pathlib import Path
import torch
from harness.engines.store import resolve
from harness.finetune.checkpoint import Checkpoint
from harness.finetune.lora import LoraTrainer
from tests.fakes import Silent
from tests.finetune.test_checkpoint import trained
from tests.tiny import tiny_engine
torch.set_num_threads(int(sys.argv[3]))
own, done = Checkpoint.save, []
def save(self, *given):
    own(self, *given)
    done.append(1)
    if len(done) == 2:
        signal.raise_signal(signal.SIGKILL)
Checkpoint.save = save
folder = Path(sys.argv[1])
model = tiny_engine(resolve(str(folder), kind="base", cache=folder, progress=Silent())).model
trained(LoraTrainer(model), Path(sys.argv[2]))
"""


def test_a_killed_process_leaves_what_the_next_one_goes_on_from(
    trainer: LoraTrainer, tiny_model: ModelFolder, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(tiny_model.path), str(tmp_path / "killed"), str(torch.get_num_threads())],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False, capture_output=True,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert same(trained(trainer, tmp_path / "killed"), trained(trainer, tmp_path / "whole"))


@pytest.mark.parametrize("name", [STATE, TENSORS])
def test_a_damaged_checkpoint_is_not_gone_on_from(
    trainer: LoraTrainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with monkeypatch.context() as patch:
        kill_after(2, patch)
        with pytest.raises(KeyboardInterrupt):
            trained(trainer, tmp_path / "killed")
    (path,) = (tmp_path / "killed" / "trainings").glob(f"*/{name}")
    path.write_bytes(path.read_bytes()[:-9])
    assert same(trained(trainer, tmp_path / "killed"), trained(trainer, tmp_path / "whole"))


def test_a_training_that_fails_leaves_nothing(trainer: LoraTrainer, tmp_path: Path) -> None:
    wild = replace(TRAINING, recipe=replace(TRAINING.recipe, learning_rate=1e6, batch_size=8))
    with pytest.raises(TrainingFailed):
        load_or_train(trainer, wild, tmp_path, Silent())
    assert not list((tmp_path / "trainings").glob("*"))
