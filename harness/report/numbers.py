"""Numbers as people read them. Pure; None is always `n/a`, and money that is not nothing never shows as 0."""

from __future__ import annotations

import math
from typing import Any

from harness.analysis.latency import too_few

NA = "n/a"


def percent(share: float | None) -> str:
    """0.4523 → `45.2 %`. What is not all, or not nothing, is not shown as all or nothing."""
    if share is None:
        return NA
    shown = round(100 * share, 1)
    if shown == 100 and share < 1:
        return "> 99.9 %"
    if shown == 0 and share > 0:
        return "< 0.1 %"
    return f"{shown:.1f} %"


def points(delta: float | None) -> str:
    """A difference of two shares in percentage points: 0.05 → `+5.0 points`."""
    return NA if delta is None else f"{100 * delta:+.1f} points".replace("-", "−")


def estimate(block: dict[str, Any] | None) -> str:
    """A mean with its 95 % interval: `45.2 % (36.1–54.7)`, the interval only where there is one."""
    if not block or block["mean"] is None:
        return NA
    if block["ci_low"] is None:
        return percent(block["mean"])
    return f"{percent(block['mean'])} ({100 * block['ci_low']:.1f}–{100 * block['ci_high']:.1f})"


def seconds(value: float | None) -> str:
    """Three digits and the unit that fits: `45.0 ms`, `1.23 s`, `148 s`, `12.5 min`, `2.10 h`."""
    if value is None:
        return NA
    for limit, factor, unit in ((1, 1e-3, "ms"), (600, 1, "s"), (7200, 60, "min")):
        if float(f"{abs(value):.3g}") < limit:  # so that 0.9996 s is 1.00 s, not 1,000 ms
            return f"{_three(value / factor)} {unit}"
    return f"{_three(value / 3600)} h"


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


def dollars(value: float | None) -> str:
    """`$1,234.50`, `$0.0135`, `$0.000012`: two or three digits that count, and an exponent below 10⁻⁹."""
    if value is None:
        return NA
    if value == 0:
        return "$0"
    size, sign = abs(value), "−" if value < 0 else ""
    if size >= 0.995:
        return f"{sign}${size:,.2f}"
    if size < 1e-9:
        return f"{sign}${size:.1e}"
    text = f"{size:.{_decimals(size)}f}"
    return f"{sign}${text.removesuffix('0')}"


def _decimals(size: float) -> int:
    """Decimals that show three digits after the leading zeros."""
    return 2 - math.floor(math.log10(float(f"{size:.2e}")))


def per_second(value: float | None) -> str:
    """Tokens per second: `29.1`."""
    return NA if value is None else _three(value)


def number(value: float | None) -> str:
    """A mean count: `41.3`; from 100 on in whole numbers, thousands apart."""
    return NA if value is None else (f"{value:.1f}" if abs(value) < 100 else f"{value:,.0f}")


def loss(value: float | None) -> str:
    return NA if value is None else f"{value:.3f}"


def _three(value: float) -> str:
    """Three significant digits without an exponent: 0.0123, 1.23, 12.3, 123, 1,230."""
    if value == 0:
        return "0"
    decimals = 2 - math.floor(math.log10(abs(float(f"{value:.2e}"))))
    return f"{value:,.{max(0, min(decimals, 6))}f}"
