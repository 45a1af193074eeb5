"""Where the accuracy goes: the ladder from base to all right, and why answers of rag were wrong."""

from __future__ import annotations

from harness.analysis.waterfall import READER
from harness.quantities import capitalised, listed, percent, points
from harness.report.pictures import chart
from harness.report.pictures.plot import Missing, Plot, Spec, TaskView
from harness.report.tables import BINS

WATERFALL = "Where the accuracy goes"
WRONG = "Why rag was wrong"
STEPS = ("base", "found passages", "right passages", "a perfect generator")


def waterfall(view: TaskView) -> Plot | Missing:
    steps = [(step, step.mean, name) for step, name in zip(view.figures.waterfall.steps, STEPS, strict=False)]
    reached = [(step, mean, name) for step, mean, name in steps if mean is not None]
    if view.figures.waterfall.bins is None or len(reached) < 3:
        return Missing(WATERFALL, "it needs answers of base and rag to the same questions")
    rows: list[Spec] = []
    before = 0.0
    for step, end, name in reached:
        start = 0.0 if step.gain is None else before
        kind = "open" if name == STEPS[-1] else "reached" if end >= start else "lost"
        text = percent(end) if step.gain is None else points(end - start)
        ends = {"start": start, "end": end, "top": max(start, end)}
        rows.append({"step": step.step if name == STEPS[0] else name, **ends, "kind": kind, "text": text})
        before = end
    x = chart.number(
        "accuracy on the same questions", {"domain": [0, 1.4]}, values=[0, 0.25, 0.5, 0.75, 1], format=".0%"
    )
    axes = chart.Axes(x)
    colour = chart.by("kind", {"reached": chart.BLUE, "lost": chart.RED, "open": chart.PLAIN})
    layers = [
        axes.layer(chart.bar(fillOpacity=0.85), ("start", "end"), "step", color=colour),
        axes.layer(chart.text(align="left", dx=5), "top", "step", text="text"),
    ]
    first = view.figures.waterfall.steps[0].step
    gains = [
        f"what found passages add to {first}",
        "what right passages would add to that",
        "what the generator loses",
    ]
    shown = listed(gain for gain, (_, mean, _) in zip(gains, steps[1:], strict=False) if mean is not None)
    caption = f"{capitalised(shown)}."
    descriptions = (f"{row['step']}: {row['text']}" for row in rows)
    return chart.plot(WATERFALL, caption, descriptions, layers, height=chart.ROW * len(rows), rows=rows)


def wrong(view: TaskView) -> Plot | Missing:
    bins, total = view.figures.waterfall.bins, view.figures.waterfall.n_wrong
    if not bins or not total:
        return Missing(WRONG, "rag gave no wrong answer" if bins else "rag did not answer this task")
    rows = [
        {"reason": BINS[name][0], "n": count, "text": f"{count} ({percent(count / total)})"}
        for name, count in bins.items()
    ]
    scale = {"domain": [0, max(bins.values()) * 1.45]}
    axes = chart.Axes(chart.number("wrong answers of rag", scale, tickMinStep=1, tickCount=5))
    layers = [
        axes.layer(chart.bar(color=chart.SOFT), "n", "reason"),
        axes.layer(chart.text(align="left", dx=5), "n", "reason", text="text"),
    ]
    reader = view.figures.waterfall.steps[1].step
    of = "" if reader == READER else f" of {reader}"
    caption = (
        f"Each of the {total} wrong answers{of} stands in one row: no passage in the prompt held an answer; the budget "
        "took that passage out; it stood there and was misread; the token limit cut the reply; "
        "declined or answered wrongly."
    )
    descriptions = (f"{row['reason']}: {row['text']}" for row in rows)
    return chart.plot(WRONG, caption, descriptions, layers, height=chart.ROW * len(rows), rows=rows)
