"""What is different between two runs, without a verdict: inputs first, then results, on what both measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.analysis.money import cost
from harness.analysis.regression import losses, slowdown
from harness.analysis.regression.changes import Change, changes
from harness.analysis.regression.findings import AccuracyFigures, Flip, LatencyFigures
from harness.analysis.regression.pairing import Rerun, Side, check_comparable, reruns, shared
from harness.analysis.results.setting import ASSUMED_MONTHLY_QUERIES
from harness.analysis.statistics.intervals import mean

SCHEMA_VERSION = 2
BeforeAfter = tuple[float | None, float | None]
"""None where a run does not know."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One system on one task before and after.

    `other_prompts`, `other_answers`: how many of its `answers` have another prompt, another reply. Tokens are means.
    """

    task: str
    strategy: str
    accuracy: AccuracyFigures | None
    latency_ratio: LatencyFigures | None
    prompt_tokens: BeforeAfter
    completion_tokens: BeforeAfter
    per_query_usd: BeforeAfter
    answers: int
    other_prompts: int
    other_answers: int
    flips: tuple[Flip, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDiff:
    """Two runs side by side, each by its folder and its id. `left_out` and `new` are clauses."""

    schema_version: int = SCHEMA_VERSION
    before: str
    before_id: str
    after: str
    after_id: str
    same_run: bool
    left_out: tuple[str, ...]
    new: tuple[str, ...]
    changes: tuple[Change, ...]
    results: tuple[Moved, ...]


def diff(before: Path, after: Path) -> RunDiff:
    """Read and compare two runs.

    Raises InputError where they have no question of any task in common, HarnessError where one is incomplete.
    """
    old = Side.read(before)
    new = Side.read(after, old.manifest)
    common = shared(old, new)
    check_comparable(common, partly=True)
    return RunDiff(
        before=str(before),
        before_id=old.manifest.run_id,
        after=str(after),
        after_id=new.manifest.run_id,
        same_run=old.manifest.run_id == new.manifest.run_id,
        left_out=common.obstacles,
        new=common.added,
        changes=tuple(changes(old.manifest, new.manifest)),
        results=tuple(map(_moved, reruns(old, new, common))),
    )


def _moved(rerun: Rerun) -> Moved:
    accuracy, latency = losses.accuracy(rerun), slowdown.latency(rerun)
    old, new = ([answer.row for answer in rerun.scored(side)] for side in rerun.sides)
    return Moved(
        rerun.task,
        rerun.strategy,
        accuracy.figures if isinstance(accuracy.figures, AccuracyFigures) else None,
        latency.figures if isinstance(latency.figures, LatencyFigures) else None,
        (mean([row.prompt_tokens for row in old]), mean([row.prompt_tokens for row in new])),
        (mean([row.completion_tokens for row in old]), mean([row.completion_tokens for row in new])),
        (_per_query_usd(rerun, rerun.before), _per_query_usd(rerun, rerun.after)),
        len(rerun.answers),
        sum(old.prompt_sha256 != new.prompt_sha256 for old, new in rerun.answers),
        sum(old.prediction != new.prediction for old, new in rerun.answers),
        accuracy.flips,
    )


def _per_query_usd(rerun: Rerun, side: Side) -> float | None:
    """One request at a time, at the run's own prices and volume."""
    inputs = cost.inputs_of(side.run)
    volume = inputs.monthly_queries or ASSUMED_MONTHLY_QUERIES
    return cost.economics_of(side.run, rerun.pair, inputs).per_query_usd(volume)
