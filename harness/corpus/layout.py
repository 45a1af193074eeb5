"""Where the headings, the fenced code and the tables of a text stand, by the signs that all readers write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FENCE = re.compile(r"[\s>]*(?:[-*+][ \t]+|\d{1,9}[.)][ \t]+)?(?P<fence>`{3,}(?=[^`]*$)|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}(?: |$)")
_RULE = re.compile(r"[\s>]*+\|?[ \t]*+:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)*+\|?[ \t]*+$")

Span = tuple[int, int]
"""Characters from the first on, up to the second."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a header line. `body`: its rows, without the header and the rule below it."""

    header: Span
    body: Span


@dataclass(frozen=True, slots=True)
class Layout:
    headings: frozenset[int]
    """Where their first `#` stands."""
    code: tuple[Span, ...]
    """Blocks of code, from the opening fence to the end of the closing one."""
    tables: tuple[Table, ...]


def layout(text: str) -> Layout:
    """The headings, code and tables of a text, in its order. What stands in code is neither heading nor table."""
    headings: list[int] = []
    code: list[Span] = []
    tables: list[Table] = []
    fence, fence_start = "", 0
    before: Span = (0, 0)
    in_table = False
    for start, end in _lines(text):
        line = text[start:end]
        if fence:
            if _closes(line, fence):
                code.append((fence_start, end))
                fence = ""
        elif opening := _FENCE.match(line):
            fence, fence_start, in_table = opening["fence"], start, False
        elif in_table and "|" in line:
            tables[-1] = Table(tables[-1].header, (tables[-1].body[0], end))
        elif "|" in line and "|" in text[slice(*before)] and _RULE.match(line):
            tables.append(Table(before, (end + 1, end + 1)))
            in_table = True
        else:
            in_table = False
            if _HEADING.match(line):
                headings.append(start + len(line) - len(line.lstrip(" ")))
        before = (start, end)
    if fence:
        code.append((fence_start, len(text)))
    return Layout(frozenset(headings), tuple(code), tuple(tables))


def _lines(text: str) -> Iterator[Span]:
    start = 0
    while start <= len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield start, end
        start = end + 1


def _closes(line: str, fence: str) -> bool:
    sign = line.strip(" \t>")
    return len(sign) >= len(fence) and not sign.strip(fence[0])
