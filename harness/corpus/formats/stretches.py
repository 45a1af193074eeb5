"""Which lines of a Markdown source the parser has to look at: most of a file needs no change, and parsing is slow."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.corpus.formats.inline import needs_reading
from harness.corpus.layout import Layout

_UNDERLINED = re.compile(r"\S[ \t]*\n[ >]*(?:=+|-+)[ \t]*$", re.M)
_WIDE_TABLE = re.compile(r"^(?=[^\n|]*\|)[^\n]{100,}\n[ \t>]*\|?[ \t]*:?-+:?[ \t]*\|", re.M)
_SPANS_EMPTY_LINES = re.compile(r"<(?:[!?]|/?(?:pre|script|style|textarea)\b)", re.I)

Lines = tuple[int, int]
"""Lines from the first on, up to the second."""


def stretches(lines: list[str], found: Layout) -> Iterator[Lines]:
    """The stretches of lines that the parser may change, each whole: no block of Markdown reaches out of one.

    A line that begins at the margin, behind an empty one and outside code, begins a block of its own; only comments
    and a few elements of HTML reach over such lines, and a source that has them is one stretch.
    """
    source = "\n".join(lines)
    if not _may_change(source):
        return
    if _SPANS_EMPTY_LINES.search(source):
        yield 0, len(lines)
        return
    first = last = 0
    for start, end, text in _pieces(lines, found):
        if _may_change(text):
            if start > last:
                if last > first:
                    yield first, last
                first = start
            last = end
    if last > first:
        yield first, last


def _may_change(source: str) -> bool:
    return needs_reading(source) or any(sign.search(source) for sign in (_UNDERLINED, _WIDE_TABLE))


def _pieces(lines: list[str], found: Layout) -> Iterator[tuple[int, int, str]]:
    """Pieces of the source with their lines; of code at the margin nothing is to be read."""
    code = dict(found.code)
    inside = iter(found.code)
    span = next(inside, None)
    first = offset = begins = 0
    for number, line in enumerate(lines):
        while span is not None and span[1] < offset:
            span = next(inside, None)
        in_code = span is not None and span[0] < offset
        if number and not in_code and line[:1].strip() and not lines[number - 1].strip():
            yield first, number, _text(lines[first:number], code.get(begins), begins)
            first, begins = number, offset
        offset += len(line) + 1
    yield first, len(lines), _text(lines[first:], code.get(begins), begins)


def _text(lines: list[str], code_end: int | None, begins: int) -> str:
    text = "\n".join(lines)
    return "" if code_end is not None and begins + len(text.rstrip()) <= code_end else text
