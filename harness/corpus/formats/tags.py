"""Tags in Markdown: which of them are HTML's, and which are text that looks like a tag."""

from __future__ import annotations

import re

_NAME = re.compile(r"</?(?P<name>[A-Za-z][A-Za-z0-9:._-]*)")
_HTML = frozenset(
    """a abbr acronym address area article aside audio b base basefont bdi bdo big blockquote body br button canvas
    caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em embed fieldset
    figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input
    ins kbd label legend li link main map mark marquee math menu meta meter nav nobr noframes noscript object ol
    optgroup option output p param picture pre progress q rp rt ruby s samp script search section select slot small
    source span strike strong style sub summary sup svg table tbody td template textarea tfoot th thead time title tr
    track tt u ul var video wbr annotation mfrac mi mn mo mover mrow msqrt mstyle msub msubsup msup mtable mtd mtext
    mtr munder munderover semantics circle defs desc ellipse g line path polygon polyline rect text tspan use""".split()  # noqa: SIM905
)


def tag_name(source: str) -> str:
    """The lower-case name of a tag; empty for comments and declarations."""
    match = _NAME.match(source)
    return match["name"].lower() if match else ""


def html_alone(source: str) -> bool:
    """Whether all tags of a piece of source are HTML's own: components and `<your-name>` are not."""
    without = re.sub(r"<!--.*?(?:-->|\Z)", "", source, flags=re.S)
    return all(match["name"].lower() in _HTML for match in _NAME.finditer(without))


def attribute(source: str, name: str) -> str:
    """The value of an attribute of a lone tag, read by the HTML parser."""
    from selectolax.lexbor import LexborHTMLParser

    node = LexborHTMLParser(source).css_first(f"[{name}]")
    return (node.attributes.get(name) or "") if node is not None else ""
