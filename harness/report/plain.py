"""Blocks as plain text for a terminal: sentences wrapped, tables in columns, nothing coloured.

Nothing is escaped but what a terminal would obey: a reply may hold control characters.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator, Sequence

from harness.report.view import Block, Bullets, Section, Table, Text, as_text, visible
from harness.steps import Step

WIDTH = 110
ANY_WIDTH = 10_000
"""Tables are as wide as their cells: a line cut in two is hard to search."""


def render(blocks: Sequence[Block], width: int = WIDTH) -> str:
    return "\n".join(line for block in blocks for line in _block(block, width))


def sections(parts: Sequence[Section], width: int = WIDTH) -> str:
    """Sections, each under its title."""
    return "\n\n".join(f"{visible(section.title)}\n{render(section.blocks, width)}" for section in parts)


def _block(block: Block, width: int) -> Iterator[str]:
    if isinstance(block, Text):
        yield from ("", *_wrapped(block, width))
    elif isinstance(block, Bullets):
        for item in block.items:
            yield from _wrapped(item, width, "- ", "  ")
    elif isinstance(block, Table):
        yield ""
        yield from _table(block)


def _wrapped(text: Text, width: int, first: str = "", rest: str = "") -> list[str]:
    """A text on lines no longer than `width`; the command of a step on a single one, as somebody copies it."""

    def lines(words: str) -> list[str]:
        return textwrap.wrap(
            visible(words), width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
        )

    whole = lines(as_text(text))
    if isinstance(text, Step) and text.line and len(whole) > 1:
        return [*lines(f"{text.text}:"), f"{rest}{visible(text.line)}"]
    return whole


def _table(table: Table) -> Iterator[str]:
    """Cells under one another, two spaces between columns; rows apart where a cell has several lines."""
    import rich.table
    from rich.console import Console
    from rich.text import Text as RichText

    several = any("\n" in as_text(cell) for row in table.rows for cell in row)
    drawn = rich.table.Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for header in table.headers:
        drawn.add_column(RichText(visible(header)), no_wrap=True)
    for row in table.rows:
        first, *others = (RichText(visible(as_text(cell))) for cell in row)
        drawn.add_row(first + "\n" if several else first, *others)
    file = io.StringIO()
    Console(file=file, width=ANY_WIDTH, color_system=None).print(drawn)
    yield from (line.rstrip() for line in file.getvalue().splitlines())
