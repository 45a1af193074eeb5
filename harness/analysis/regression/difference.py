"""What is different between two runs, without a verdict: inputs first, then results, on what both measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.analysis.means import mean
from harness.analysis.money import cost
from harness.analysis.regression import losses, slowdown
from harness.analysis.regression.changes import Change, changes
from harness.analysis.regression.findings import Said
from harness.analysis.regression.pairing import Common, Rerun, Side, check_comparable, common, reruns
from harness.spec.gate import Gate


@dataclass(frozen=True, slots=True)
class Moved:
    """One task and strategy before and after. Pairs are (before, after); None where a run does not know."""

    task: str
    strategy: str
    accuracy: Said
    latency: Said
    prompt_tokens: tuple[float | None, float | None]
    completion_tokens: tuple[float | None, float | None]
    per_query_usd: tuple[float | None, float | None]
    other_prompts: int
    """Questions whose prompt is another."""
    other_answers: int
    answers: int


@dataclass(frozen=True)
class Difference:
    """Two runs side by side."""

    before: Side
    after: Side
    common: Common
    changes: tuple[Change, ...]
    moved: tuple[Moved, ...]


def difference(before: Path, after: Path) -> Difference:
    """Read and compare two runs.

    Raises InputError where they have no question of any task in common, HarnessError where one is incomplete.
    """
    old, new = Side.read(before), Side.read(after)
    found = common(old, new)
    check_comparable(found, partly=True)
    changed = tuple(changes(old.run.manifest, new.run.manifest))
    moved = tuple(map(_moved, reruns(old, new, found, Gate())))
    return Difference(old, new, found, changed, moved)


def _moved(rerun: Rerun) -> Moved:
    sides = (rerun.before, rerun.after)
    pairs = rerun.answers
    return Moved(
        rerun.task,
        rerun.strategy,
        losses.accuracy(rerun),
        slowdown.latency(rerun),
        _both([_mean_of(rerun, side, "prompt_tokens") for side in sides]),
        _both([_mean_of(rerun, side, "completion_tokens") for side in sides]),
        _both([_per_query_usd(rerun, side) for side in sides]),
        sum(old.prompt_sha256 != new.prompt_sha256 for old, new in pairs),
        sum(old.prediction != new.prediction for old, new in pairs),
        len(pairs),
    )


def _both(values: Sequence[float | None]) -> tuple[float | None, float | None]:
    before, after = values
    return before, after


def _mean_of(rerun: Rerun, side: Side, field: str) -> float | None:
    values: list[Any] = [getattr(one.row, field) for one in rerun.scored(side)]
    return mean(values)


def _per_query_usd(rerun: Rerun, side: Side) -> float | None:
    """One request at a time, at the run's own prices."""
    return cost.economics_of(side.run, rerun.pair, cost.inputs_of(side.run.manifest)).per_query_usd
