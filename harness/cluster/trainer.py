"""A trainer whose trainings are done by workers; the store of adapters stays the driver's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.cluster.engine import ClusterEngine
from harness.cluster.pool import UnitLost
from harness.cluster.units import NameTraining, Train
from harness.engines.engine import EngineIdentity
from harness.errors import TrainingFailed
from harness.files import write_bytes
from harness.finetune.trainer import Outcome, Training
from harness.progress import Progress


@dataclass(frozen=True)
class ClusterTrainer:
    """Implements `Trainer`. `weights`: as the trainer of the workers has it."""

    engine: ClusterEngine
    weights: str

    @property
    def identity(self) -> EngineIdentity:
        return self.engine.identity

    def key(self, training: Training) -> str:
        return self.engine.ask(NameTraining(self.engine.number, training)).value

    def train(
        self,
        training: Training,
        folder: Path,
        progress: Progress,
        unfinished: Path | None = None,
    ) -> Outcome:
        """As `Trainer.train`. Each epoch is kept in the worker's own cache, under the name of `unfinished`."""
        name = unfinished.name if unfinished else ""
        try:
            with progress.track(training.label, 1) as advance:
                trained = self.engine.ask(Train(self.engine.number, training, name)).value
                advance(1)
        except UnitLost as lost:
            raise TrainingFailed(f"{training.label}: {lost}.") from lost
        for file, contents in trained.files.items():
            write_bytes(folder / file, contents)
        return trained.outcome
