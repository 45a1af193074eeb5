"""What is said of a run, before it has a form: sections made of sentences, lists and tables.

Cells are plain text. Each format escapes them for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Table:
    """Headers and rows of equal length; the first column names the row."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def table_of(items: Iterable[T], *columns: tuple[str, Callable[[T], str]]) -> Table:
    """A row an item; a column is a header and how an item's cell is written."""
    headers, cells = zip(*columns, strict=True)
    return Table(headers, tuple(tuple(cell(item) for cell in cells) for item in items))


@dataclass(frozen=True, slots=True)
class Bullets:
    items: tuple[str, ...]


Block = str | Table | Bullets


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """All figures of a run: the sections of each task, in the order of the results, and those of the run as a whole."""

    tasks: dict[str, tuple[Section, ...]]
    general: tuple[Section, ...]


def sections(*parts: Section | None) -> tuple[Section, ...]:
    return tuple(part for part in parts if part)


def section(title: str, *blocks: Block | None) -> Section | None:
    """A section of the blocks that have something to say, or None where none has."""
    full = tuple(block for block in blocks if block and _has_content(block))
    return Section(title, full) if full else None


def _has_content(block: Block) -> bool:
    match block:
        case Table(rows=rows):
            return bool(rows)
        case Bullets(items=items):
            return bool(items)
    return bool(block)
