"""What one gets for one's money: accuracy against the cost of a query."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from harness.quantities import dollars, percent
from harness.records import TimingRow
from harness.report.pictures import style
from harness.report.pictures.plot import Missing, Plot, Spec

Figures = Mapping[str, Any]
Timed = Mapping[str, Sequence[TimingRow]]
TITLE = "Accuracy against cost per query"
CAPTION = (
    "Up and to the left is better. Vertical: 95 % interval of the accuracy. Horizontal: 95 % interval of the mean time "
    "of the timed questions, priced. A ring marks what no other candidate beats in accuracy, cost and latency at once."
)
FEWEST = 10
"""Timed questions that an interval of their mean needs here, as many as a median needs."""


def accuracy_against_cost(task: Figures, timed: Timed) -> Plot | Missing:
    rows = [row for name, block in task["strategies"].items() if (row := _point(name, block, task, timed))]
    if len(rows) < 2:
        return Missing(TITLE, "fewer than two strategies have both an accuracy and a cost per query")
    names = [row["strategy"] for row in rows]
    ticks = style.powers([row[key] for row in rows for key in ("cost_low", "cost_high")])
    x: Spec = {
        "type": "quantitative",
        "scale": {"type": "log", "domain": [ticks[0], ticks[-1]]},
        "axis": {"values": ticks, "format": "$.2~r", "title": "cost per query, dollars (log axis)"},
    }
    y: Spec = {"type": "quantitative", **style.share_axis("accuracy")}
    look: Spec = {
        "color": {"field": "shown", "scale": style.colours(names, [r["shown"] for r in rows]), "legend": {}},
        "shape": {"field": "shown", "scale": style.shapes(names, [r["shown"] for r in rows]), "legend": {}},
    }
    at = {"x": {"field": "cost", **x}, "y": {"field": "mean", **y}}
    layers = [
        _bar({**at, "y": {"field": "low", **y}, "y2": {"field": "high"}}, look),
        _bar({**at, "x": {"field": "cost_low", **x}, "x2": {"field": "cost_high"}}, look),
        {
            "transform": [{"filter": "datum.pareto"}],
            "mark": {
                "type": "point",
                "size": 380,
                "stroke": style.INK,
                "strokeWidth": 1.2,
                "shape": "circle",
            },
            "encoding": at,
        },
        {"mark": {"type": "point", "filled": True, "size": 90, "opacity": 1}, "encoding": {**at, **look}},
    ]
    return Plot(TITLE, CAPTION, _told(rows), style.picture(layers, height=230, rows=rows))


def _bar(where: Spec, look: Spec) -> Spec:
    mark = {"type": "rule", "strokeWidth": 1.5, "opacity": 0.75}
    return {"mark": mark, "encoding": {**where, "color": look["color"]}}


def _point(name: str, block: Figures, task: Figures, timed: Timed) -> Spec | None:
    fair, cost = block["accuracy"], block["cost"]["per_query_usd"]
    if fair["mean"] is None or not cost or "@" in name:
        return None
    half = _relative_half_width([row.e2e_s for row in timed.get(name, ()) if row.merged])
    return {
        "strategy": name,
        "shown": style.shown(name),
        "mean": fair["mean"],
        "low": fair["mean"] if fair["ci_low"] is None else fair["ci_low"],
        "high": fair["mean"] if fair["ci_high"] is None else fair["ci_high"],
        "cost": cost,
        "cost_low": cost * math.exp(-half),
        "cost_high": cost * math.exp(half),
        "pareto": bool(task["decision"]["candidates"].get(name, {}).get("pareto")),
    }


def _relative_half_width(seconds: Sequence[float]) -> float:
    """Half the 95 % interval of the mean on the log scale (delta method, Student's t); 0 where too few were timed.

    On the log scale the interval stays positive and is drawn as long to the left as to the right.
    """
    n = len(seconds)
    if n < FEWEST:
        return 0.0
    from scipy.special import stdtrit

    mean = math.fsum(seconds) / n
    variance = math.fsum((value - mean) ** 2 for value in seconds) / (n - 1)
    return float(stdtrit(n - 1, 0.975)) * math.sqrt(variance / n) / mean


def _told(rows: Sequence[Spec]) -> str:
    parts = [
        f"{row['shown']}: {percent(row['mean'])} right at {dollars(row['cost'])} a query"
        + (", unbeaten" if row["pareto"] else "")
        for row in rows
    ]
    return "; ".join(parts) + "."
