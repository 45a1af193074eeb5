"""XHTML, as files and chapters of books have it, in HTML's own writing: `<title/>` holds nothing, CDATA is text."""

from __future__ import annotations

import re
from html import escape

_DECLARED = re.compile(r"\s*<\?xml\b|<html\b[^>]{0,1000}\bxmlns\s*=", re.I)
_CDATA = "<![CDATA["
_CLOSED = re.compile(r"<(?P<name>[a-zA-Z][^\s/<>]{0,30})(?P<attributes>(?:\s[^<>]{0,4000})?)/>")
_VOID = frozenset(
    "area base br col embed hr img input link meta param source track wbr".split()  # noqa: SIM905
)


def as_html(source: str) -> str:
    """The page, where it says that it is XHTML with an end tag for each element that `/>` ends; else as it is.

    HTML reads `<title/>` and `<script src="x"/>` as open, and all behind them as theirs.
    """
    if not (_DECLARED.match(source) or _DECLARED.search(source, 0, 2_000)):
        return source
    markup, *rest = source.split(_CDATA)
    return _CLOSED.sub(_ended, markup + "".join(map(_as_text, rest)))


def _as_text(behind: str) -> str:
    """What stands behind the opening of a CDATA section, up to the next one."""
    text, closing, markup = behind.partition("]]>")
    return escape(text) + markup if closing else _CDATA + behind


def _ended(match: re.Match[str]) -> str:
    name, attributes = match.groups()
    return match[0] if name.lower() in _VOID else f"<{name}{attributes}></{name}>"
