"""Specifications → SVG by vl-convert: no browser, no network, and text stays text.

Room for text is measured with the font that vl-convert carries, and whoever reads the page sees it in a font of their
own, which may be wider. So text is laid out larger by `ROOM` than it is written: nothing is cut off, no labels touch.
"""

from __future__ import annotations

import re
from html import escape
from typing import Any

from harness.report.pictures.plot import Drawn, Plot

ROOM = 1.18
"""The measuring font is as wide as Arial; DejaVu Sans and Verdana, the widest in common use, are wider by so much."""
_SIZE = re.compile(r'font-size="([\d.]+)px"')

_ROLES = re.compile(r'(<\w+ class="[^"<>]*") role="graphics-[\w-]+" aria-roledescription="[^"<>]*"')
"""Vega calls every mark a picture of its own, without a name; here the whole is the picture, and it has one."""


def draw(plot: Plot) -> Drawn:
    """The plot as an SVG that carries its description; the same plot gives the same bytes.

    The library is imported here: whoever draws nothing does not wait for it.
    """
    import vl_convert

    svg = vl_convert.vegalite_to_svg(_roomy(plot.spec), allowed_base_urls=[])
    svg = _SIZE.sub(lambda size: f'font-size="{float(size[1]) / ROOM:.4g}px"', _ROLES.sub(r"\1", svg))
    said = escape(f"{plot.title}. {plot.told}", quote=True)
    return Drawn(plot, svg.replace("<svg ", f'<svg role="img" aria-label="{said}" ', 1))


def _roomy(spec: Any) -> Any:
    """The same specification with every size of text made larger."""
    if isinstance(spec, dict):
        return {
            key: round(value * ROOM, 4) if key.lower().endswith("fontsize") else _roomy(value)
            for key, value in spec.items()
        }
    return [_roomy(one) for one in spec] if isinstance(spec, list) else spec
