"""What a picture is before it is drawn, and what stands in its place where the evidence for it is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Spec = dict[str, Any]
"""A Vega-Lite specification, or a part of one."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture to be drawn. `caption` says how to read it; `told` says in words what it shows."""

    title: str
    caption: str
    told: str
    spec: Spec


@dataclass(frozen=True, slots=True)
class Missing:
    """A picture that cannot be drawn. `reason` is a sentence without its full stop, starting in lower case."""

    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A plot and its SVG."""

    plot: Plot
    svg: str
