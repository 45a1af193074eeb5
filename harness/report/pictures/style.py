"""How every picture looks. Colours are CSS variables of the page, so that one SVG serves light and dark.

A strategy keeps its colour and its shape in all pictures; no picture tells strategies apart by colour alone. The
colours (page/assets/page.css) follow the palette of Okabe and Ito (2008, "Color Universal Design"), darkened or
lightened until they stand out from paper and from the dark page.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from harness.report.pictures.plot import Spec
from harness.spec.strategy import STRATEGIES

WIDTH = 440
"""Of a whole picture with its labels, in CSS pixels: all are shrunk alike, and on a narrow phone still readable."""
ROW = 30
"""Height of one row of a picture with a row for each strategy."""
INK, SOFT, LINE, PAPER, PLAIN = "var(--ink)", "var(--soft)", "var(--line)", "var(--paper)", "var(--s0)"
FONT = "sans-serif"
MOST_TICKS = 6
"""On a log axis with ticks between the powers of ten."""
CLEAR = 1.05
"""How far a mark on a log axis stays from the axis's ends, as a ratio."""
_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right")
_DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 4], [10, 4], [1, 3])

CONFIG: Spec = {
    "aria": False,
    "font": FONT,
    "background": None,
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "titleColor": SOFT,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "gridColor": LINE,
        "domainColor": LINE,
        "tickColor": LINE,
        "labelLimit": 150,
        "labelOverlap": "greedy",
    },
    "axisY": {"domain": False, "ticks": False, "labelPadding": 6},
    "legend": {
        "labelColor": INK,
        "titleColor": SOFT,
        "labelFontSize": 12,
        "orient": "bottom",
        "title": None,
        "symbolSize": 90,
        "columns": 4,
        "labelLimit": 150,
    },
    "text": {"color": INK, "fontSize": 12, "font": FONT},
}


def slot(strategy: str) -> int:
    """Which colour and shape, from 0; an adapter of another task (`lora@task`) looks like its strategy."""
    names = list(STRATEGIES)
    name = strategy.split("@")[0]
    return names.index(name) if name in names else len(names) - 1


def colour(strategy: str) -> str:
    return f"var(--s{slot(strategy) + 1})"


def colours(strategies: Sequence[str], names: Sequence[str] | None = None) -> Spec:
    """A colour scale; `names` are what stands in the data where that is not the strategy's own name."""
    return {"domain": list(names or strategies), "range": [colour(name) for name in strategies]}


def shapes(strategies: Sequence[str], names: Sequence[str] | None = None) -> Spec:
    return {"domain": list(names or strategies), "range": [_SHAPES[slot(name)] for name in strategies]}


def dashes(strategies: Sequence[str]) -> Spec:
    return {"domain": list(strategies), "range": [_DASHES[slot(name)] for name in strategies]}


def shown(strategy: str) -> str:
    """The name on an axis; a control says that it is one."""
    known = STRATEGIES.get(strategy)
    return f"{strategy} (control)" if known and known.control else strategy


def powers(values: Iterable[float]) -> list[float]:
    """Powers of ten from below the least to above the greatest positive value: the ticks of a log axis."""
    found = [value for value in values if value > 0]
    low, high = math.floor(math.log10(min(found))), math.ceil(math.log10(max(found)))
    high = max(high, low + 1)
    return [float(f"1e{exponent}") for exponent in range(low, high + 1)]


def log_ticks(values: Iterable[float]) -> list[float]:
    """Ticks of a log axis that hold the values closely but not at its very ends: 1, 2 and 5 times powers of ten, the
    powers alone where the values lie far apart."""
    known = [value for value in values if value > 0]
    ends = powers([min(known) / CLEAR, max(known) * CLEAR])
    fine = [float(f"{first}e{round(math.log10(power))}") for power in ends for first in (1, 2, 5)]
    low = max(tick for tick in fine if tick <= min(known) / CLEAR)
    high = min(tick for tick in fine if tick >= max(known) * CLEAR)
    ticks = [tick for tick in fine if low <= tick <= high]
    return ticks if len(ticks) <= MOST_TICKS else ends


def share_axis(title: str) -> Spec:
    """An axis of shares from nothing to all."""
    return {"scale": {"domain": [0, 1]}, "axis": {"format": ".0%", "title": title, "tickCount": 5}}


def picture(layers: Sequence[Spec], *, height: float, rows: Sequence[Spec] = (), **more: object) -> Spec:
    """A whole specification: layers over shared rows of data, in the common look."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": WIDTH,
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": 4,
        "config": CONFIG,
        "data": {"values": list(rows)},
        "layer": list(layers),
        **more,
    }


def panels(layers: Sequence[Spec], facet: Spec, *, height: float, left: float, rows: Sequence[Spec]) -> Spec:
    """The same layers in a panel for each value of `facet`, one below the other. `left`: room for the y axis."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "padding": 4,
        "config": CONFIG,
        "data": {"values": list(rows)},
        "facet": {"row": facet},
        "spacing": 12,
        "spec": {"width": WIDTH - left - 8, "height": height, "layer": list(layers)},
    }
