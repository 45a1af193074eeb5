"""What a picture is drawn from, the picture, its SVG, and what stands in its place where it cannot be drawn.

Specifications → SVG by vl-convert: no browser, no network, and text stays text. Labels are laid out with the font that
vl-convert carries, while a reader sees them in a font of their own, which may be wider. So text is laid out larger by
`FONT_MARGIN` than it is written: nothing is cut off, no labels touch.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from harness.analysis.results.run import AdapterResult, TaskResult
from harness.records import TimingRow
from harness.report.pictures.looks import Looks
from harness.report.view import visible
from harness.steps import Step

Spec = dict[str, Any]
"""A Vega-Lite specification, or a part of one."""


@dataclass(frozen=True, slots=True)
class TaskView:
    """What the pictures of one task are drawn from.

    `adapters`: those trained for this task. `timed`: system name → its timed questions, where it has any.
    """

    figures: TaskResult
    adapters: Sequence[AdapterResult]
    timed: Mapping[str, Sequence[TimingRow]]
    looks: Looks


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture to be drawn. `caption` says how to read it, `description` in words what it shows."""

    title: str
    caption: str
    description: str
    spec: Spec


@dataclass(frozen=True, slots=True)
class Missing:
    """A picture that cannot be drawn. `reason` is a sentence without its full stop, starting in lower case; `step`:
    what makes it one, where a flag does.
    """

    title: str
    reason: str
    step: Step | None = None


FONT_MARGIN = 1.18
"""How much wider DejaVu Sans and Verdana are, the widest fonts in common use, than the measuring font (as Arial)."""
_SIZE = re.compile(r'font-size="([\d.]+)px"')
_ROLES = re.compile(r'(<\w+ class="[^"<>]*") role="graphics-[\w-]+" aria-roledescription="[^"<>]*"')
"""Vega gives every mark the role of a picture, without a name. Here the whole is the picture, and it has a name."""


def draw(plot: Plot) -> str:
    """The plot as an SVG that carries its description; the same plot gives the same bytes.

    vl-convert is imported here, so that a command that draws nothing does not wait for it.
    """
    import vl_convert

    svg = vl_convert.vegalite_to_svg(_enlarged(plot.spec), allowed_base_urls=[])
    svg = _SIZE.sub(lambda size: f'font-size="{float(size[1]) / FONT_MARGIN:.4g}px"', _ROLES.sub(r"\1", svg))
    label = escape(visible(f"{plot.title}. {plot.description}"), quote=True)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)


def _enlarged(spec: Any) -> Any:
    """The same specification with every size of text made larger, and nothing in a text that no SVG may hold: on such
    a character vl-convert ends the process."""
    if isinstance(spec, dict):
        return {
            key: round(value * FONT_MARGIN, 4) if key.lower().endswith("fontsize") else _enlarged(value)
            for key, value in spec.items()
        }
    if isinstance(spec, list):
        return [_enlarged(part) for part in spec]
    return visible(spec) if isinstance(spec, str) else spec
