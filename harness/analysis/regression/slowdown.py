"""The latency tier: a system's time relative to base, on the same questions, before and after."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from harness.analysis.evidence import Pair
from harness.analysis.latency_ratio import log_ratios
from harness.analysis.regression.changes import settings
from harness.analysis.regression.findings import LatencyFigures, Outcome, Ruling, not_applicable, outcome_of
from harness.analysis.regression.pairing import Rerun
from harness.analysis.statistics.intervals import mean_and_student, quantile
from harness.quantities import three
from harness.records import TimingRow
from harness.run.manifest import Manifest
from harness.spec.system import bare_beside

FEWEST = 5
"""Questions timed in both runs that a verdict needs."""
FEWEST_RUNS = 5
"""Runs of a history that show how much the ratio moves by itself."""


def latency(rerun: Rerun) -> Ruling:
    """Fail where the whole interval of the slow-down lies beyond the margin, pass where it lies below it."""
    if rerun.system.bare:
        return not_applicable("the other systems are timed against it")
    old, new = (ratios(side.manifest, side.run.timings, rerun.pair) for side in rerun.sides)
    if not old:
        return not_applicable("was not timed beside base in the baseline")
    moves = [new[name] - old[name] for name in new if name in old]
    if len(moves) < FEWEST:
        detail = (
            f"{len(moves)} questions were timed in both runs, and {FEWEST} are needed (--latency-queries)"
        )
        return Ruling(Outcome.INCONCLUSIVE, detail)
    noise = history_margin(_past_means(rerun))
    margin = max(rerun.margins.latency, noise or 1.0)
    centre, low, high = mean_and_student(moves)
    before, after = (math.exp(math.fsum(side.values()) / len(side)) for side in (old, new))
    figures = LatencyFigures(
        len(moves), before, after, math.exp(centre), math.exp(low), math.exp(high), noise
    )
    why = ", which is how much earlier runs moved by themselves" if margin == noise else ""
    detail = (
        f"{three(before)}× → {three(after)}× the time of base, {three(figures.slowdown)} times as long "
        f"({three(figures.ci_low)} to {three(figures.ci_high)}) on {len(moves)} questions; "
        f"margin {three(margin)}{why}"
    )
    return Ruling(outcome_of(low, high, math.log(margin)), detail, figures, margin)


def history_margin(means: Sequence[float]) -> float | None:
    """How far the ratio moves between two runs of a history in 95 of 100 cases; None where it is too short.

    `means`: each run's mean logarithm. With a standard deviation s over the runs, a difference of two has √2·s.
    """
    n = len(means)
    if n < FEWEST_RUNS:
        return None
    centre = math.fsum(means) / n
    spread = math.sqrt(math.fsum((value - centre) ** 2 for value in means) / (n - 1))
    return math.exp(quantile(n - 1) * math.sqrt(2) * spread)


def ratios(manifest: Manifest, timings: Mapping[Pair, Sequence[TimingRow]], pair: Pair) -> dict[str, float]:
    """Question id → log of the system's time over that of its model as it is, in one run."""
    task, name = pair
    systems = manifest.systems_of(task)
    return log_ratios(timings.get((task, bare_beside(systems, systems[name])), ()), timings.get(pair, ()))


def _past_means(rerun: Rerun) -> list[float]:
    """Mean logarithm of each earlier run in which the task had the baseline's settings: others take other times."""
    logs = [
        list(ratios(past.manifest, past.timings, rerun.pair).values())
        for past in rerun.history
        if rerun.strategy in past.manifest.systems_of(rerun.task)
        and not settings(past.manifest, rerun.before.manifest, rerun.pair)
    ]
    return [math.fsum(values) / len(values) for values in logs if values]
