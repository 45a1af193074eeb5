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
    """The page with its CDATA as text and, where it says that it is XHTML, an end tag for each element that `/>` ends.

    HTML reads `<title/>` and `<script src="x"/>` as open, and all behind them as theirs. CDATA is a comment to it, but
    wikis write code into it.
    """
    markup, *rest = source.split(_CDATA)
    page = markup + "".join(map(_as_text, rest))
    declared = _DECLARED.match(source) or _DECLARED.search(source, 0, 2_000)
    return _CLOSED.sub(_ended, page) if declared else page


def _as_text(behind: str) -> str:
    """What stands behind the opening of a CDATA section, up to the next one."""
    text, closing, markup = behind.partition("]]>")
    whole = closing and "</script" not in text.lower()  # of a script, which names the sign, it may be none
    return escape(text) + markup if whole else _CDATA + behind


def _ended(match: re.Match[str]) -> str:
    name, attributes = match.groups()
    return match[0] if name.lower() in _VOID else f"<{name}{attributes}></{name}>"
