"""Blocks as plain text for a terminal: sentences wrapped, tables in columns, nothing coloured.

Nothing is escaped but what a terminal would obey: a reply may hold control characters.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from harness.report.page.text import visible
from harness.report.view import Block, Bullets, Section, Table

WIDTH = 110


def render(blocks: Sequence[Block], width: int = WIDTH) -> str:
    return "\n".join(line for block in blocks for line in _block(block, width))


def sections(found: Sequence[Section], width: int = WIDTH) -> str:
    """Sections, each under its title."""
    return "\n\n".join(f"{visible(section.title)}\n{render(section.blocks, width)}" for section in found)


def _block(block: Block, width: int) -> Iterator[str]:
    if isinstance(block, str):
        yield from ("", *textwrap.wrap(visible(block), width, break_on_hyphens=False))
    elif isinstance(block, Bullets):
        for item in block.items:
            yield from textwrap.wrap(
                visible(item), width, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False
            )
    elif isinstance(block, Table):
        yield ""
        yield from columns([[*map(visible, row)] for row in (block.headers, *block.rows)])


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows with their cells under one another, two spaces between columns."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)).rstrip()
