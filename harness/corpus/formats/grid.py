"""The rows of an HTML table as they come in → its text: one line per row of data, layout as its blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from harness.corpus.formats.shape import headed_table, one_line

_LONG_CELL = 300
_WIDEST_SPAN = 30
_MOST_REPEATED = 10_000
"""Cells that spans may repeat, in one table; a page may claim millions of rows."""


class _Cell(NamedTuple):
    text: str
    heading: bool
    bold: bool
    rows: int
    columns: int


class Grid:
    """One table. A row with a heading, a table, code or several paragraphs in a cell is layout, not data."""

    def __init__(self) -> None:
        self._done: list[str] = []
        self._rows: list[tuple[list[_Cell], bool]] = []
        self._row: list[_Cell] | None = None
        self._in_head = self._blocks = False

    def opens(self, name: str) -> None:
        if name != "tr":
            self._in_head = name == "thead"
        else:
            self._row, self._blocks = [], False

    def has_blocks(self) -> None:
        """The open cell holds a heading, perhaps in a table within."""
        self._blocks = True

    def caption(self, text: str) -> None:
        self._done.append(text)

    @property
    def at_top(self) -> bool:
        """Whether the open row is the first."""
        return not self._rows

    def cell(self, name: str, text: str, rows: int, columns: int, *, bold: bool = False) -> None:
        """`bold`: all of its text is; such cells are headings where the first row has no others."""
        if _is_block(text) or ("\n" in text and _has_blocks(text)):
            self._blocks = True
        if self._row is None:
            self._row = []
        self._row.append(_Cell(text, name == "th", bold, max(rows, 1), min(max(columns, 1), _WIDEST_SPAN)))

    def closes(self) -> None:
        """A row has ended."""
        row, self._row = self._row or [], None
        if self._blocks:
            self._flush()
            self._done += [cell.text for cell in row]
            self._blocks = False
        elif row:
            is_head = self._in_head or all(cell.heading for cell in row)
            if self.at_top and len(row) > 1:
                is_head = is_head or all(cell.bold for cell in row)
            self._rows.append((row, is_head))

    def text(self) -> str:
        if self._row:
            self.closes()
        self._flush()
        return "\n\n".join(part for part in self._done if part)

    def _flush(self) -> None:
        """Write the rows of data that have come together."""
        rows, self._rows = self._rows, []
        heads = 0
        while heads < len(rows) and rows[heads][1]:
            heads += 1
        if heads == len(rows):  # headings without data: rows like any other
            heads = 0
        self._done.append(headed_table(list(_spread([[*row] for row, _ in rows], heads)), heads))


def _has_blocks(text: str) -> bool:
    paragraphs = text.split("\n\n")
    several = len(paragraphs) > 1 and len(text) > _LONG_CELL
    return several or "\n|" in text or any(map(_is_block, paragraphs))


def _is_block(text: str) -> bool:
    return text.startswith(("```", "|"))


def _flat(text: str) -> str:
    """A cell on one line; the items of a list keep apart."""
    if "\n" not in text:
        return text
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if len(lines) > 1 and all(line.startswith("- ") for line in lines):
        return "; ".join(line[2:] for line in lines)
    return one_line(" ".join(lines))


def _spread(rows: Sequence[Sequence[_Cell]], heads: int) -> Iterator[list[str]]:
    """Rows with a text for each column: a cell over several rows stands in each, a heading over its columns too."""
    hanging: dict[int, tuple[str, int]] = {}
    budget = _MOST_REPEATED
    for number, row in enumerate(rows):
        line: list[str] = []
        for cell in (*row, None):
            while (held := hanging.get(len(line))) is not None:
                text, left = held
                if left > 1 and budget > 0:
                    hanging[len(line)] = (text, left - 1)
                else:
                    del hanging[len(line)]
                budget -= 1
                line.append(text)
            if cell is None:
                break
            text = _flat(cell.text)
            for column in range(cell.columns):
                if cell.rows > 1 and budget > 0:
                    hanging[len(line)] = (text if not column else "", cell.rows - 1)
                line.append(text if not column or number < heads else "")
        yield line
