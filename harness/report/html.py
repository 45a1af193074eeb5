"""The report as one HTML page: opens from disk, loads nothing, runs nothing, escapes every text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.report.view import Bullets, Curve, Details, Document, Table

TEMPLATES = Path(__file__).with_name("templates")
WIDTH, HEIGHT, MARGIN = 640.0, 200.0, 8.0
"""Size of a chart's drawing area and the space around its lines, in the units of its view box."""

_KINDS = {str: "text", Table: "table", Bullets: "bullets", Curve: "curve", Details: "details"}


def render(document: Document) -> str:
    """The document as an HTML page. A fault in the template raises: nothing is left blank silently."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["kind"] = lambda block: _KINDS[type(block)]
    environment.filters["chart"] = chart
    return environment.get_template("report.html.j2").render(document=document, width=WIDTH, height=HEIGHT)


def chart(curve: Curve) -> dict[str, Any]:
    """The curve scaled to the view box: {low, high, first, last, lines: [{name, points: "x,y x,y"}]}."""
    xs = [x for _, points in curve.lines for x, _ in points]
    ys = [y for _, points in curve.lines for _, y in points]
    low, high, first, last = min(ys), max(ys), min(xs), max(xs)
    lines = [
        {
            "name": name,
            "points": " ".join(
                f"{_scale(x, first, last, WIDTH):.1f},{HEIGHT - _scale(y, low, high, HEIGHT):.1f}"
                for x, y in points
            ),
        }
        for name, points in curve.lines
    ]
    return {"low": low, "high": high, "first": first, "last": last, "lines": lines}


def _scale(value: float, low: float, high: float, size: float) -> float:
    share = (value - low) / (high - low) if high > low else 0.5
    return MARGIN + share * (size - 2 * MARGIN)
