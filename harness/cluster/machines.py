"""Where workers can be started: a cluster, or this machine alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.cluster.pool import StartWorker
from harness.cluster.worker import WorkerSetup


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine, with what of it workers may take. `memory`: bytes."""

    node: str
    cpus: int
    gpus: int
    memory: int


@dataclass(frozen=True, slots=True)
class Share:
    """What a worker takes of a machine. `memory`: bytes."""

    cpus: int
    gpus: int
    memory: int


class Cluster(Protocol):
    """Machines that workers run on. `home`: the one that the run is driven from."""

    @property
    def home(self) -> str: ...

    def machines(self) -> list[Machine]:
        """The machines that are there."""

    def offer(self, folder: Path, pattern: str = "**/*") -> None:
        """Let workers on other machines read these files of the driver's."""

    def starter(self, setup: WorkerSetup, share: Share, called: str) -> StartWorker:
        """Starts workers of one kind, whose names begin with `called`."""

    def why_over(self) -> str | None:
        """Why nothing can be computed any more, a sentence; None: it can."""
