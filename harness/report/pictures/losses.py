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


def waterfall(view: TaskView) -> Plot | Missing:
    reached = [(step, step.mean) for step in view.figures.waterfall.steps if step.mean is not None]
    if view.figures.waterfall.bins is None or len(reached) < 3:
        return Missing(WATERFALL, "it needs answers of base and rag to the same questions")
    rows: list[Spec] = []
    before = 0.0
    for step, end in reached:
        start = 0.0 if step.gain is None else before
        kind = "open" if step.step == "perfect" else "reached" if end >= start else "lost"
        text = percent(end) if step.gain is None else f"{signed(end - start)} points"
        rows.append(
            {
                "step": STEPS[step.step],
                "start": start,
                "end": end,
                "top": max(start, end),
                "kind": kind,
                "text": text,
            }
        )
        before = end
    x = chart.number(
        "accuracy on the same questions", domain=(0, 1.4), values=[0, 0.25, 0.5, 0.75, 1], format=".0%"
    )
    axes = chart.Axes(x, chart.names())
    colour = chart.by("kind", {"reached": chart.GREEN, "lost": chart.RED, "open": chart.PLAIN})
    layers = [
        axes.layer(chart.bar(fillOpacity=0.85), ("start", "end"), "step", color=colour),
        axes.layer(chart.text(align="left", dx=5), "top", "step", text="text"),
    ]
    caption = "What found passages add to base, what right passages would add to that, and what the generator loses."
    descriptions = (f"{row['step']}: {row['text']}" for row in rows)
    return chart.plot(WATERFALL, caption, descriptions, layers, height=chart.ROW * len(rows), rows=rows)


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
    descriptions = (f"{reason}: {label}" for reason, (_, label) in shown.items())
    return chart.plot(WRONG, caption, descriptions, layers, height=chart.ROW * len(rows), rows=rows)
