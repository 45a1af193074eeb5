"""What attributes and style sheets make of the elements of a page: raised, lowered, hidden, or a program's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

_MACHINERY = "[role=navigation]:not(body, main, article), .mw-editsection"
"""Menus, and what a wiki puts behind its headings."""
_NUMBERED = ", ".join(
    f".{name}"
    for name in ("linenos", "lineno", "linenodiv", "gutter", "ln", "lnt", "hljs-ln-numbers", "blob-num")
)
"""What shows the numbers of lines beside code."""
_LINE_NUMBERS = re.compile(r"[\d\s]*")
_INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_ANCHORS = frozenset(("¶", "§", "#", "🔗", "\uf0c1", "\u200b", "^", "↑", "↩", "↩︎"))
"""What links within a page show beside a heading, and behind a footnote."""
_RAISED = re.compile(r"vertical-align\s*:\s*(super|sub)\b", re.I)
_MOVED = re.compile(r"position\s*:\s*relative\s*;\s*top\s*:\s*(?P<up>-?)[\d.]+pt", re.I)
"""How Word raises text."""
_SHIFTED = re.compile(
    r"vertical-align\s*:\s*(?:(?:text-)?top\b|(?P<down>-?)0*+\.?0*+[1-9][\d.]*(?:px|pt|r?em|ex|%))", re.I
)
"""What raises a number, and places a picture or a button."""
_MARK = re.compile(r"\s*(?:[+−–-]?\d{1,3}|[a-z*†‡])\s*")
_RAISED_CLASS = re.compile(r"(?<!\S)(?:(?:oj|align|vertical-align)-)?(sup|sub)(?:er)?(?:script)?(?!\S)", re.I)
_RULE = re.compile(r"(?<![^{}])([^{}]+)\{([^{}]*)\}")
_MEDIA = re.compile(r"@media[^{}@]*+\{(?:[^{}]*+\{[^{}]*+\})*+[^{}]*+\}", re.I)
_HIDDEN = "hidden"
_SELECTOR = re.compile(r"\s*[a-z]*\.([\w-]+)\s*", re.I)


@lru_cache(maxsize=2)
def raised_classes(styles: str) -> dict[str, str]:
    """The classes that a style sheet raises, lowers or hides: name → `sup`, `sub` or `hidden`.

    What is hidden on paper or on small screens alone is not. Scripts may show it again, so its text stays; numbers
    stand apart.
    """
    if not _RAISED.search(styles) and not _INVISIBLE.search(styles):
        return {}
    return {
        match[1]: raised[1].lower()[:3] if (raised := _RAISED.search(body)) else _HIDDEN
        for selectors, body in _RULE.findall(_MEDIA.sub("", styles))
        if _RAISED.search(body) or _INVISIBLE.search(body)
        for selector in selectors.split(",")
        if (match := _SELECTOR.fullmatch(selector))
    }


def drop_machinery(page: Any) -> None:
    """Take out of a page what a program put there beside the text: menus, links to edit it, numbers of lines."""
    for node in page.css(_MACHINERY):
        node.decompose()
    for node in page.css(_NUMBERED):
        if _LINE_NUMBERS.fullmatch(node.text()):
            node.decompose()


def as_shown(name: str, node: Any, raised_by: Mapping[str, str]) -> str:
    """A piece of a line by what its attributes make of it: raised, lowered, or hidden (a sort key, an anchor's sign).

    Hidden blocks are no pieces of a line: they unfold on a click, and stay. `raised_by`: as of `raised_classes`.
    """
    attributes = node.attributes
    if not attributes:
        return name
    if name == "a" and (attributes.get("href") or "")[:1] == "#" and node.text(strip=True) in _ANCHORS:
        return "template"
    style, classes = attributes.get("style") or "", attributes.get("class") or ""
    if "hidden" in attributes or attributes.get("aria-hidden") == "true" or _INVISIBLE.search(style):
        return "template"
    if shift := shift_of(style, classes):
        return shift
    if "font-size" in style and (shifted := _SHIFTED.search(style)) and _touches(node):
        return "sub" if shifted["down"] else "sup"
    shift = next((raised_by[one] for one in classes.split() if one in raised_by), "") if raised_by else ""
    if shift == _HIDDEN:
        number = _LINE_NUMBERS.fullmatch(node.text()) and node.text(strip=True)
        return "button" if number else name  # a button's text stands apart
    return shift or name


def shift_of(style: str, classes: str) -> str:
    """`sup` or `sub` where a style or a class raises or lowers text; empty where neither does."""
    if raised := _RAISED.search(style) or _RAISED_CLASS.search(classes):
        return raised[1].lower()[:3]
    moved = _MOVED.search(style)
    return "" if moved is None else "sup" if moved["up"] else "sub"


def _touches(node: Any) -> bool:
    """Whether an element is a number or a mark that follows a word or a number without a space."""
    before = node.prev
    touching = before is not None and before.tag == "-text" and before.text_content[-1:].isalnum()
    return touching and _MARK.fullmatch(node.text()) is not None


def is_bold(node: Any) -> bool:
    """Whether all of an element's text is in bold type, as people write headings of tables."""
    bold = node.css("b, strong")
    return bool(bold) and node.text(strip=True) == "".join(part.text(strip=True) for part in bold) != ""
