"""What a fine-tune learned and what it forgot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.analysis.statistics.paired import UNRESOLVED
from harness.quantities import percent, points
from harness.report.pictures import style
from harness.report.pictures.plot import Missing, Plot, Spec

Figures = Mapping[str, Any]
CURVE = "Loss while training"
FORGETTING = "What the fine-tunes forgot"
FACTS = "Facts in the training set, and facts not in it"
MOST_STEPS = 300
GROUPS = {"fact_seen": "in the training set", "fact_unseen": "not in it"}


def loss_curves(results: Figures, task: str) -> list[Plot | Missing]:
    """One picture an adapter trained for this task."""
    trained = [record for record in results["adapters"] if record.get("task") == task]
    if not trained:
        return [Missing(CURVE, "no adapter was trained for this task")]
    return [_curve(record, several=len(trained) > 1) for record in trained]


def _curve(record: Figures, *, several: bool) -> Plot | Missing:
    name = str(record.get("strategy", ""))
    seed = f", seed {record['seed']}" if several and record.get("seed") is not None else ""
    title = f"{CURVE}: {name}{seed}"
    rows = _points(record)
    if len(rows) < 2:
        return Missing(title, "the adapter's record holds no loss curve")
    scale: Spec = {"domain": ["train", "dev"], "range": ["var(--s1)", "var(--s2)"]}
    look: Spec = {
        "color": {"field": "series", "type": "nominal", "scale": scale, "legend": {"symbolType": "stroke"}}
    }
    x = {
        "field": "step",
        "type": "quantitative",
        "axis": {"title": "training step", "tickCount": 6, "tickMinStep": 1},
    }
    y = {
        "field": "loss",
        "type": "quantitative",
        "scale": {"zero": True},
        "axis": {"title": "loss per answer token, nats", "tickCount": 5},
    }
    at = {"x": x, "y": y}
    layers = [
        {
            "transform": [{"filter": "datum.series == 'train'"}],
            "mark": {"type": "line", "strokeWidth": 1.2},
            "encoding": {**at, **look},
        },
        {
            "transform": [{"filter": "datum.series == 'dev'"}],
            "mark": {"type": "line", "strokeWidth": 2, "strokeDash": [6, 3]},
            "encoding": {**at, **look},
        },
        {
            "transform": [{"filter": "datum.series == 'dev'"}],
            "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1, "shape": "square"},
            "encoding": {**at, **look},
        },
    ]
    told = f"Train loss from {_ends(rows, 'train')}; dev loss from {_ends(rows, 'dev')}."
    caption = (
        "Thin line: each training step. Dashed, with squares: questions held back, once an epoch. Where the dashed "
        "line rises while the thin one falls, the fine-tune learns its examples by heart."
    )
    return Plot(title, caption, told, style.picture(layers, height=200, rows=rows))


def _points(record: Figures) -> list[Spec]:
    """Train and dev losses by step, evenly thinned where there are very many."""
    rows: list[Spec] = []
    for series, key in (("train", "train_loss"), ("dev", "dev_loss")):
        found = [point for point in record.get("loss_curve") or () if point.get(key) is not None]
        every = -(-len(found) // MOST_STEPS) or 1
        rows += [{"series": series, "step": point["step"], "loss": point[key]} for point in found[::every]]
    return rows


def _ends(rows: Sequence[Spec], series: str) -> str:
    losses = [row["loss"] for row in rows if row["series"] == series]
    return f"{losses[0]:.3f} to {losses[-1]:.3f}" if losses else "no points"


def forgetting(task: Figures) -> Plot | Missing:
    found = [row for row in task["forgetting"] if row["base"] is not None and row["adapter"] is not None]
    if not found:
        return Missing(
            FORGETTING, "no fine-tune answered this task's questions without having been trained for them"
        )
    rows = _changes(found)
    x: Spec = {"type": "quantitative", **style.share_axis("accuracy on this task's questions")}
    y = {"field": "name", "type": "nominal", "sort": None, "title": None}
    ends = [
        {**row, "share": row[key], "when": when}
        for row in rows
        for key, when in (("before", "base"), ("after", "fine-tuned"))
    ]
    when = {"domain": ["base", "fine-tuned"]}
    layers = [
        {
            "mark": {"type": "rule", "strokeWidth": 2, "color": style.SOFT},
            "encoding": {"x": {"field": "before", **x}, "x2": {"field": "after"}, "y": y},
        },
        {
            "data": {"values": ends},
            "mark": {"type": "point", "filled": True, "size": 120, "opacity": 1},
            "encoding": {
                "x": {"field": "share", **x},
                "y": y,
                "color": {
                    "field": "when",
                    "scale": {**when, "range": ["var(--s1)", "var(--s5)"]},
                    "legend": {},
                },
                "shape": {"field": "when", "scale": {**when, "range": ["circle", "square"]}, "legend": {}},
            },
        },
        {
            "mark": {"type": "text", "dy": -13, "fontSize": 11},
            "encoding": {"x": {"field": "after", **x}, "y": y, "text": {"field": "label"}},
        },
    ]
    caption = "The same questions, answered by the base weights and by each adapter of another task, without context."
    told = (
        "; ".join(
            f"{r['name']}: from {percent(r['before'])} to {percent(r['after'])}, {r['label']}" for r in rows
        )
        + "."
    )
    return Plot(FORGETTING, caption, told, style.picture(layers, height=44 * len(rows), rows=rows))


def _changes(found: Sequence[Figures]) -> list[Spec]:
    """One row an adapter; named for its task alone where all are of one strategy."""
    alike = len({row["strategy"] for row in found}) == 1
    return [
        {
            "name": f"trained for {row['trained_for']}" if alike else row["name"],
            "before": row["base"],
            "after": row["adapter"],
            "label": points(row["delta"]) + (", not resolved" if row["verdict"] == UNRESOLVED else ""),
        }
        for row in found
    ]


def seen_and_unseen(task: Figures) -> Plot | Missing:
    rows = _groups(task)
    if len({row["group"] for row in rows}) < 2:
        return Missing(FACTS, "the questions do not name facts of both kinds")
    x: Spec = {"type": "quantitative", **style.share_axis("accuracy")}
    y = {"field": "shown", "type": "nominal", "sort": None, "title": None}
    offset = {
        "field": "group",
        "type": "nominal",
        "sort": list(GROUPS.values()),
        "scale": {"paddingOuter": 0.6},
    }
    domain = {"domain": list(GROUPS.values())}
    look = {"field": "group", "scale": {**domain, "range": ["var(--s1)", "var(--s2)"]}, "legend": {}}
    at = {"y": y, "yOffset": offset}
    layers = [
        {
            "mark": {"type": "rule", "strokeWidth": 2, "opacity": 0.8},
            "encoding": {"x": {"field": "low", **x}, "x2": {"field": "high"}, **at, "color": look},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1},
            "encoding": {
                "x": {"field": "mean", **x},
                **at,
                "color": look,
                "shape": {
                    "field": "group",
                    "scale": {**domain, "range": ["circle", "triangle-up"]},
                    "legend": {},
                },
            },
        },
    ]
    counts = ", ".join(dict.fromkeys(f"{row['n']} {row['group']}" for row in rows))
    caption = f"A fine-tune can only know what it was shown. Lines are 95 % intervals; questions: {counts}."
    told = "; ".join(f"{r['shown']}, {r['group']}: {percent(r['mean'])}" for r in rows) + "."
    height = 40 * len({row["shown"] for row in rows})
    return Plot(FACTS, caption, told, style.picture(layers, height=height, rows=rows))


def _groups(task: Figures) -> list[Spec]:
    """One row a strategy and group that has an accuracy."""
    return [
        {
            "shown": style.shown(name),
            "group": label,
            "mean": found["mean"],
            "low": found["mean"] if found["ci_low"] is None else found["ci_low"],
            "high": found["mean"] if found["ci_high"] is None else found["ci_high"],
            "n": found["n"],
        }
        for name, block in task["strategies"].items()
        for group, label in GROUPS.items()
        if (found := block["groups"].get(group)) and found["mean"] is not None
    ]
