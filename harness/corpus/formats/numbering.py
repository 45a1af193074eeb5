"""The numbers that Word writes before the paragraphs of lists and headings: 5.2, (a), iii."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from harness.corpus.formats.elements import attribute, child_of, name_of, value_of
from harness.corpus.formats.numbers import numeral

_FORMS = {"lowerLetter": "a", "upperLetter": "A", "lowerRoman": "i", "upperRoman": "I"}
_PLACE = re.compile(r"%([1-9])")
_DEEPEST, _LONGEST = 8, 100
BULLET = "-"


@dataclass(frozen=True, slots=True)
class _Level:
    """How a level of a list counts. `text`: what it writes, `%2` for the number of the second level."""

    start: int
    form: str
    text: str
    style: str


@dataclass(frozen=True, slots=True)
class _List:
    """`counted`: names the lists that go on with one another's numbers; `starts`: where this one begins anew."""

    counted: str
    levels: dict[int, _Level]
    starts: dict[int, int]


class Numbering:
    """Counts the paragraphs of a document that are numbered, in their order."""

    def __init__(self, document: Any) -> None:
        self._lists = _lists(document)
        self._styles = {style.style_id: style.element for style in document.styles}
        self._counts: dict[str, dict[int, int]] = {}
        self._begun: set[tuple[str, int]] = set()

    def sign(self, properties: Any) -> tuple[int, str] | None:
        """The depth of a paragraph in its list, and what stands before it; None where it is in none."""
        style = value_of(properties, "pStyle")
        number, level = self._place(properties, style)
        if not number or number == "0":
            return None
        found = self._lists.get(number)
        if found is None:
            return level or 0, BULLET
        if level is None:
            level = next((depth for depth, one in found.levels.items() if one.style == style), 0)
        return level, self._counted(number, found, level)

    def _place(self, properties: Any, style: str) -> tuple[str, int | None]:
        """The list that a paragraph or its style names, and the level, where that is said."""
        number, level = "", None
        for _ in range(_DEEPEST):
            given = child_of(properties, "numPr")
            number = number or value_of(given, "numId")
            level = _integer(value_of(given, "ilvl"), level) if level is None else level
            element = self._styles.get(style)
            if number or element is None:
                break
            properties, style = child_of(element, "pPr"), value_of(element, "basedOn")
        return number, level

    def _counted(self, number: str, found: _List, level: int) -> str:
        """Count one more, and write it."""
        counts = self._counts.setdefault(found.counted, {})
        own = found.levels.get(level)
        if own is None or own.form == "bullet":
            return BULLET
        if level in found.starts and (number, level) not in self._begun:
            counts[level] = found.starts[level]
        else:
            counts[level] = counts[level] + 1 if level in counts else own.start
        self._begun.add((number, level))
        for deeper in [depth for depth in counts if depth > level]:
            del counts[deeper]

        def written(match: re.Match[str]) -> str:
            depth = int(match[1]) - 1
            one = found.levels.get(depth, own)
            return numeral(counts.get(depth, one.start), _FORMS.get(one.form, "1"))

        return _PLACE.sub(written, own.text).strip() or BULLET


def _lists(document: Any) -> dict[str, _List]:
    """The lists of a document by the ids that paragraphs name them by."""
    from docx.oxml import parse_xml

    parts = [
        relation.target_part
        for relation in document.part.rels.values()
        if relation.reltype.endswith("/numbering") and not relation.is_external
    ]
    if not parts:
        return {}
    root = parse_xml(parts[0].blob)
    kinds = {
        attribute(element, "abstractNumId"): _levels(element)
        for element in root
        if name_of(element) == "abstractNum"
    }
    lists = {}
    for element in root:
        if name_of(element) == "num":
            kind = value_of(element, "abstractNumId")
            changes = [child for child in element if name_of(child) == "lvlOverride"]
            levels = {
                **kinds.get(kind, {}),
                **{k: v for change in changes for k, v in _levels(change).items()},
            }
            starts = {
                _integer(attribute(change, "ilvl"), 0): int(start)
                for change in changes
                if (start := value_of(change, "startOverride")).isdecimal()
            }
            lists[attribute(element, "numId")] = _List(kind, levels, starts)
    return lists


def _levels(element: Any) -> dict[int, _Level]:
    return {
        _integer(attribute(level, "ilvl"), 0): _Level(
            _integer(value_of(level, "start"), 1),
            value_of(level, "numFmt", "decimal"),
            value_of(level, "lvlText")[:_LONGEST],
            value_of(level, "pStyle"),
        )
        for level in element
        if name_of(level) == "lvl"
    }


def _integer(text: str, default: int | None) -> Any:
    return int(text) if text.isdecimal() and len(text) < 10 else default
