"""How long an answer takes: every timed question as a point, and where the mean time goes."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from itertools import accumulate, pairwise

from harness.analysis.latency import percentiles
from harness.quantities import seconds
from harness.records import TimingRow
from harness.report.pictures import chart
from harness.report.pictures.plot import Missing, Plot, Spec, TaskView

LATENCY = "Latency of single questions"
STAGES = "Where the time goes"
STAGE_COLOURS = {"retrieve": "var(--stage1)", "to first token": "var(--stage2)", "decode": "var(--stage3)"}
NOT_TIMED = "no question was timed alone (--latency-queries 0)"
ONE_TIMED = "one strategy was timed, so there is nothing to compare"
MOST_POINTS = 200
"""Points drawn for one system; of more, evenly spaced order statistics."""
LOG_FROM = 20.0
"""Ratio of the longest to the shortest time from which the axis is logarithmic."""


def latency(view: TaskView) -> Plot | Missing:
    all_times = {name: sorted(row.e2e_s for row in rows if row.deployed) for name, rows in view.timed.items()}
    times = {view.looks[name].label: values for name, values in all_times.items() if values}
    if len(times) < 2:
        return Missing(LATENCY, ONE_TIMED if times else NOT_TIMED)
    colours = {
        view.looks[name].label: view.looks[name].colour for name, values in all_times.items() if values
    }
    medians = {
        label: middle for label, values in times.items() if (middle := percentiles(values).p50) is not None
    }
    points = [{"label": label, "s": value} for label, values in times.items() for value in thinned(values)]
    middles = [{"label": label, "s": value, "text": seconds(value)} for label, value in medians.items()]
    axes = chart.Axes(_time_axis([value for values in times.values() for value in values]))
    thin = chart.mark("tick", thickness=1.5, size=16, opacity=0.6)
    layers = [
        axes.layer(thin, "s", "label", rows=points, color=chart.by("label", colours)),
        axes.layer(chart.mark("tick", thickness=3, size=24, color=chart.INK), "s", "label", rows=middles),
        axes.layer(chart.text(dy=-18, fontSize=11), "s", "label", rows=middles, text="text"),
    ]
    counts = ", ".join(f"{label} {len(values)}" for label, values in times.items())
    thick = "; the thick one is the median" if medians else ""
    caption = f"A thin line is one question, answered alone{thick}. Timed questions: {counts}."
    descriptions = (
        f"{label}: median {seconds(medians[label])}"
        if label in medians
        else f"{label}: {seconds(values[0])} to {seconds(values[-1])}"
        for label, values in times.items()
    )
    return chart.plot(LATENCY, caption, descriptions, layers, height=44 * len(times))


def stages(view: TaskView) -> Plot | Missing:
    means = {
        view.looks[name].label: split for name, rows in view.timed.items() if (split := mean_stages(rows))
    }
    if len(means) < 2:
        return Missing(STAGES, ONE_TIMED if means else NOT_TIMED)
    edges = {label: [0.0, *accumulate(split)] for label, split in means.items()}
    parts = [
        {"label": label, "stage": stage, "start": start, "end": end}
        for label, ends in edges.items()
        for stage, (start, end) in zip(STAGE_COLOURS, pairwise(ends), strict=True)
    ]
    totals = [{"label": label, "end": ends[-1], "text": seconds(ends[-1])} for label, ends in edges.items()]
    longest = max(ends[-1] for ends in edges.values())
    axes = chart.Axes(
        chart.number("mean seconds", {"domain": [0, longest * 1.18], "nice": False}, tickCount=5)
    )
    colour = {**chart.by("stage", STAGE_COLOURS, {"symbolType": "square"}), "sort": None}
    layers = [
        axes.layer(
            chart.bar(stroke=chart.PAPER, strokeWidth=1), ("start", "end"), "label", rows=parts, color=colour
        ),
        axes.layer(chart.text(align="left", dx=5), "end", "label", rows=totals, text="text"),
    ]
    caption = (
        "Means over the timed questions, left to right: finding passages, reading the prompt until the first token, "
        "writing the rest of the answer."
    )
    descriptions = (
        f"{label}: "
        + ", ".join(f"{stage} {seconds(size)}" for stage, size in zip(STAGE_COLOURS, split, strict=True))
        for label, split in means.items()
    )
    return chart.plot(STAGES, caption, descriptions, layers, height=chart.ROW * len(means))


def mean_stages(rows: Sequence[TimingRow]) -> tuple[float, float, float] | None:
    """Mean seconds of retrieval, from there to the first token, and from there to the last; None where none was timed.

    The three add up to the mean latency. Of an adapter, the merged (deployed) form only; of a server, cold ones.
    """
    deployed = [row for row in rows if row.deployed]
    if not deployed:
        return None
    times = [(row.retrieve_s or 0.0, row.ttft_s, row.e2e_s) for row in deployed]
    retrieval, first, whole = map(statistics.fmean, zip(*times, strict=True))
    return retrieval, first - retrieval, whole - first


def thinned(ordered: Sequence[float]) -> list[float]:
    """At most `MOST_POINTS` of the values, evenly from the first to the last."""
    if len(ordered) <= MOST_POINTS:
        return list(ordered)
    step = (len(ordered) - 1) / (MOST_POINTS - 1)
    return [ordered[round(index * step)] for index in range(MOST_POINTS)]


def _time_axis(values: Sequence[float]) -> Spec:
    title = "seconds from question to last token"
    low, high = min(values), max(values)
    if low > 0 and high / low >= LOG_FROM:
        return chart.log(f"{title} (log axis)", chart.log_ticks(values), format="~g")
    return chart.number(title, {"domain": [0, high * 1.05], "nice": True}, tickCount=6)
