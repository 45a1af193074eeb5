"""One task over all its runs: accuracy strategy by strategy, cost of a query, latency beside base."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from harness.analysis.history.causes import ACCURACY, COST, LATENCY
from harness.analysis.history.figures import Figures, Interval
from harness.analysis.history.history import TaskHistory
from harness.quantities import dollars, percent
from harness.report import history as words
from harness.report.numbers import factor
from harness.report.pictures import style
from harness.report.pictures.plot import Missing, Plot, Spec

TITLES = {
    ACCURACY: "Accuracy over runs",
    COST: "Cost per query over runs",
    LATENCY: "Latency beside base over runs",
}
PANEL = 78
"""Height of one strategy's panel."""
TICKS = 5
ROOM = 1.1
"""Above the highest figure, for a sign of change."""
BARS_UP_TO = 40
"""Runs up to which each has its interval as a bar; of more, the band alone."""
OF: dict[str, Callable[[Figures], Interval | None]] = {
    ACCURACY: lambda figures: figures.accuracy,
    COST: lambda figures: figures.cost,
    LATENCY: lambda figures: figures.ratio,
}
SIGNS = f" {words.UP} and {words.DOWN} mark a change since the last comparable run. Hollow: a run that is not compared."


def plots(task: TaskHistory) -> list[Plot | Missing]:
    return [accuracy(task), cost(task), ratio(task)]


def accuracy(task: TaskHistory) -> Plot | Missing:
    """A panel a strategy, one below the other: several bands in one panel would hide each other."""
    rows = _rows(task, ACCURACY)
    if not rows:
        return Missing(TITLES[ACCURACY], "no run has an accuracy")
    names = _names(rows)
    y: Spec = {
        "type": "quantitative",
        "scale": {"domain": [0, 1]},
        "axis": {"format": ".0%", "title": None, "values": [0, 0.5, 1], "minExtent": 42, "maxExtent": 42},
    }
    look: Spec = {"field": "strategy", "scale": style.colours(names), "legend": None}
    at = {"x": _x(task), "y": {"field": "value", **y}}
    ends = {"x": _x(task), "y": {"field": "low", **y}, "y2": {"field": "high"}}
    few = len(task.runs) <= BARS_UP_TO
    layers = [
        *_breaks(task),
        _counted({"type": "area", "opacity": 0.18}, {**ends, "color": look, "detail": {"field": "series"}}),
        *([{"mark": {"type": "rule", "opacity": 0.5}, "encoding": {**ends, "color": look}}] if few else []),
        _counted({"type": "line", "strokeWidth": 2}, {**at, "color": look, "detail": {"field": "series"}}),
        *_points(at, {"color": look}, few=few),
        _changed({**at, "y": {"field": "over", **y}}, dy=-3),
    ]
    facet = {
        "field": "shown",
        "type": "nominal",
        "sort": [style.shown(name) for name in names],
        "title": None,
        "header": {"labelOrient": "top", "labelAnchor": "start", "labelColor": style.INK, "labelFontSize": 12,
                   "labelFontWeight": "bold", "labelPadding": 2},
    }  # fmt: skip
    spec = style.panels(layers, facet, height=PANEL, left=46, rows=rows)
    caption = f"Lines are means, bands 95 % intervals.{SIGNS}"
    return Plot(TITLES[ACCURACY], caption, _told(task, ACCURACY, percent), spec)


def cost(task: TaskHistory) -> Plot | Missing:
    reason = "no run timed a question and has a price"
    caption = (
        "Dollars as measured, on a log axis. Seconds vary from run to run, so a change is marked here only where "
        f"tokens or prices moved the cost; one of speed is marked in the latency beside base.{SIGNS}"
    )
    return _together(task, COST, reason, caption, "format(datum.value, '$.2~r')", dollars)


def ratio(task: TaskHistory) -> Plot | Missing:
    reason = "no run timed base and another strategy on three questions or more"
    caption = (
        f"How many times as long as base on the same question, on a log axis; the line at 1 is base.{SIGNS}"
    )
    label = "format(datum.value, '.3~r') + '×'"
    return _together(task, LATENCY, reason, caption, label, factor, base=True)


def _together(
    task: TaskHistory,
    figure: str,
    reason: str,
    caption: str,
    label: str,
    tell: Callable[[float], str],
    *,
    base: bool = False,
) -> Plot | Missing:
    """All strategies in one picture, on a log axis whose labels are made by the expression `label`."""
    rows = [row for row in _rows(task, figure) if row["low"] > 0]
    if not rows:
        return Missing(TITLES[figure], reason)
    names = _names(rows)
    shown = [style.shown(name) for name in names]
    ticks = style.log_ticks(
        [value for row in rows for value in (row["low"], ROOM * row["high"])] + [1.0] * base
    )
    y: Spec = {
        "type": "quantitative",
        "scale": {"type": "log", "domain": [ticks[0], ticks[-1]], "nice": False},
        "axis": {"title": None, "labelExpr": label, "values": ticks},
    }
    colour: Spec = {"field": "shown", "scale": style.colours(names, shown), "legend": {}}
    shape: Spec = {"field": "shown", "scale": style.shapes(names, shown), "legend": {}}
    at = {"x": _x(task), "y": {"field": "value", **y}}
    ends = {"x": _x(task), "y": {"field": "low", **y}, "y2": {"field": "high"}}
    detail = {"color": colour, "detail": [{"field": "series"}, {"field": "shown"}]}
    few = len(task.runs) <= BARS_UP_TO
    one = {"data": {"values": [{"one": 1}]}, "mark": {"type": "rule", "color": style.SOFT}}
    bars = {"mark": {"type": "rule", "opacity": 0.45}, "encoding": {**ends, "color": colour}}
    layers = [
        *_breaks(task),
        *([{**one, "encoding": {"y": {"field": "one", **y}}}] if base else []),
        *([bars] if few else []),
        _counted({"type": "line", "strokeWidth": 2}, {**at, **detail}),
        *_points(at, {"color": colour, "shape": shape}, few=few),
        _changed({**at, "y": {"field": "over", **y}}, dy=-4),
    ]
    return Plot(
        TITLES[figure], caption, _told(task, figure, tell), style.picture(layers, height=220, rows=rows)
    )


def _rows(task: TaskHistory, figure: str) -> list[Spec]:
    """A row a run and strategy that has the figure. `x` counts the task's runs from 0."""
    found = words.marks(task)
    rows = []
    for name in task.strategies:
        for x, run in enumerate(task.runs):
            figures = run.tasks[task.task].strategies.get(name)
            seen = OF[figure](figures) if figures else None
            if seen is None:
                continue
            low, high = (seen.value if end is None else end for end in (seen.low, seen.high))
            rows.append(
                {
                    "x": x,
                    "strategy": name,
                    "shown": style.shown(name),
                    "series": task.letter(run),
                    "counts": run.counts,
                    "value": seen.value,
                    "low": low,
                    "high": high,
                    "over": min(high, 0.86) if figure == ACCURACY else high,
                    "mark": words.arrow(found.get((run.name, name, figure))),
                }
            )
    return rows


def _names(rows: Sequence[Spec]) -> list[str]:
    return list(dict.fromkeys(row["strategy"] for row in rows))


def _x(task: TaskHistory) -> Spec:
    """Runs side by side, however far apart in time; the newest and some before it have their date below."""
    last = len(task.runs) - 1
    places = list(range(last, -1, -max(1, math.ceil(last / (TICKS - 1)))))[::-1]
    labels, title = dates([words.at(task.runs[place].created) for place in places])
    said = [text or f"run {place + 1}" for place, text in zip(places, labels, strict=True)]
    return {
        "field": "x",
        "type": "quantitative",
        "scale": {"domain": [-0.4, last + 0.4], "nice": False, "zero": False},
        "axis": {
            "values": places,
            "labelExpr": f"{json.dumps(said)}[indexof({json.dumps(places)}, datum.value)]",
            "title": title,
            "grid": False,
            "labelFlush": False,
        },
    }


def dates(moments: Sequence[object]) -> tuple[list[str], str]:
    """Labels of some runs and the title of their axis: days, or times where all are of one day (UTC)."""
    import datetime

    known = [one for one in moments if isinstance(one, datetime.datetime)]
    one_day = len({one.date() for one in known}) == 1
    form = "%H:%M" if one_day else "%m-%d"
    labels = [f"{one:{form}}" if isinstance(one, datetime.datetime) else "" for one in moments]
    return labels, f"runs of {known[0]:%Y-%m-%d} UTC, oldest left" if one_day else "runs, oldest left"


def _counted(mark: Spec, encoding: Spec) -> Spec:
    return {"transform": [{"filter": "datum.counts"}], "mark": mark, "encoding": encoding}


def _points(at: Spec, look: Spec, *, few: bool) -> list[Spec]:
    """Runs that are compared as filled marks, the others hollow."""
    size = 45 if few else 14
    return [
        _counted({"type": "point", "filled": True, "size": size, "opacity": 1}, {**at, **look}),
        {
            "transform": [{"filter": "!datum.counts"}],
            "mark": {"type": "point", "filled": False, "size": size + 15, "strokeWidth": 1.3},
            "encoding": {**at, **look},
        },
    ]


def _changed(at: Spec, dy: int) -> Spec:
    return {
        "transform": [{"filter": "datum.mark != ''"}],
        "mark": {"type": "text", "baseline": "bottom", "dy": dy, "fontSize": 15, "color": style.INK},
        "encoding": {**at, "text": {"field": "mark"}},
    }


def _breaks(task: TaskHistory) -> list[Spec]:
    """A dotted line before each run that asked other questions than the one before it; in every panel."""
    letters = [task.letter(run) for run in task.runs]
    found = [
        {"x": x + 0.5, "letter": after}
        for x, (before, after) in enumerate(pairwise(letters))
        if before != after
    ]
    if not found:
        return []
    where = {"x": {"field": "x", "type": "quantitative"}}
    text = {"type": "text", "align": "left", "baseline": "top", "dx": 3, "color": style.SOFT, "fontSize": 11}
    line = {"type": "rule", "strokeDash": [2, 3], "color": style.SOFT}
    return [
        {"data": {"values": found}, "mark": line, "encoding": where},
        {
            "data": {"values": found},
            "mark": text,
            "encoding": {**where, "y": {"value": 0}, "text": {"field": "letter"}},
        },
    ]


def _told(task: TaskHistory, figure: str, tell: Callable[[float], str]) -> str:
    """In words: each strategy's newest figure, and what changed."""
    newest = _newest(task, figure)
    said = [f"{style.shown(name)}: {tell(value)} in the newest run that has it" for name, value in newest]
    changed = [
        f"{words.headline(change)} at {change.step.after.name}"
        for change in task.changes
        if change.figure == figure
    ]
    return "; ".join([*said, *(changed or ["no change marked"])]) + "."


def _newest(task: TaskHistory, figure: str) -> Iterable[tuple[str, float]]:
    for name in task.strategies:
        for run in reversed(task.runs):
            figures = run.tasks[task.task].strategies.get(name)
            seen = OF[figure](figures) if figures else None
            if seen:
                yield name, seen.value
                break
