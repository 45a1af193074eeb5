"""The latency tier: a strategy's time relative to base, on the same questions, before and after (`relative.py`)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from harness.analysis.evidence import Pair
from harness.analysis.regression.changes import setting_changes
from harness.analysis.regression.findings import Outcome, Said, not_applicable
from harness.analysis.regression.pairing import Rerun
from harness.analysis.relative import BASE, interval, log_ratios
from harness.analysis.statistics.intervals import quantile
from harness.quantities import three
from harness.records import TimingRow

FEWEST = 5
"""Questions timed in both runs that a verdict needs."""
FEWEST_RUNS = 5
"""Runs of a history that show how much the ratio moves by itself."""


def latency(rerun: Rerun) -> Said:
    """Fail where the whole interval of the slow-down lies beyond the margin, pass where it lies below it."""
    if rerun.strategy == BASE:
        return not_applicable("is what the others are timed against")
    old, new = (ratios(side.run.timings, rerun) for side in (rerun.before, rerun.after))
    if not old:
        return not_applicable("was not timed beside base in the baseline")
    moves = [new[name] - old[name] for name in new if name in old]
    if len(moves) < FEWEST:
        detail = (
            f"{len(moves)} questions were timed in both runs, and {FEWEST} are needed (--latency-queries)"
        )
        return Said(Outcome.UNSURE, detail)
    noise = history_margin(_past_means(rerun))
    margin = max(rerun.limits.latency_margin, noise or 1.0)
    centre, low, high = interval(moves)
    before, after = (math.exp(math.fsum(side.values()) / len(side)) for side in (old, new))
    figures = {
        "n": len(moves), "before": before, "after": after, "slowdown": math.exp(centre),
        "ci_low": math.exp(low), "ci_high": math.exp(high), "history_margin": noise,
    }  # fmt: skip
    why = ", which is how much earlier runs moved by themselves" if margin == noise else ""
    detail = (
        f"{three(before)}× → {three(after)}× the time of base, {three(math.exp(centre))} times as long "
        f"({three(math.exp(low))} to {three(math.exp(high))}) on {len(moves)} questions; margin {three(margin)}{why}"
    )
    return Said(outcome(low, high, margin), detail, figures, margin)


def outcome(low: float, high: float, margin: float) -> Outcome:
    """Of an interval of the logarithm of the slow-down; `margin` is a factor."""
    if is_slower(low, margin):
        return Outcome.FAIL
    return Outcome.PASS if is_not_slower(high, margin) else Outcome.UNSURE


def is_slower(low: Any, margin: float) -> Any:
    """Whether the whole interval lies beyond the margin; of a number or an array."""
    return low > math.log(margin)


def is_not_slower(high: Any, margin: float) -> Any:
    """Whether the whole interval lies within the margin, or below it."""
    return high < math.log(margin)


def history_margin(means: Sequence[float]) -> float | None:
    """How far the ratio moves between two runs of a history in 95 of 100 cases; None where it is too short.

    `means`: each run's mean logarithm. With a standard deviation s over the runs, a difference of two has √2·s.
    """
    n = len(means)
    if n < FEWEST_RUNS:
        return None
    centre = math.fsum(means) / n
    spread = math.sqrt(math.fsum((one - centre) ** 2 for one in means) / (n - 1))
    return math.exp(quantile(n - 1) * math.sqrt(2) * spread)


def ratios(timings: Mapping[Pair, Sequence[TimingRow]], rerun: Rerun) -> dict[str, float]:
    """Question id → log of the strategy's time over base's, in one run."""
    return log_ratios(timings.get((rerun.task, BASE), ()), timings.get(rerun.pair, ()))


def _past_means(rerun: Rerun) -> list[float]:
    """Mean logarithm of each earlier run in which the task had the baseline's settings: others take other times."""
    baseline = rerun.before.run.manifest
    logs = [
        list(ratios(past.timings, rerun).values())
        for past in rerun.history
        if not setting_changes(past.manifest, baseline, rerun.task, rerun.unused)
    ]
    return [math.fsum(one) / len(one) for one in logs if one]
