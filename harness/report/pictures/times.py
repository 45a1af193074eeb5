"""How long an answer takes: every timed question as a point, and where the mean time goes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise

from harness.analysis.means import mean
from harness.quantities import seconds
from harness.records import TimingRow
from harness.report.pictures import style
from harness.report.pictures.plot import Missing, Plot, Spec

Timed = Mapping[str, Sequence[TimingRow]]
LATENCY = "Latency of single questions"
STAGES = "Where the time goes"
STAGE_NAMES = ("retrieve", "to first token", "decode")
STAGE_FILLS = ("var(--stage1)", "var(--stage2)", "var(--stage3)")
NOT_TIMED = "no question was timed alone (--latency-queries 0)"
MOST_POINTS = 200
"""Points drawn for one strategy; of more, evenly spaced order statistics."""
LOG_FROM = 20.0
"""Ratio of the longest to the shortest time from which the axis is logarithmic."""


def latency(timed: Timed) -> Plot | Missing:
    ordered = {name: sorted(row.e2e_s for row in rows if row.merged) for name, rows in timed.items()}
    ordered = {name: values for name, values in ordered.items() if values}
    if not ordered:
        return Missing(LATENCY, NOT_TIMED)
    points = [
        {"strategy": name, "shown": style.shown(name), "s": value}
        for name, values in ordered.items()
        for value in thinned(values)
    ]
    middles = [
        {"strategy": name, "shown": style.shown(name), "s": middle(values), "label": seconds(middle(values))}
        for name, values in ordered.items()
    ]
    y = _rows(ordered)
    x = _time_axis(
        [value for values in ordered.values() for value in values], "seconds from question to last token"
    )
    fill = {"field": "strategy", "scale": style.colours(list(ordered)), "legend": None}
    layers = [
        {
            "data": {"values": points},
            "mark": {"type": "tick", "thickness": 1.5, "size": 16, "opacity": 0.6},
            "encoding": {"x": {"field": "s", **x}, "y": y, "color": fill},
        },
        {
            "data": {"values": middles},
            "mark": {"type": "tick", "thickness": 3, "size": 24, "color": style.INK},
            "encoding": {"x": {"field": "s", **x}, "y": y},
        },
        {
            "data": {"values": middles},
            "mark": {"type": "text", "dy": -18, "fontSize": 11},
            "encoding": {"x": {"field": "s", **x}, "y": y, "text": {"field": "label"}},
        },
    ]
    counts = ", ".join(f"{style.shown(name)} {len(values)}" for name, values in ordered.items())
    caption = f"A thin line is one question, answered alone; the thick one is the median. Timed questions: {counts}."
    told = "; ".join(f"{row['shown']}: median {row['label']}" for row in middles) + "."
    return Plot(LATENCY, caption, told, style.picture(layers, height=44 * len(ordered)))


def stages(timed: Timed) -> Plot | Missing:
    split = {name: found for name, rows in timed.items() if (found := mean_stages(rows))}
    if not split:
        return Missing(STAGES, NOT_TIMED)
    parts, totals = _segments(split)
    longest = max(row["end"] for row in totals)
    x: Spec = {
        "type": "quantitative",
        "scale": {"domain": [0, longest * 1.18], "nice": False},
        "axis": {"title": "mean seconds", "tickCount": 5},
    }
    y = _rows(split)
    layers = [
        {
            "data": {"values": parts},
            "mark": {"type": "bar", "height": 16, "stroke": style.PAPER, "strokeWidth": 1},
            "encoding": {
                "x": {"field": "start", **x},
                "x2": {"field": "end"},
                "y": y,
                "color": {
                    "field": "stage",
                    "sort": None,
                    "scale": {"domain": list(STAGE_NAMES), "range": list(STAGE_FILLS)},
                    "legend": {"symbolType": "square"},
                },
            },
        },
        {
            "data": {"values": totals},
            "mark": {"type": "text", "align": "left", "dx": 5},
            "encoding": {"x": {"field": "end", **x}, "y": y, "text": {"field": "label"}},
        },
    ]
    caption = (
        "Means over the timed questions, left to right: finding passages, reading the prompt until the first token, "
        "writing the rest of the answer."
    )
    return Plot(STAGES, caption, _told(split), style.picture(layers, height=style.ROW * len(split)))


def _segments(split: Mapping[str, Sequence[float]]) -> tuple[list[Spec], list[Spec]]:
    """A bar for each stage of each strategy, one behind the other, and where the last one ends."""
    parts: list[Spec] = []
    totals: list[Spec] = []
    for name, found in split.items():
        edges = [0.0, *accumulate(found)]
        for stage, (start, end) in zip(STAGE_NAMES, pairwise(edges), strict=True):
            parts.append({"shown": style.shown(name), "stage": stage, "start": start, "end": end})
        totals.append({"shown": style.shown(name), "end": edges[-1], "label": seconds(edges[-1])})
    return parts, totals


def mean_stages(rows: Sequence[TimingRow]) -> tuple[float, float, float] | None:
    """Mean seconds of retrieval, from there to the first token, and from there to the last; None where none was timed.

    The three add up to the mean latency. The merged (deployed) form of an adapter only.
    """
    merged = [row for row in rows if row.merged]
    if not merged:
        return None
    found = mean([row.retrieve_s or 0.0 for row in merged]) or 0.0
    first, whole = (mean([row.ttft_s for row in merged]) or 0.0, mean([row.e2e_s for row in merged]) or 0.0)
    return found, first - found, whole - first


def thinned(ordered: Sequence[float]) -> list[float]:
    if len(ordered) <= MOST_POINTS:
        return list(ordered)
    step = (len(ordered) - 1) / (MOST_POINTS - 1)
    return [ordered[round(index * step)] for index in range(MOST_POINTS)]


def middle(ordered: Sequence[float]) -> float:
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _rows(names: Mapping[str, object]) -> Spec:
    return {"field": "shown", "type": "nominal", "sort": [style.shown(name) for name in names], "title": None}


def _time_axis(values: Sequence[float], title: str) -> Spec:
    low, high = min(values), max(values)
    if low > 0 and high / low >= LOG_FROM:
        ticks = style.log_ticks(values)
        scale: Spec = {"type": "log", "domain": [ticks[0], ticks[-1]]}
        return {
            "type": "quantitative",
            "scale": scale,
            "axis": {"values": ticks, "title": f"{title} (log axis)", "format": "~g"},
        }
    top = high * 1.05 if math.isfinite(high) else 1.0
    return {
        "type": "quantitative",
        "scale": {"domain": [0, top], "nice": True},
        "axis": {"title": title, "tickCount": 6},
    }


def _told(split: Mapping[str, Sequence[float]]) -> str:
    return (
        "; ".join(
            f"{style.shown(name)}: "
            + ", ".join(f"{stage} {seconds(size)}" for stage, size in zip(STAGE_NAMES, found, strict=True))
            for name, found in split.items()
        )
        + "."
    )
