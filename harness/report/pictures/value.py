"""What one gets for one's money: accuracy against the cost of a query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.quantities import dollars, percent
from harness.report.pictures import style
from harness.report.pictures.plot import Missing, Plot, Spec

Figures = Mapping[str, Any]
TITLE = "Accuracy against cost per query"
CAPTION = (
    "Up and to the left is better. Vertical: 95 % interval of the accuracy. Horizontal: 95 % interval of the mean time "
    "of the timed questions, priced. A ring marks what no other candidate beats in accuracy, cost and latency at once."
)
LOWEST = 10.0
"""A log axis has no 0: an interval that begins there is drawn from this part of the mean on."""


def accuracy_against_cost(task: Figures) -> Plot | Missing:
    rows = [row for name, block in task["strategies"].items() if (row := _point(name, block, task))]
    if len(rows) < 2:
        return Missing(TITLE, "fewer than two strategies have both an accuracy and a cost per query")
    names = [row["strategy"] for row in rows]
    ticks = style.log_ticks([row[key] for row in rows for key in ("cost_low", "cost_high")])
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


def _point(name: str, block: Figures, task: Figures) -> Spec | None:
    fair, cost = block["accuracy"], block["cost"]["per_query_usd"]
    if fair["mean"] is None or not cost or "@" in name:
        return None
    low, high = block["cost"]["per_query_ci_usd"] or (cost, cost)
    return {
        "strategy": name,
        "shown": style.shown(name),
        "mean": fair["mean"],
        "low": fair["mean"] if fair["ci_low"] is None else fair["ci_low"],
        "high": fair["mean"] if fair["ci_high"] is None else fair["ci_high"],
        "cost": cost,
        "cost_low": low if low > 0 else cost / LOWEST,
        "cost_high": high,
        "pareto": bool(task["decision"]["candidates"].get(name, {}).get("pareto")),
    }


def _told(rows: Sequence[Spec]) -> str:
    parts = [
        f"{row['shown']}: {percent(row['mean'])} right at {dollars(row['cost'])} a query"
        + (", unbeaten" if row["pareto"] else "")
        for row in rows
    ]
    return "; ".join(parts) + "."
