"""What the text of every format looks like: lines without trailing spaces, one line per table row, code in fences.

These are Markdown's own signs, so that the chunker knows headings, tables and code whatever the file was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import takewhile, zip_longest

_LONG_HEADER = 120
_WIDEST = 50


def readable(stem: str) -> str:
    """A file's stem as a title: `travel-and_leave` → `Travel and leave`."""
    words = re.sub(r"[\s_-]+", " ", stem).strip()
    return words[:1].upper() + words[1:] or stem


_UNSEEN = re.compile("[\u00ad\u2060\ufeff]")
"""Soft hyphens, and marks that forbid a break: they take no room, and words with them are found by nobody."""


def tidy(text: str) -> str:
    """The text without signs that take no room, spaces at line ends, and empty lines around it or in a row."""
    lines = "\n".join(line.rstrip() for line in _UNSEEN.sub("", text).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n")


_LIKE_HEADING = re.compile(r"^ {0,3}(?=#{1,6} )", re.M)


def no_heading(text: str) -> str:
    """Text of which no line is taken for a heading: Markdown's backslash stands before the signs of one."""
    return _LIKE_HEADING.sub(r"\g<0>\\", text)


_LAYOUT = re.compile(r"#{1,6} |\|")
_NO_HEADING = re.compile(r"\\(?=#{1,6} )")


def lays_out(blocks: Iterable[str]) -> bool:
    """Whether the blocks of a table's row hold a heading or a table: then it is layout, no data."""
    return any(map(_LAYOUT.match, blocks))


def cell_text(blocks: Iterable[str]) -> str:
    """The blocks of a cell on one line; behind a row's bar nothing is taken for a heading."""
    return _NO_HEADING.sub("", " ".join(filter(None, map(one_line, blocks))))


def one_line(text: str) -> str:
    return " ".join(text.split())


def fenced(code: str, language: str = "") -> str:
    """Code between fences that are longer than any row of backticks in it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{code}\n{fence}"


def table(rows: Sequence[Sequence[str]], header: Sequence[str] | None = None) -> str:
    """Rows of cells as text: one line per row, under its header where there is one.

    A short header is a line of its own, as in Markdown, and the chunker repeats it. Under a long one each cell
    carries its heading (`Item: drill | Fee: 20 EUR`), as passages may cut such a row. Empty rows are left out.
    """
    lines = [[one_line(cell) for cell in row] for row in rows]
    lines = [row for row in lines if any(row)]
    heads = [one_line(cell) for cell in header or ()]
    width = max((_width(row) for row in (heads, *lines)), default=0)
    if width == 0:
        return ""
    if is_long(heads):
        if not lines:
            return _row(heads, width)
        return "\n".join(_headed(row, heads) for row in lines)
    if width == 1 and not any(heads):
        return no_heading("\n".join(row[0] for row in lines))
    rule = [_row(heads, width), "|" + " --- |" * width] if any(heads) else []
    return "\n".join([*rule, *(_row(row, width) for row in lines)])


def is_long(heads: Sequence[str]) -> bool:
    """Whether a header is too long to be repeated, so that each cell carries its heading."""
    return any(heads) and len(" | ".join(heads)) > _LONG_HEADER


def headed_table(rows: Sequence[Sequence[str]], heads: int) -> str:
    """A table whose first rows, `heads` of them, are its header: a column's headings from the top, each once."""
    columns = zip_longest(*rows[:heads], fillvalue="")
    header = [" / ".join(dict.fromkeys(filter(None, map(one_line, column)))) for column in columns]
    return table(rows[heads:], header or None)


def _width(row: Sequence[str]) -> int:
    return max((number for number, cell in enumerate(row, start=1) if cell), default=0)


def _row(cells: Sequence[str], width: int) -> str:
    missing = width - len(cells) if width <= _WIDEST else 0  # a page may claim a hundred thousand columns
    padded = [*cells[:width], *[""] * missing]
    return "|" + "".join(f" {cell.replace('|', chr(92) + '|')} |" for cell in padded)


def _headed(cells: Sequence[str], heads: Sequence[str]) -> str:
    named = zip(cells, [*heads, *[""] * len(cells)], strict=False)
    return " | ".join(f"{head}: {cell}" if head else cell for cell, head in named if cell)


def sheet(rows: Sequence[Sequence[str]]) -> str:
    """A spreadsheet's rows as text: its first row of several cells is the header, lines above it are its title.

    After an empty row, a row of words without digits begins a table of its own, and so does a title above one that
    is no row of the table before: it repeats that one's header, or is of another width.
    """
    blocks: list[list[Sequence[str]]] = [[]]
    after_gap = False
    for number, row in enumerate(rows):
        filled = any(cell.strip() for cell in row)
        if after_gap and filled and _opens_table(rows, number, blocks[-1]):
            blocks.append([])
        if filled:
            blocks[-1].append(row)
        after_gap = not filled
    return "\n\n".join(text for block in blocks if (text := _block(block)))


def _opens_table(rows: Sequence[Sequence[str]], number: int, before: Sequence[Sequence[str]]) -> bool:
    """Whether the rows from here to the next empty one are a table of their own; `before`: the rows of the last one.

    A line above them may be a title, or name a group of rows (`Finance`) of the table before.
    """
    block = list(takewhile(any, (_filled(rows[at]) for at in range(number, len(rows)))))
    several = [row for row in block if len(row) > 1]
    if not several or re.search(r"\d", "".join(several[0])):
        return False
    above = next((filled for row in before if len(filled := _filled(row)) > 1), [])
    other = len(several) > 1 and max(map(len, several)) != len(above)
    return len(block[0]) > 1 or several[0] == above or other


def _filled(row: Sequence[str]) -> list[str]:
    return [cell for cell in row if cell.strip()]


def _block(rows: Sequence[Sequence[str]]) -> str:
    several = [number for number, row in enumerate(rows) if sum(bool(cell.strip()) for cell in row) > 1]
    if not several:
        return no_heading("\n".join(one_line(" ".join(row)) for row in rows))
    first = several[0]
    title = no_heading("\n".join(one_line(" ".join(row)) for row in rows[:first]))
    numbers = all(re.fullmatch(r"[\d.,:/%€$£+-]*", cell.strip()) for cell in rows[first])
    body = table(rows[first:]) if numbers else table(rows[first + 1 :], rows[first])
    return f"{title}\n\n{body}" if title else body


def small_table(rows: Sequence[Sequence[str]]) -> str:
    """A table of a document or slide: its first row is the header where it has no digits, or only years."""
    if len(rows) > 1 and len(rows[0]) > 1 and all(cell.strip() for cell in rows[0][1:]):
        named = [re.sub(r"\b(?:19|20)\d\d\b", "", cell) for cell in rows[0]]
        if not re.search(r"\d", "".join(named)):
            return table(rows[1:], rows[0])
    return table(rows)


def plain(source: str, stem: str) -> tuple[str, str]:
    """Title (from the stem) and text of a plain text file."""
    return readable(stem), tidy(source)
