"""What a regression gate goes by: which rules may fail it, and by how much a figure may get worse.

Flags set the terms of the whole gate; a YAML file may set them for single tasks and strategies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from harness.analysis.regression.pairing import LATENCY_MARGIN, MARGIN, Margins
from harness.analysis.regression.rules import RULES, Tier, rules_of
from harness.errors import InputError, InputErrors, did_you_mean, shown
from harness.spec.mistakes import Loc, raise_mistakes
from harness.spec.settings import ANY_LIST, Strict
from harness.spec.yamlfile import load_model

Names = Annotated[tuple[str, ...], ANY_LIST]


def unknown_rule(name: str) -> str | None:
    """What is wrong with the name of a rule or a tier, as a clause; None if nothing is."""
    known = tuple(dict.fromkeys((*(tier.value for tier in Tier), *RULES)))
    if name in known:
        return None
    return (
        f"is {shown(name)}, which is no rule{did_you_mean(name, known)}; there are {', '.join(RULES)}, and "
        "exact for all before accuracy."
    )


class Terms(Strict):
    """Terms of a part of the gate; what is left out is as it is one level up."""

    margin: float | None = Field(
        None, ge=0, description="The loss of accuracy that does not matter, as a share: 0.02 is 2 points."
    )
    latency_margin: float | None = Field(
        None, ge=1, le=1000, description="How many times as long, relative to base, does not matter."
    )
    fail_on: Names | None = Field(
        None, description="Rules, or tiers of them, that may fail the gate; the others are only shown."
    )

    @field_validator("margin")
    @classmethod
    def _share(cls, margin: float | None) -> float | None:
        if margin is not None and margin >= 1:
            raise ValueError(
                f"is a share below 1, and not {margin:g}: write {margin:g} points as {margin / 100:g}."
            )
        return margin

    @field_validator("fail_on")
    @classmethod
    def _rules(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        mistakes: list[tuple[Loc, str]] = [
            ((index,), wrong) for index, name in enumerate(names or ()) if (wrong := unknown_rule(name))
        ]
        raise_mistakes(mistakes)
        return names


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

    def fail_on(self, task: str, strategy: str) -> frozenset[str]:
        """Names of the rules that may fail the gate for a system on a task."""
        levels = self._levels(task, strategy)
        return rules_of(next((terms.fail_on for terms in levels if terms.fail_on is not None), tuple(Tier)))

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
