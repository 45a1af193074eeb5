"""How long one question takes: percentiles, printed only where the number of observations supports them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from harness.analysis.statistics.intervals import quantile as quantile_of_t
from harness.records import TimingRow

PERCENTILES: dict[str, tuple[float, int]] = {
    "p50": (0.50, 10),
    "p90": (0.90, 64),
    "p95": (0.95, 130),
    "p99": (0.99, 662),
}
"""Percentile → its quantile and the fewest observations that support it (MLPerf's early-stopping rule)."""

FEWEST_RATIOS = 10
"""Questions timed under both strategies that a median ratio needs, as many as a median time."""
FEWEST_MEAN = 10
"""Timed questions that an interval of the mean needs, as many as a median."""
RESAMPLES = 2_000
RESAMPLES_BUDGET = 2_000_000
"""Ratios drawn at most for one interval."""


def percentiles(values: Sequence[float]) -> dict[str, Any]:
    """{n, p50, p90, p95, p99, ci: {p50: [low, high], …}}; None where n is too small to claim it."""
    ordered = sorted(values)
    block: dict[str, Any] = {"n": len(ordered)}
    intervals: dict[str, list[float | None] | None] = {}
    for name, (q, least) in PERCENTILES.items():
        enough = len(ordered) >= least
        block[name] = quantile(ordered, q) if enough else None
        intervals[name] = _interval(ordered, q) if enough else None
    return {**block, "ci": intervals}


def mean_interval(seconds: Sequence[float]) -> tuple[float, float] | None:
    """Student's 95 % interval of a mean time; None below `FEWEST_MEAN`, where it claims too much.

    docs/method.md says how often it covers, and why it is not a bootstrap's.
    """
    n = len(seconds)
    if n < FEWEST_MEAN:
        return None
    centre = math.fsum(seconds) / n
    variance = math.fsum((one - centre) ** 2 for one in seconds) / (n - 1)
    half = quantile_of_t(n - 1) * math.sqrt(variance / n)
    return max(0.0, centre - half), centre + half


def too_few(n: int, name: str) -> str:
    """What to print instead of a percentile that n observations do not support: `n/a (n=20 < 64)`."""
    return f"n/a (n={n} < {PERCENTILES[name][1]})"


def quantile(ordered: Sequence[float], q: float) -> float:
    """Quantile of sorted values, linear between neighbours (Hyndman and Fan 1996, type 7)."""
    position = q * (len(ordered) - 1)
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def order_ranks(n: int, q: float, confidence: float = 0.95) -> tuple[int, int]:
    """Ranks (from 1) of the order statistics that enclose the q-quantile with at least this confidence.

    The number of observations below the quantile is binomial(n, q) whatever their distribution, so the pair
    covers it with probability F(high − 1) − F(low − 1) (Conover 1999, 3.2). Rank 0 or n + 1: unbounded there.
    """
    tail = (1 - confidence) / 2
    low, high, below = 0, 0, 0.0
    for count in range(n + 1):
        below += _binomial(count, n, q)  # = P(B <= count)
        if below <= tail:
            low = count + 1
        if below >= 1 - tail:
            high = count + 1
            break
    return low, high or n + 1


def _binomial(count: int, n: int, q: float) -> float:
    log = math.lgamma(n + 1) - math.lgamma(count + 1) - math.lgamma(n - count + 1)
    return math.exp(log + count * math.log(q) + (n - count) * math.log1p(-q))


def _interval(ordered: Sequence[float], q: float) -> list[float | None]:
    low, high = order_ranks(len(ordered), q)
    return [ordered[low - 1] if low else None, ordered[high - 1] if high <= len(ordered) else None]


def tpot_s(row: TimingRow) -> float | None:
    """Seconds per token after the first; undefined (None, never 0) where there is no second token."""
    if row.completion_tokens < 2:
        return None
    return (row.e2e_s - row.ttft_s) / (row.completion_tokens - 1)


def tpots(rows: Sequence[TimingRow]) -> list[float]:
    return [value for row in rows if (value := tpot_s(row)) is not None]


def blocks(rows: Sequence[TimingRow]) -> dict[str, Any]:
    """The latency blocks of one task and strategy; `unmerged` where an adapter was timed that way too."""
    deployed = [row for row in rows if row.merged]
    unmerged = [row for row in rows if not row.merged]
    block = {
        "latency_s": percentiles([row.e2e_s for row in deployed]),
        "ttft_s": percentiles([row.ttft_s for row in deployed]),
        "retrieve_s": percentiles([row.retrieve_s for row in deployed if row.retrieve_s is not None]),
        "tpot_s": percentiles(tpots(deployed)),
        "unmerged": None,
    }
    if unmerged:
        times = {"latency_s": [r.e2e_s for r in unmerged], "ttft_s": [r.ttft_s for r in unmerged]}
        block["unmerged"] = {name: percentiles(values) for name, values in times.items()}
    return block


def paired_ratio(a: Sequence[TimingRow], b: Sequence[TimingRow], seed: int = 0) -> dict[str, Any]:
    """How many times as long b takes as a, on the same question in the same block: {n, median, ci_low, ci_high}.

    Fine-tunes as deployed (merged). The interval is the 2.5 % and 97.5 % points of seeded bootstrap medians;
    all None below `FEWEST_RATIOS`.
    """
    first = {(row.question_id, row.block): row.e2e_s for row in a if row.merged and row.e2e_s > 0}
    keys = ((row, first.get((row.question_id, row.block))) for row in b if row.merged and row.e2e_s > 0)
    ratios = np.array([row.e2e_s / before for row, before in keys if before])
    n = len(ratios)
    if n < FEWEST_RATIOS:
        return {"n": n, "median": None, "ci_low": None, "ci_high": None}
    draws = np.random.Generator(np.random.PCG64(seed)).integers(
        0, n, (min(RESAMPLES, max(200, RESAMPLES_BUDGET // n)), n)
    )
    low, high = np.quantile(np.median(ratios[draws], axis=1), (0.025, 0.975))
    return {"n": n, "median": float(np.median(ratios)), "ci_low": float(low), "ci_high": float(high)}
