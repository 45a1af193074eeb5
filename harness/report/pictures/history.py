"""One task over all its runs: accuracy system by system, cost of a query, latency beside base."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from harness.analysis.history.history import TaskHistory
from harness.analysis.history.runs import Figure, moment_of
from harness.quantities import dollars, percent
from harness.report import trend as words
from harness.report.numbers import factor
from harness.report.pictures import chart
from harness.report.pictures.looks import Look, Looks, looks_of
from harness.report.pictures.plot import Missing, Plot, Spec

TITLES = {
    Figure.ACCURACY: "Accuracy over runs",
    Figure.COST: "Cost per query over runs",
    Figure.LATENCY: "Latency beside base over runs",
}
PANEL = 78
"""Height of one system's panel."""
TICKS = 5
ROOM = 1.1
"""Above the highest figure, for a sign of change."""
BARS_UP_TO = 40
"""Runs up to which each has its interval as a bar; of more, the band alone."""


def plots(name: str, task: TaskHistory) -> list[Plot | Missing]:
    """The pictures of the task called `name`."""
    systems = [point.system for run in task.runs for point in run.strategies.values()]
    looks = looks_of({name: {system.name: system for system in reversed(systems)}.values()})
    return [accuracy(task, looks), cost(task, looks), ratio(task, looks)]


def accuracy(task: TaskHistory, looks: Looks) -> Plot | Missing:
    """One panel per system, one below the other: several bands in one panel would hide each other."""
    rows = _rows(task, Figure.ACCURACY, looks)
    if not rows:
        return Missing(TITLES[Figure.ACCURACY], "no run has an accuracy")
    shown = _looks(rows, looks)
    y = chart.number(None, {"domain": [0, 1]}, format=".0%", values=[0, 0.5, 1], minExtent=42, maxExtent=42)
    axes = chart.Axes(_x(task), y)
    colour = chart.by("shown", {label: look.colour for label, look in shown.items()})
    detail = [{"field": "series"}]
    band = chart.mark("area", opacity=0.18)
    layers = _layers(
        task,
        axes,
        [axes.layer(band, "x", ("low", "high"), where=COMPARED, color=colour, detail=detail)],
        {"color": colour},
        detail,
    )
    header = {
        "labelOrient": "top", "labelAnchor": "start", "labelColor": chart.INK, "labelFontSize": 12,
        "labelFontWeight": "bold", "labelPadding": 2,
    }  # fmt: skip
    facet = {"field": "shown", "type": "nominal", "sort": list(shown), "title": None, "header": header}
    spec = chart.panels(layers, facet, height=PANEL, left=46, rows=rows)
    caption = f"Lines are means, bands 95 % intervals.{_signs(task)}"
    return Plot(TITLES[Figure.ACCURACY], caption, _description(task, Figure.ACCURACY, looks, percent), spec)


def _signs(task: TaskHistory) -> str:
    """What signs in a picture mean, sentences with a blank before each."""
    marks = (
        f" {words.UP} and {words.DOWN} mark a change since the last comparable run." if task.changes else ""
    )
    hollow = "" if all(run.compared for run in task.runs) else " Hollow: a run that is not compared."
    return marks + hollow


def cost(task: TaskHistory, looks: Looks) -> Plot | Missing:
    reason = "no run timed a question and has a price"
    caption = (
        "Dollars as measured, on a log axis. Seconds vary from run to run, so a change is marked here only where "
        f"tokens or prices moved the cost; one of speed is marked in the latency beside base.{_signs(task)}"
    )
    return _together(task, looks, Figure.COST, reason, caption, "format(datum.value, '$.2~r')", dollars)


def ratio(task: TaskHistory, looks: Looks) -> Plot | Missing:
    reason = "no run timed base and another strategy on three questions or more"
    caption = (
        "How many times as long as base on the same question, on a log axis; the line at 1 is "
        f"base.{_signs(task)}"
    )
    label = "format(datum.value, '.3~r') + '×'"
    return _together(task, looks, Figure.LATENCY, reason, caption, label, factor)


COMPARED, ASIDE, MARKED = "datum.compared", "!datum.compared", "datum.mark != ''"
"""Rows of runs that are compared, that are not, and that show a change."""


def _together(
    task: TaskHistory,
    looks: Looks,
    figure: Figure,
    reason: str,
    caption: str,
    label: str,
    written: Callable[[float], str],
) -> Plot | Missing:
    """All systems in one picture, on a log axis whose labels are made by the expression `label`."""
    rows = [row for row in _rows(task, figure, looks) if row["low"] > 0]
    if not rows:
        return Missing(TITLES[figure], reason)
    base = figure is Figure.LATENCY
    ticks = chart.log_ticks(
        [value for row in rows for value in (row["low"], ROOM * row["high"])] + [1.0] * base
    )
    axes = chart.Axes(_x(task), chart.log(None, ticks, labelExpr=label))
    one = [axes.layer(chart.rule(color=chart.SOFT), y="one", rows=[{"one": 1}])] * base
    look = chart.by_look("shown", _looks(rows, looks))
    layers = _layers(task, axes, one, look, [{"field": "series"}, {"field": "shown"}])
    spec = chart.picture(layers, height=220, rows=rows)
    return Plot(TITLES[figure], caption, _description(task, figure, looks, written), spec)


def _layers(
    task: TaskHistory, axes: chart.Axes, behind: Sequence[Spec], look: Spec, detail: Sequence[Spec]
) -> list[Spec]:
    """Lines through runs that are compared, filled marks; the others hollow. Bars while the runs are few."""
    few = len(task.runs) <= BARS_UP_TO
    size, colour = (45 if few else 14), look["color"]
    bars = [axes.layer(chart.rule(opacity=0.45), "x", ("low", "high"), color=colour)]
    hollow = chart.mark("point", filled=False, size=size + 15, strokeWidth=1.3)
    sign = chart.text(baseline="bottom", dy=-4, fontSize=15, color=chart.INK)
    return [
        *_breaks(task),
        *behind,
        *(bars if few else []),
        axes.layer(chart.line(strokeWidth=2), "x", "value", where=COMPARED, color=colour, detail=detail),
        axes.layer(chart.point(size=size), "x", "value", where=COMPARED, **look),
        axes.layer(hollow, "x", "value", where=ASIDE, **look),
        axes.layer(sign, "x", "over", where=MARKED, text="mark"),
    ]


def _rows(task: TaskHistory, figure: Figure, looks: Looks) -> list[Spec]:
    """One row per run and system that has the figure. `x` counts the task's runs from 0, the oldest."""
    marks = task.marks
    rows = []
    for name in task.strategies:
        for x, run in enumerate(reversed(task.runs)):
            point = run.strategies.get(name)
            estimate = point.of(figure) if point else None
            if estimate is None or estimate.mean is None:
                continue
            low, high = (estimate.mean if end is None else end for end in (estimate.ci_low, estimate.ci_high))
            rows.append(
                {
                    "x": x,
                    "strategy": name,
                    "shown": looks[name].label,
                    "series": run.series,
                    "compared": run.compared,
                    "value": estimate.mean,
                    "low": low,
                    "high": high,
                    "over": min(high, 0.86) if figure is Figure.ACCURACY else high,
                    "mark": words.arrow(marks.get((run.folder, name, figure))),
                }
            )
    return rows


def _looks(rows: Sequence[Spec], looks: Looks) -> dict[str, Look]:
    """Label → look, of the systems in the rows."""
    return {looks[row["strategy"]].label: looks[row["strategy"]] for row in rows}


def _x(task: TaskHistory) -> Spec:
    """Runs side by side, however far apart in time; the newest and some before it have their date below."""
    runs = task.runs[::-1]
    last = len(runs) - 1
    places = list(range(last, -1, -max(1, math.ceil(last / (TICKS - 1)))))[::-1]
    labels, title = dates([moment_of(runs[place].created) for place in places])
    texts = [text or f"run {place + 1}" for place, text in zip(places, labels, strict=True)]
    return {
        "type": "quantitative",
        "scale": {"domain": [-0.4, last + 0.4], "nice": False, "zero": False},
        "axis": {
            "values": places,
            "labelExpr": f"{json.dumps(texts)}[indexof({json.dumps(places)}, datum.value)]",
            "title": title,
            "grid": False,
            "labelFlush": False,
        },
    }


def dates(moments: Sequence[datetime.datetime | None]) -> tuple[list[str], str]:
    """Labels of some runs and the title of their axis: days, or times where all are of one day (UTC)."""
    known = [moment for moment in moments if moment]
    one_day = len({moment.date() for moment in known}) == 1
    form = "%H:%M" if one_day else "%m-%d"
    labels = [f"{moment:{form}}" if moment else "" for moment in moments]
    return labels, f"runs of {known[0]:%Y-%m-%d} UTC, oldest left" if one_day else "runs, oldest left"


def _breaks(task: TaskHistory) -> list[Spec]:
    """A dotted line before each run that asked other questions than the one before it; in every panel."""
    letters = [run.series for run in reversed(task.runs)]
    rows = [
        {"x": x + 0.5, "letter": after}
        for x, (before, after) in enumerate(pairwise(letters))
        if before != after
    ]
    if not rows:
        return []
    axes = chart.Axes({"type": "quantitative"}, {})
    letter = chart.text(align="left", baseline="top", dx=3, color=chart.SOFT, fontSize=11)
    return [
        axes.layer(chart.rule(strokeDash=[2, 3], color=chart.SOFT), "x", rows=rows),
        axes.layer(letter, "x", {"value": 0}, rows=rows, text="letter"),
    ]


def _description(task: TaskHistory, figure: Figure, looks: Looks, written: Callable[[float], str]) -> str:
    """In words: each system's newest figure, and what changed."""
    newest: dict[str, float] = {}
    for run in task.runs:
        means = {name: point.of(figure).mean for name, point in run.strategies.items()}
        newest = {name: mean for name, mean in means.items() if mean is not None} | newest
    parts = [
        f"{looks[name].label}: {written(newest[name])} in the newest run that has it"
        for name in task.strategies
        if name in newest
    ]
    changed = [
        f"{words.headline(mark)} at {mark.run}" for mark in reversed(task.changes) if mark.figure is figure
    ]
    return "; ".join([*parts, *(changed or ["no change marked"])]) + "."
