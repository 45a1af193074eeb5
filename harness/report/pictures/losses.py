"""Where the accuracy goes: the ladder from base to all right, and why answers of rag were wrong."""

from __future__ import annotations

from harness.quantities import percent, signed
from harness.report.pictures import chart
from harness.report.pictures.plot import Missing, Plot, Spec, TaskView

WATERFALL = "Where the accuracy goes"
WRONG = "Why rag was wrong"
STEPS = {
    "base": "base",
    "rag": "found passages",
    "oracle": "right passages",
    "perfect": "a perfect generator",
}
BINS = {
    "retrieval_missed": "retrieval missed",
    "passage_dropped": "passage dropped",
    "reader_failed": "generator failed",
    "answer_cut": "answer cut",
    "refusal_wrong": "refusal wrong",
}
LATE, EARLY = 0.72, 0.3
"""Behind a bar that ends later there is no space for its label, and before one that starts earlier none either."""


def waterfall(view: TaskView) -> Plot | Missing:
    reached = [(step, step.mean) for step in view.figures.waterfall.steps if step.mean is not None]
    if view.figures.waterfall.bins is None or len(reached) < 3:
        return Missing(WATERFALL, "it needs answers of base and rag to the same questions")
    rows: list[Spec] = []
    before = 0.0
    for step, end in reached:
        first = step.gain is None
        start = 0.0 if first else before
        rows.append(
            {
                "step": STEPS[step.step],
                "start": start,
                "end": end,
                "kind": "open" if step.step == "perfect" else "reached" if end >= start else "lost",
                "low": min(start, end),
                "top": max(start, end),
                "text": percent(end) if first else f"{signed(end - start)} points",
            }
        )
        before = end
    axes = chart.Axes(chart.share("accuracy on the same questions"), chart.names())
    colour = chart.by("kind", {"reached": chart.GREEN, "lost": chart.RED, "open": chart.PLAIN})
    layers = [axes.layer(chart.bar(fillOpacity=0.85), ("start", "end"), "step", color=colour), *_labels(axes)]
    caption = "What found passages add to base, what right passages would add to that, and what the generator loses."
    description = "; ".join(f"{row['step']}: {row['text']}" for row in rows) + "."
    return Plot(
        WATERFALL, caption, description, chart.picture(layers, height=chart.ROW * len(rows), rows=rows)
    )


def _labels(axes: chart.Axes) -> list[Spec]:
    """A label stands behind its bar; where that ends late before it; where that starts early too, inside."""
    ink: Spec = {"value": chart.INK}
    inside: Spec = {"condition": {"test": "datum.kind === 'open'", "value": chart.INK}, "value": chart.PAPER}
    places = (
        (f"datum.top <= {LATE}", "top", "left", ink),
        (f"datum.top > {LATE} && datum.low >= {EARLY}", "low", "right", ink),
        (f"datum.top > {LATE} && datum.low < {EARLY}", "low", "left", inside),
    )
    return [
        axes.layer(
            chart.text(align=side, dx=5 if side == "left" else -5),
            field,
            "step",
            where=test,
            text="text",
            color=colour,
        )
        for test, field, side, colour in places
    ]


def wrong(view: TaskView) -> Plot | Missing:
    bins, total = view.figures.waterfall.bins, view.figures.waterfall.n_wrong
    if not bins or not total:
        return Missing(WRONG, "rag gave no wrong answer" if bins else "rag did not answer this task")
    shown = {
        BINS.get(name, name): (count, f"{count} ({percent(count / total)})") for name, count in bins.items()
    }
    rows = [{"reason": reason, "n": count, "text": label} for reason, (count, label) in shown.items()]
    most = max(bins.values()) * 1.45
    axes = chart.Axes(
        chart.number("wrong answers of rag", domain=(0, most), tickMinStep=1, tickCount=5), chart.names()
    )
    layers = [
        axes.layer(chart.bar(color=chart.GREEN), "n", "reason"),
        axes.layer(chart.text(align="left", dx=5), "n", "reason", text="text"),
    ]
    caption = (
        f"Each of the {total} wrong answers stands in one row: no passage in the prompt held an answer; the budget "
        "took that passage out; it stood there and was misread; the token limit cut the reply; "
        "declined or answered wrongly."
    )
    description = "; ".join(f"{reason}: {label}" for reason, (_, label) in shown.items()) + "."
    return Plot(WRONG, caption, description, chart.picture(layers, height=chart.ROW * len(rows), rows=rows))
