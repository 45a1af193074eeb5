"""Blocks of results.json as people read them: means with intervals, percentiles, rates. None is always `n/a`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.analysis.latency import too_few
from harness.quantities import NA, dollars, number, percent, points, seconds, signed, three

__all__ = [
    "NA",
    "dollars",
    "estimate",
    "loss",
    "number",
    "per_second",
    "percent",
    "percentile",
    "percentile_interval",
    "points",
    "seconds",
]


def difference(row: dict[str, Any]) -> str:
    """A paired difference with its 95 % interval: `+5.0 points (−1.2 to +11.3)`."""
    if row["ci_low"] is None:
        return points(row["delta"])
    return f"{points(row['delta'])} ({signed(row['ci_low'])} to {signed(row['ci_high'])})"


def size(difference: float | None) -> str:
    """The size of a difference of shares, without a sign: `11.0 points`."""
    return NA if difference is None else f"{100 * difference:.1f} points"


def spread(low: float | None, high: float | None) -> str:
    """An interval of shares: `40.1–55.0 %`."""
    return NA if low is None or high is None else f"{100 * low:.1f}–{100 * high:.1f} %"


def metric_of(task: Mapping[str, Any]) -> str:
    """The metric that is a task's accuracy; a task of lm-eval's may have none that can stand as one."""
    return str(task["primary_metric"] or "no accuracy")


def plain(value: float | None) -> str:
    """A figure of its own kind, as a perplexity is: `12.3`."""
    return NA if value is None else three(value)


def probability(p: float | None) -> str:
    """A p: `0.042`; what is smaller than a thousandth is not shown as nothing."""
    if p is None:
        return NA
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def factor(ratio: float) -> str:
    """How many times as long: `1.25×`."""
    return f"{three(ratio)}×"


def estimate(block: dict[str, Any] | None) -> str:
    """A mean with its 95 % interval: `45.2 % (36.1–54.7)`, the interval only where there is one."""
    if not block or block["mean"] is None:
        return NA
    if block["ci_low"] is None:
        return percent(block["mean"])
    return f"{percent(block['mean'])} ({100 * block['ci_low']:.1f}–{100 * block['ci_high']:.1f})"


def percentile(block: dict[str, Any] | None, name: str) -> str:
    """A percentile in seconds; where n does not support it, why: `n/a (n=20 < 64)`."""
    if not block or not block["n"]:
        return "not timed"
    return too_few(block["n"], name) if block[name] is None else seconds(block[name])


def percentile_interval(block: dict[str, Any] | None, name: str) -> str:
    """A percentile with its order-statistic 95 % interval: `1.20 s (1.10 s–1.31 s)`."""
    interval = block["ci"][name] if block else None
    if not block or not interval or None in interval:
        return percentile(block, name)
    return f"{percentile(block, name)} ({seconds(interval[0])}–{seconds(interval[1])})"


def per_second(value: float | None) -> str:
    """Tokens per second: `29.1`."""
    return NA if value is None else three(value)


def loss(value: float | None) -> str:
    return NA if value is None else f"{value:.3f}"
