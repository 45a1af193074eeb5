"""Where the accuracy goes: the ladder from base to all right, and why answers of rag were wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.quantities import percent, signed
from harness.report.pictures import style
from harness.report.pictures.plot import Missing, Plot, Spec

Figures = Mapping[str, Any]
WATERFALL = "Where the accuracy goes"
WRONG = "Why rag was wrong"
STEPS = {
    "base": "base",
    "rag": "found passages",
    "oracle": "right passages",
    "perfect": "a perfect reader",
}
BINS = {
    "retrieval_missed": "retrieval missed",
    "passage_dropped": "passage dropped",
    "reader_failed": "reader failed",
    "answer_cut": "answer cut",
    "refusal_wrong": "refusal wrong",
}


def waterfall(task: Figures) -> Plot | Missing:
    steps = [step for step in task["waterfall"]["steps"] if step["mean"] is not None]
    if task["waterfall"]["bins"] is None or len(steps) < 3:
        return Missing(WATERFALL, "it needs answers of base and rag to the same questions")
    rows: list[Spec] = []
    before = 0.0
    for step in steps:
        first = step["gain"] is None
        start, end = (0.0, step["mean"]) if first else (before, step["mean"])
        rows.append(
            {
                "step": STEPS[step["step"]],
                "start": start,
                "end": end,
                "kind": _kind(step, end - start),
                "low": min(start, end),
                "top": max(start, end),
                "label": percent(end) if first else f"{signed(end - start)} points",
            }
        )
        before = end
    x = {"type": "quantitative", **style.share_axis("accuracy on the same questions")}
    x = {**x, "scale": {"domain": [0, 1.0]}}
    y = {"field": "step", "type": "nominal", "sort": None, "title": None}
    scale = {
        "domain": ["reached", "lost", "open"],
        "range": ["var(--s3)", "var(--s2)", style.PLAIN],
    }
    layers = [
        {
            "mark": {"type": "bar", "height": 16, "fillOpacity": 0.85},
            "encoding": {
                "x": {"field": "start", **x},
                "x2": {"field": "end"},
                "y": y,
                "color": {"field": "kind", "scale": scale, "legend": None},
            },
        },
        *_labels(x, y),
    ]
    caption = "What found passages add to base, what the right passages would add to that, and what the reader loses."
    told = "; ".join(f"{row['step']}: {row['label']}" for row in rows) + "."
    return Plot(WATERFALL, caption, told, style.picture(layers, height=style.ROW * len(rows), rows=rows))


def _kind(step: Figures, gain: float) -> str:
    if step["step"] == "perfect":
        return "open"
    return "reached" if gain >= 0 else "lost"


LATE, EARLY = 0.72, 0.3
"""Behind a bar that ends later there is no room for its label, and before one that starts earlier none either."""


def _labels(x: Spec, y: Spec) -> list[Spec]:
    """A label stands behind its bar; where that ends late before it; where that starts early too, inside."""
    inside = {"condition": {"test": "datum.kind === 'open'", "value": style.INK}, "value": style.PAPER}
    places = (
        (f"datum.top <= {LATE}", "top", "left", {"value": style.INK}),
        (f"datum.top > {LATE} && datum.low >= {EARLY}", "low", "right", {"value": style.INK}),
        (f"datum.top > {LATE} && datum.low < {EARLY}", "low", "left", inside),
    )
    return [
        {
            "transform": [{"filter": test}],
            "mark": {"type": "text", "align": side, "dx": 5 if side == "left" else -5},
            "encoding": {"x": {"field": field, **x}, "y": y, "text": {"field": "label"}, "color": colour},
        }
        for test, field, side, colour in places
    ]


def wrong(task: Figures) -> Plot | Missing:
    counts, total = task["waterfall"]["bins"], task["waterfall"]["n_wrong"]
    if not total:
        return Missing(WRONG, "rag gave no wrong answer" if counts else "rag did not answer this task")
    rows = [
        {"why": BINS.get(name, name), "n": count, "label": f"{count} ({percent(count / total)})"}
        for name, count in counts.items()
    ]
    x = {
        "field": "n",
        "type": "quantitative",
        "scale": {"domain": [0, max(row["n"] for row in rows) * 1.45]},
        "axis": {"title": "wrong answers of rag", "tickMinStep": 1, "tickCount": 5},
    }
    y = {"field": "why", "type": "nominal", "sort": None, "title": None}
    layers = [
        {"mark": {"type": "bar", "height": 16, "color": "var(--s3)"}, "encoding": {"x": x, "y": y}},
        {
            "mark": {"type": "text", "align": "left", "dx": 5},
            "encoding": {"x": x, "y": y, "text": {"field": "label"}},
        },
    ]
    caption = (
        f"Each of the {total} wrong answers stands in one row: no passage in the prompt held an answer; the budget "
        "took that passage out; it stood there and was misread; the token limit cut the reply; "
        "declined or answered wrongly."
    )
    told = "; ".join(f"{row['why']}: {row['label']}" for row in rows) + "."
    return Plot(WRONG, caption, told, style.picture(layers, height=style.ROW * len(rows), rows=rows))
