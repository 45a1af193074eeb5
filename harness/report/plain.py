"""Blocks as plain text for a terminal: sentences wrapped, tables in columns, nothing coloured.

Nothing is escaped but what a terminal would obey: a reply may hold control characters.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator, Sequence

from harness.report.view import Block, Bullets, Section, Table, Text, as_text, visible

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
        yield from ("", *textwrap.wrap(visible(as_text(block)), width, break_on_hyphens=False))
    elif isinstance(block, Bullets):
        for item in block.items:
            yield from textwrap.wrap(
                visible(as_text(item)),
                width,
                initial_indent="- ",
                subsequent_indent="  ",
                break_on_hyphens=False,
            )
    elif isinstance(block, Table):
        yield ""
        yield from _table(block)


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
