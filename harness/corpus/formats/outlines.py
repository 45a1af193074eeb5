"""The numbers that OpenDocument writes before the items of lists and before headings, as its styles say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from xml.etree.ElementTree import Element

from harness.corpus.formats.elements import attribute
from harness.corpus.formats.numbers import numeral

BULLET = "-"
_DEEPEST, _LONGEST = 10, 100


class _Level(NamedTuple):
    """How a level counts: `shown` levels stand in its number, between `before` and `behind`; no form: no number."""

    form: str
    before: str
    behind: str
    shown: int
    start: int


class Outlines:
    """Counts the items of lists and the headings of a document, in their order."""

    def __init__(self, roots: Iterable[Element]) -> None:
        self._lists: dict[str, dict[int, _Level]] = {}
        self._outline: dict[int, _Level] = {}
        for root in roots:
            for style in root.iterfind(".//{*}list-style"):
                self._lists[attribute(style, "name")] = dict(map(_level, style))
            for style in root.iterfind(".//{*}outline-style"):
                self._outline = dict(map(_level, style))
        self._headings: dict[int, int] = {}
        self._kept: dict[str, dict[int, int]] = {}
        self._open: dict[int, str] = {}
        """By depth: the style of the list that is open."""

    def begin(self, element: Element, depth: int) -> None:
        """A list begins; one within another goes on in its style."""
        around = self._open.get(depth - 1, "")
        style = self._open[depth] = attribute(element, "style-name") or around
        if attribute(element, "continue-numbering") != "true" and (depth == 0 or style != around):
            self._kept[style] = {}

    def item(self, element: Element, depth: int) -> str:
        """The sign of an item."""
        style = self._open[depth]
        levels, counts = self._lists.get(style, {}), self._kept.setdefault(style, {})
        return _counted(levels, counts, depth + 1, attribute(element, "start-value")) or BULLET

    def heading(self, element: Element, level: int) -> str:
        """The number of a heading; empty for none."""
        if attribute(element, "is-list-header") == "true":
            return ""
        given = attribute(element, "start-value") if attribute(element, "restart-numbering") == "true" else ""
        return _counted(self._outline, self._headings, level, given)


def _counted(levels: dict[int, _Level], counts: dict[int, int], depth: int, given: str) -> str:
    """Count one more at a depth, and write its number; empty where the level has none."""
    own = levels.get(depth)
    if own is None or not own.form:
        return ""
    counts[depth] = _integer(given, counts[depth] + 1 if depth in counts else own.start)
    for deeper in [one for one in counts if one > depth]:
        del counts[deeper]
    numbers = []
    for above in range(max(1, depth - own.shown + 1), depth + 1):
        level = levels.get(above, own)
        if level.form:
            numbers.append(numeral(counts.get(above, level.start), level.form))
    return f"{own.before}{'.'.join(numbers)}{own.behind}".strip()


def _level(element: Element) -> tuple[int, _Level]:
    form = attribute(element, "num-format")
    return _integer(attribute(element, "level"), 0), _Level(
        form if form in ("1", "a", "A", "i", "I") else "",
        attribute(element, "num-prefix")[:_LONGEST],
        attribute(element, "num-suffix")[:_LONGEST],
        min(_integer(attribute(element, "display-levels"), 1), _DEEPEST),
        _integer(attribute(element, "start-value"), 1),
    )


def _integer(text: str, default: int) -> int:
    return int(text) if text and text.isdecimal() and len(text) < _DEEPEST else default
