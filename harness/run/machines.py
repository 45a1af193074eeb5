"""The machines that a run was made on, as its manifest keeps them: the driver's, and workers of a cluster."""

from __future__ import annotations

from dataclasses import dataclass

from harness.quantities import counted
from harness.ranges import Gigabytes, Positive, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFacts:
    """The machine of a run. `memory_gb`: of the machine; `threads`: that torch used.

    `cpu`: its name, and in brackets the instructions that torch computes with, since a name covers several kinds: what
    has other instructions computes other last bits, and may train in another precision.
    """

    platform: Text | None = None
    python: Text | None = None
    cpu: Text | None = None
    cores: Positive | None = None
    threads: Positive | None = None
    memory_gb: Gigabytes | None = None
    accelerator: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerGroup:
    """Workers of a cluster that are alike, those that replaced lost ones among them; `machines`: that they were on."""

    workers: Positive
    machines: Positive
    cpu: Text
    threads: Positive
    accelerator: Text | None = None

    @property
    def in_words(self) -> str:
        """`8 workers on 2 machines: AMD EPYC, a thread each`."""
        where = f"{counted(self.workers, 'worker')} on {counted(self.machines, 'machine')}"
        threads = "a thread" if self.threads == 1 else counted(self.threads, "thread")
        return f"{where}: {self.accelerator or self.cpu}, {threads} each"
