"""Pages made to be slow (or broken by a generator) lose tags, never text, before they are parsed.

HTML's own rules take time that grows with the square of the depth, of the attributes of a tag and of the formatting
tags left open; browsers cut these, too. Pages as people write them pass through unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_SMALL_PAGE = 20_000
"""A page of fewer characters cannot be slow."""
_DEEPEST = 400
_MOST_FORMATS = 40
_LONGEST_TAG = 4_000
_MOST_ROOTS = 20

_FORMATS = frozenset(
    ("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u")
)
_FLAT = frozenset((
    *("p", "li", "td", "tr", "th", "dt", "dd", "option", "thead", "tbody", "tfoot", "rt", "rp", "colgroup"),
    *("br", "img", "hr", "input", "meta", "link", "wbr", "area", "base", "col", "embed", "param", "source", "track"),
))  # fmt: skip
"""Elements that hold nothing, or that the next of their kind ends."""
_ROOTS = frozenset(("html", "body"))


_TAG = re.compile(rf"<(/?)((?!(?:{'|'.join(sorted(_FLAT))})[\s/>])[a-zA-Z][^\s/<>]{{0,30}})", re.I)
_ANY_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/<>]{0,30})")


def tamed(source: str) -> str:
    """The page, without the tags that would make its parsing slow."""
    if len(source) < _SMALL_PAGE:
        return source
    has_long_tags = max(map(len, source.split(">"))) > _LONGEST_TAG
    tags = list(_tags(source, _ANY_TAG if has_long_tags else _TAG))
    return "".join(_pieces(source, tags, _many_formats(tags)))


_Tag = tuple[int, int, str, bool]
"""Start, end, lower-case name, and whether it closes an element."""


def _tags(source: str, pattern: re.Pattern[str]) -> Iterator[_Tag]:
    end = 0
    for match in pattern.finditer(source):
        if match.start() >= end:
            end = source.find(">", match.end()) + 1 or len(source)
            yield match.start(), end, match[2].lower(), bool(match[1])


def _many_formats(tags: Sequence[_Tag]) -> bool:
    """Whether formatting tags are left open by the dozen, as each paragraph would open them all again."""
    is_open = most = 0
    for _, _, name, closing in tags:
        if name in _FORMATS:
            is_open = max(0, is_open - 1) if closing else is_open + 1
            most = max(most, is_open)
    return most > _MOST_FORMATS


def _pieces(source: str, tags: Sequence[_Tag], many_formats: bool) -> Iterator[str]:
    depth = done = roots = 0
    for start, end, name, closing in tags:
        roots += name in _ROOTS
        drop = (many_formats and name in _FORMATS) or (name in _ROOTS and roots > _MOST_ROOTS)
        if name not in _FLAT and name not in _ROOTS and not drop:
            drop = depth > _DEEPEST if closing else depth >= _DEEPEST
            depth = max(0, depth - 1) if closing else depth + 1
        if drop or end - start > _LONGEST_TAG:
            yield source[done:start]
            if not drop:
                yield f"<{'/' if closing else ''}{name}>"
            done = end
    yield source[done:]
