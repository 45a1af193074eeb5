"""Figures of the results as people read them. None is `n/a`, or says why; scalars are written by `quantities`."""

from __future__ import annotations

from harness.analysis.latency import too_few
from harness.analysis.results.figures import Estimate, Interval, Percentiles
from harness.quantities import NA, dollars, percent, seconds, three


def estimate(score: Estimate | None) -> str:
    """A mean with its 95 % interval: `45.2 % (36.1–54.7)`, the interval only where there is one."""
    if score is None or score.mean is None:
        return NA
    interval = ends(score.ci_low, score.ci_high)
    return f"{percent(score.mean)} ({interval})" if interval else percent(score.mean)


def with_n(score: Estimate | None) -> str:
    """The same with its questions: `45.2 % (36.1–54.7), n=120`."""
    return f"{estimate(score)}, n={score.n}" if score else NA


def ends(low: float | None, high: float | None) -> str:
    """An interval of shares without its unit: `36.1–54.7`; nothing where there is none."""
    return "" if low is None or high is None else f"{100 * low:.1f}–{100 * high:.1f}"


def spread(low: float | None, high: float | None) -> str:
    """An interval of shares: `40.1–55.0 %`."""
    return f"{ends(low, high)} %" if ends(low, high) else NA


def span(interval: Interval) -> str:
    """An interval of dollars: `$1.08–$1.12`."""
    low, high = interval
    return f"{dollars(low)}–{dollars(high)}"


def size(difference: float | None) -> str:
    """The size of a difference of shares, without a sign: `11.0 points`."""
    return NA if difference is None else f"{100 * difference:.1f} points"


def probability(p: float | None) -> str:
    """A p: `0.042`; what is smaller than a thousandth is not shown as nothing."""
    if p is None:
        return NA
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def factor(ratio: float | None) -> str:
    """How many times as long: `1.25×`."""
    return NA if ratio is None else f"{three(ratio)}×"


def figure(value: float | None) -> str:
    """A rate, or a figure of its own kind, as a perplexity is: `29.1`."""
    return NA if value is None else three(value)


def loss(value: float | None) -> str:
    return NA if value is None else f"{value:.3f}"


def percentile(times: Percentiles, name: str) -> str:
    """A percentile in seconds; where n does not support it, why: `n/a (n=20 < 64)`."""
    if not times.n:
        return "not timed"
    value = times.at(name)
    return too_few(times.n, name) if value is None else seconds(value)


def percentile_interval(times: Percentiles, name: str) -> str:
    """A percentile with its order-statistic 95 % interval: `1.20 s (1.10 s–1.31 s)`."""
    low, high = times.ci[name] or (None, None)
    if low is None or high is None:
        return percentile(times, name)
    return f"{percentile(times, name)} ({seconds(low)}–{seconds(high)})"
