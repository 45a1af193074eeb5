"""How long one question takes: percentiles, given only where the number of observations supports them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.analysis.results.figures import Interval, OpenInterval, Percentiles, Unmerged, Warm
from harness.analysis.statistics.intervals import mean_and_student
from harness.records import TimingRow

PERCENTILES: dict[str, tuple[float, int]] = {
    "p50": (0.50, 10),
    "p90": (0.90, 64),
    "p95": (0.95, 130),
    "p99": (0.99, 662),
}
"""Percentile → its quantile and the fewest observations that support it (MLPerf's early-stopping rule)."""

FEWEST_MEAN = 10
"""Timed questions that an interval of the mean needs, as many as a median."""


def percentiles(values: Sequence[float]) -> Percentiles:
    """Percentiles and their intervals; None where there are too few values to claim one."""
    n, ordered = len(values), sorted(values)
    points: dict[str, float | None] = dict.fromkeys(PERCENTILES)
    intervals: dict[str, OpenInterval | None] = dict.fromkeys(PERCENTILES)
    for name, (q, least) in PERCENTILES.items():
        if n >= least:
            points[name] = float(np.quantile(ordered, q))
            low, high = order_ranks(n, q)
            intervals[name] = (ordered[low - 1] if low else None, ordered[high - 1] if high <= n else None)
    return Percentiles(n=n, **points, ci=intervals)


def mean_interval(seconds: Sequence[float]) -> Interval | None:
    """Student's 95 % interval of a mean time; None below `FEWEST_MEAN`, where it claims too much.

    docs/method.md says how often it covers, and why it is not a bootstrap's.
    """
    if len(seconds) < FEWEST_MEAN:
        return None
    _, low, high = mean_and_student(seconds)
    return max(0.0, low), high


def too_few(n: int, name: str) -> str:
    """What to print instead of a percentile that n observations do not support: `n/a (n=20 < 64)`."""
    return f"n/a (n={n} < {PERCENTILES[name][1]})"


def order_ranks(n: int, q: float) -> tuple[int, int]:
    """Ranks (from 1) of the order statistics that enclose the q-quantile with a confidence of at least 95 %.

    The number of observations below the quantile is binomial(n, q) whatever their distribution, so the pair
    covers it with probability F(high − 1) − F(low − 1) (Conover 1999, 3.2). Rank 0 or n + 1: unbounded there.
    """
    from scipy.special import bdtr

    at_most = bdtr(np.arange(n + 1), n, q)
    tail = (1 - 0.95) / 2
    return int((at_most <= tail).sum()), int((at_most < 1 - tail).sum()) + 1


def tpot_s(row: TimingRow) -> float | None:
    """Seconds per token after the first; undefined (None, never 0) where there is no second token."""
    if row.completion_tokens < 2:
        return None
    return (row.e2e_s - row.ttft_s) / (row.completion_tokens - 1)


def tpots(rows: Sequence[TimingRow]) -> list[float]:
    return [value for row in rows if (value := tpot_s(row)) is not None]


def warm(rows: Sequence[TimingRow]) -> Warm | None:
    """Times of a server for prompts that it had just read; None where none was timed that way."""
    again = [row for row in rows if row.warm]
    if not again:
        return None
    return Warm(
        latency_s=percentiles([row.e2e_s for row in again]),
        ttft_s=percentiles([row.ttft_s for row in again]),
        cached_share=_cached(again),
        cold_cached_share=_cached([row for row in rows if row.deployed]),
    )


def _cached(rows: Sequence[TimingRow]) -> float | None:
    """The share of the prompts' tokens that the server says it had read before; None where it does not say."""
    told = [row for row in rows if row.cached_tokens is not None]
    tokens = sum(row.prompt_tokens for row in told)
    return min(1.0, sum(row.cached_tokens or 0 for row in told) / tokens) if tokens else None


def unmerged(rows: Sequence[TimingRow]) -> Unmerged | None:
    """Times of an adapter that was not merged into the weights; None where none was timed that way."""
    rows = [row for row in rows if not row.merged]
    if not rows:
        return None
    return Unmerged(percentiles([row.e2e_s for row in rows]), percentiles([row.ttft_s for row in rows]))
