"""Specifications → SVG by vl-convert: no browser, no network, and text stays text."""

from __future__ import annotations

import re
from html import escape

from harness.report.pictures.plot import Drawn, Plot

_ROLES = re.compile(r'(<\w+ class="[^"<>]*") role="graphics-[\w-]+" aria-roledescription="[^"<>]*"')
"""Vega calls every mark a picture of its own, without a name; here the whole is the picture, and it has one."""


def draw(plot: Plot) -> Drawn:
    """The plot as an SVG that carries its description; the same plot gives the same bytes.

    The library is imported here: whoever draws nothing does not wait for it.
    """
    import vl_convert

    svg = vl_convert.vegalite_to_svg(plot.spec, allowed_base_urls=[])
    svg = _ROLES.sub(r"\1", svg)
    said = escape(f"{plot.title}. {plot.told}", quote=True)
    return Drawn(plot, svg.replace("<svg ", f'<svg role="img" aria-label="{said}" ', 1))
