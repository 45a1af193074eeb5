"""The parts that pictures are made of: axes, layers, scales and the common style, as Vega-Lite specifications.

A picture is layers over shared axes:

    axes = Axes(x=number("seconds"))
    layers = [axes.layer(point(size=80), "mean_s", "label"), axes.layer(text(dx=5), "mean_s", "label", text="written")]
    plot("Mean latency", "A dot is a system.", descriptions, layers, height=ROW * len(rows), rows=rows)
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from harness.analysis.results.figures import Estimate
from harness.report.pictures.looks import Look
from harness.report.pictures.plot import Plot, Spec

WIDTH = 440
"""Of a whole picture with its labels, CSS pixels: all shrink alike, and stay readable on a narrow phone."""
ROW = 30
"""Height of one row of a picture with a row for each system."""
INK, SOFT, LINE, PAPER, PLAIN = "var(--ink)", "var(--soft)", "var(--line)", "var(--paper)", "var(--s0)"
BLUE, RED, PINK = "var(--s1)", "var(--s2)", "var(--s5)"
CHARACTER, MARGIN = 7.5, 25
"""Mean width of a legend's letters as laid out, and the space around a symbol and its label, pixels."""
MOST_TICKS = 6
"""On a log axis with ticks between the powers of ten."""
CLEAR = 1.05
"""How far a mark on a log axis stays from the axis's ends, as a ratio."""
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
FONT = "sans-serif"
CONFIG: Spec = {
    "aria": False,
    "font": FONT,
    "background": None,
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK, "labelFontSize": 12, "labelLimit": 150, "labelOverlap": "greedy",
        "titleColor": SOFT, "titleFontSize": 12, "titleFontWeight": "normal",
        "gridColor": LINE, "domainColor": LINE, "tickColor": LINE,
    },
    "axisY": {"domain": False, "ticks": False, "labelPadding": 6},
    "legend": {
        "labelColor": INK, "labelFontSize": 12, "labelLimit": 150, "titleColor": SOFT, "title": None,
        "orient": "bottom", "symbolSize": 90, "columns": 4,
    },
    "text": {"color": INK, "fontSize": 12, "font": FONT},
}  # fmt: skip

Place = str | tuple[str, str] | Spec | None
"""Where a mark stands on an axis: at a field, from one field to another, or at a channel of its own."""


@dataclass(frozen=True, slots=True)
class Axes:
    """The axes that the layers of a picture share: channels without their field."""

    x: Spec
    y: Spec = field(default_factory=lambda: names())

    def layer(
        self,
        mark: Spec,
        x: Place = None,
        y: Place = None,
        *,
        rows: Iterable[Spec] | None = None,
        where: str | None = None,
        **channels: Any,
    ) -> Spec:
        """A mark for each row: of `rows` or else of the picture's own, those only that meet the expression `where`.

        Further channels are fields (text) or whole channels.
        """
        further = {
            name: {"field": value} if isinstance(value, str) else value for name, value in channels.items()
        }
        return {
            **({} if rows is None else {"data": {"values": list(rows)}}),
            **({} if where is None else {"transform": [{"filter": where}]}),
            "mark": mark,
            "encoding": {**_placed("x", self.x, x), **_placed("y", self.y, y), **further},
        }


def _placed(name: str, axis: Spec, place: Place) -> Spec:
    if place is None:
        return {}
    if isinstance(place, tuple):
        return {name: {"field": place[0], **axis}, f"{name}2": {"field": place[1]}}
    return {name: {"field": place, **axis} if isinstance(place, str) else place}


# Marks


def mark(kind: str, **style: Any) -> Spec:
    return {"type": kind, **style}


point = partial(mark, "point", filled=True, opacity=1)
bar = partial(mark, "bar", height=16)
rule, line, text = (partial(mark, kind) for kind in ("rule", "line", "text"))


# Axes


def number(title: str | None, scale: Spec | None = None, **axis: Any) -> Spec:
    """An axis of numbers; without a domain in its scale it fits the data."""
    return {"type": "quantitative", "scale": scale or {}, "axis": {"title": title, **axis}}


def share(title: str) -> Spec:
    """An axis of shares from nothing to all."""
    return number(title, {"domain": [0, 1]}, format=".0%", tickCount=5)


def log(
    title: str | None, ticks: Sequence[float], *, domain: Sequence[float] | None = None, **axis: Any
) -> Spec:
    """A logarithmic axis, by default from its first to its last tick."""
    scale = {"type": "log", "domain": list(domain or (ticks[0], ticks[-1]))}
    return {"type": "quantitative", "scale": scale, "axis": {"values": list(ticks), "title": title, **axis}}


def names(title: str | None = None, **more: Any) -> Spec:
    """An axis with a place for each name, in the order of the rows."""
    return {"type": "nominal", "sort": None, "title": title, **more}


def powers(values: Iterable[float]) -> list[float]:
    """Powers of ten from below the least to above the greatest positive value: the ticks of a log axis."""
    positive = [value for value in values if value > 0]
    low, high = math.floor(math.log10(min(positive))), math.ceil(math.log10(max(positive)))
    return [float(f"1e{exponent}") for exponent in range(low, max(high, low + 1) + 1)]


def log_ticks(values: Iterable[float]) -> list[float]:
    """Ticks of a log axis that hold the values closely but not at its very ends: 1, 2 and 5 times powers of ten, the
    powers alone where the values lie far apart."""
    positive = [value for value in values if value > 0]
    least, most = min(positive) / CLEAR, max(positive) * CLEAR
    ends = powers([least, most])
    fine = [float(f"{first}e{round(math.log10(power))}") for power in ends for first in (1, 2, 5)]
    low = max(tick for tick in fine if tick <= least)
    high = min(tick for tick in fine if tick >= most)
    ticks = [tick for tick in fine if low <= tick <= high]
    return ticks if len(ticks) <= MOST_TICKS else ends


def by(field: str, values: Mapping[str, Any], legend: Spec | None = None) -> Spec:
    """A channel that depends on a field: `values` says what each of its values becomes. None: no legend."""
    scale = {"domain": list(values), "range": list(values.values())}
    return {"field": field, "type": "nominal", "scale": scale, "legend": legend}


def by_look(field: str, looks: Mapping[str, Look]) -> Spec:
    """Colour and shape by a field of labels, with a legend. `looks`: label → how its system looks."""
    names = legend([*looks])
    return {
        "color": by(field, {label: look.colour for label, look in looks.items()}, names),
        "shape": by(field, {label: look.shape for label, look in looks.items()}, names),
    }


def legend(labels: Sequence[str], symbol_size: float = 90) -> Spec:
    """A legend below the picture, in as many columns, up to four, as the labels leave space for."""
    sizes = [len(label) + label.count("@") for label in labels]  # which is twice as wide as most characters
    for columns in (4, 3, 2, 1):
        longest = [max(sizes[column::columns], default=0) for column in range(columns)]
        if CHARACTER * sum(longest) + (MARGIN + math.sqrt(symbol_size)) * columns <= WIDTH:
            break
    return {"columns": columns, "symbolSize": symbol_size}


def interval(estimate: Estimate) -> Spec:
    """The mean and the ends of its interval, which are the mean where there is none."""
    mean, low, high = estimate.mean, estimate.ci_low, estimate.ci_high
    return {"mean": mean, "low": mean if low is None else low, "high": mean if high is None else high}


# Whole pictures


def plot(
    title: str,
    caption: str,
    descriptions: Iterable[str],
    layers: Sequence[Spec],
    *,
    height: float,
    rows: Iterable[Spec] = (),
) -> Plot:
    """A finished picture. `descriptions`: clauses that say in words what it shows."""
    return Plot(title, caption, "; ".join(descriptions) + ".", picture(layers, height=height, rows=rows))


def picture(layers: Sequence[Spec], *, height: float, rows: Iterable[Spec] = ()) -> Spec:
    """Layers over shared rows of data, in the common style."""
    fit = {"type": "fit-x", "contains": "padding"}
    return {**_whole(rows), "width": WIDTH, "height": height, "autosize": fit, "layer": list(layers)}


def panels(layers: Sequence[Spec], facet: Spec, *, height: float, left: float, rows: Iterable[Spec]) -> Spec:
    """The same layers in a panel for each value of `facet`, one below the other. `left`: width of the y axis."""
    panel = {"width": WIDTH - left - 8, "height": height, "layer": list(layers)}
    return {**_whole(rows), "facet": {"row": facet}, "spacing": 12, "spec": panel}


def _whole(rows: Iterable[Spec]) -> Spec:
    return {"$schema": SCHEMA, "padding": 4, "config": CONFIG, "data": {"values": list(rows)}}
