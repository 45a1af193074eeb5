"""What a regression gate goes by: what is expected of a run, and by how much a figure may get worse.

Flags set the terms of the whole gate; a YAML file may set them for single tasks and strategies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field, field_validator

from harness.analysis.regression.pairing import LATENCY_MARGIN, MARGIN, Margins
from harness.analysis.regression.rules import Expect
from harness.errors import InputError, InputErrors, did_you_mean
from harness.spec.settings import Strict
from harness.spec.yamlfile import load_model


class Terms(Strict):
    """Terms of a part of the gate; what is left out is as it is one level up."""

    margin: float | None = Field(
        None, ge=0, description="The loss of accuracy that does not matter, as a share: 0.02 is 2 points."
    )
    latency_margin: float | None = Field(
        None, ge=1, le=1000, description="How many times as long, relative to base, does not matter."
    )
    expect: Expect | None = Field(
        None,
        strict=False,
        description="same: nothing should have moved; change: accuracy and latency decide.",
    )

    @field_validator("margin")
    @classmethod
    def _share(cls, margin: float | None) -> float | None:
        if margin is not None and margin >= 1:
            raise ValueError(
                f"is a share below 1, and not {margin:g}: write {margin:g} points as {margin / 100:g}."
            )
        return margin


class TaskTerms(Terms):
    """Terms of one task."""

    strategies: dict[str, Terms] = Field({}, description="Terms of single strategies on this task.")


class GateFile(Terms):
    """A rules file: terms of the whole gate, and of single tasks and strategies."""

    tasks: dict[str, TaskTerms] = Field({}, description="Terms of single tasks.")


@dataclass(frozen=True, slots=True)
class Gate:
    """The terms of a gate: `flags` replace what the file says for the whole gate, not for single tasks."""

    flags: Terms = field(default_factory=Terms)
    file: GateFile = field(default_factory=GateFile)

    def margins(self, task: str, strategy: str) -> Margins:
        """How much worse a system may get on a task."""
        levels = self._levels(task, strategy)
        accuracy = next((terms.margin for terms in levels if terms.margin is not None), MARGIN)
        latency = next(
            (terms.latency_margin for terms in levels if terms.latency_margin is not None), LATENCY_MARGIN
        )
        return Margins(accuracy, latency)

    @property
    def expected(self) -> Expect:
        """What is expected where a task or a strategy has no terms of its own."""
        return self.flags.expect or self.file.expect or Expect.CHANGE

    def expect(self, task: str, strategy: str) -> Expect:
        """What is expected of a system on a task."""
        levels = self._levels(task, strategy)
        return next((terms.expect for terms in levels if terms.expect is not None), Expect.CHANGE)

    def _levels(self, task: str, strategy: str) -> tuple[Terms, ...]:
        """All terms that hold for a system on a task, the nearest first."""
        of_task = self.file.tasks.get(task, TaskTerms())
        return (of_task.strategies.get(strategy, Terms()), of_task, self.flags, self.file)

    def check_names(self, known: Mapping[str, Sequence[str]]) -> None:
        """Raises InputErrors where the file names tasks or strategies that are not in `known`, task → strategies."""
        errors = []
        for task, terms in self.file.tasks.items():
            if task not in known:
                errors.append(f"a task {task!r}, which the runs have not{did_you_mean(task, known)}")
                continue
            errors += [
                f"a strategy {name!r} for task {task!r}, which the runs have not{did_you_mean(name, known[task])}"
                for name in terms.strategies
                if name not in known[task]
            ]
        if errors:
            raise InputErrors([InputError(f"the rules name {error}.") for error in errors])


def load_gate_file(path: Path) -> GateFile:
    """Read a rules file; raises InputErrors with every mistake of it, each with line and column."""
    return load_model(path, GateFile)
