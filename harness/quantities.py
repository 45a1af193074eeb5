"""Quantities as people read them. None is always `n/a`, and a price above 0 never shows as $0."""

from __future__ import annotations

import math
from collections.abc import Iterable

NA = "n/a"


def percent(share: float | None) -> str:
    """0.4523 → `45.2 %`. A share below 1 never shows as 100 %, one above 0 never as 0 %."""
    if share is None:
        return NA
    shown = round(100 * share, 1)
    if shown == 100 and share < 1:
        return "> 99.9 %"
    if shown == 0 and share > 0:
        return "< 0.1 %"
    return f"{shown:.1f} %"


def points(delta: float | None, low: float | None = None, high: float | None = None) -> str:
    """A difference of two shares in percentage points, with its interval where given: `+5.0 points (−1.2 to +11.2)`."""
    interval = signed_ends(low, high)
    return NA if delta is None else f"{signed(delta)} points{f' ({interval})' if interval else ''}"


def signed(delta: float | None) -> str:
    """The same without its unit, where the unit stands once for several: 0.031 → `+3.1`."""
    if delta is None:
        return NA
    shown = f"{100 * delta:+.1f}".replace("-", "−")
    return "0.0" if shown in ("+0.0", "−0.0") else shown


def signed_ends(low: float | None, high: float | None) -> str:
    """The interval of a difference of shares: `−1.2 to +11.2`; empty where it has none."""
    return "" if low is None or high is None else f"{signed(low)} to {signed(high)}"


def seconds(value: float | None) -> str:
    """Three digits and the unit that fits: `45.0 ms`, `1.23 s`, `148 s`, `12.5 min`, `2.10 h`."""
    if value is None:
        return NA
    for limit, factor, unit in ((1, 1e-3, "ms"), (600, 1, "s"), (7200, 60, "min")):
        if float(f"{abs(value):.3g}") < limit:  # so that 0.9996 s is 1.00 s, not 1,000 ms
            return f"{three(value / factor)} {unit}"
    return f"{three(value / 3600)} h"


def dollars(value: float | None) -> str:
    """`$1,234.50`, `$0.0135`, `$0.000012`: two or three digits that count. From 10¹² on, where cents are noise, `$1.20
    trillion`; below 10⁻⁹ `< $0.000000001`."""
    if value is None:
        return NA
    if value == 0:
        return "$0"
    size, sign = abs(value), "−" if value < 0 else ""
    if 0.995 <= size < 1e12:
        return f"{sign}${size:,.2f}"
    if size >= 1e12:
        return f"{sign}${three(size / 1e12)} trillion"
    if size < 1e-9:
        return f"{'>' if sign else '<'} {sign}$0.000000001"
    text = f"{size:.{_decimals(size)}f}"
    return f"{sign}${text.removesuffix('0')}"


def _decimals(size: float) -> int:
    """Decimals that show three digits after the leading zeros."""
    return 2 - math.floor(math.log10(float(f"{size:.2e}")))


def number(value: float | None) -> str:
    """A mean count: `41.3`; from 100 on in whole numbers, thousands apart."""
    return NA if value is None else (f"{value:.1f}" if abs(value) < 100 else f"{value:,.0f}")


def three(value: float) -> str:
    """Three significant digits without an exponent: 0.0123, 1.23, 12.3, 123, 1,230."""
    if value == 0:
        return "0"
    return f"{value:,.{max(0, min(_decimals(abs(value)), 6))}f}"


def whole(value: float | None) -> str:
    """A count: `1,200`."""
    return NA if value is None else f"{round(value):,}"


NUMBERS = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)


def spelled(count: int) -> str:
    """A count in words up to twelve, as running text has it; larger ones in digits."""
    return NUMBERS[count] if count < len(NUMBERS) else f"{count:,}"


def counted(count: int, one: str, several: str | None = None) -> str:
    """A count and what it counts: `1 question`, `1,200 questions`."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def listed(items: Iterable[str], most: int | None = None, *, apart: str = ", ") -> str:
    """`a and b`, `a, b and c`; where there are more than `most`: `a, b and 3 more`. Nothing for none.

    `apart` other than a comma stands before the last one too: `x is a; y is b; and 3 more`.
    """
    texts = list(items)
    shown = texts[:most]
    if more := len(texts) - len(shown):
        shown.append(f"{more:,} more")
    last = " and " if apart == ", " else f"{apart}and "
    return last.join([apart.join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def queries(value: float | None) -> str:
    """`1 query`, `1,200 queries`."""
    return NA if value is None else counted(round(value), "query", "queries")


def days(value: float | None) -> str:
    """`7 days`, `181.9 days`, `6 hours`; below an hour as `seconds` has it."""
    if value is None:
        return NA
    if 24 * value < 0.95:
        return seconds(86_400 * value)
    size, unit = (24 * value, "hour") if value < 1 else (value, "day")
    return _several(size, unit)


def share(value: float | None) -> str:
    """A distance between two shares without a sign: `5 points`."""
    return NA if value is None else _several(100 * value, "point")


def gigabytes(value: float | None) -> str:
    return NA if value is None else f"{three(value)} GB"


def months(value: float | None) -> str:
    return NA if value is None else _several(value, "month")


def plain(value: float | None) -> str:
    """`7`, `181.9`: one decimal, none where it is 0."""
    return NA if value is None else f"{value:,.1f}".removesuffix(".0")


def _several(value: float, one: str) -> str:
    """A size and its unit, in the singular where 1 is what is shown: `1 day`, `1.5 days`."""
    shown = plain(value)
    return f"{shown} {one if shown == '1' else one + 's'}"
