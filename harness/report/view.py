"""What is said of a run, before it has a form: sections made of sentences, lists and tables.

Cells are plain text. Each format escapes them for itself; `visible` writes out what a reader would not see.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from harness.steps import Step

T = TypeVar("T")
Text = str | Step
"""A text, or what to do next, of which each form sets the command apart."""


def as_text(text: Text) -> str:
    return text.in_words if isinstance(text, Step) else text


@dataclass(frozen=True, slots=True)
class Table:
    """Headers and rows of equal length; the first column names the row."""

    headers: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]

    def __bool__(self) -> bool:
        return bool(self.rows)


Columns = tuple[tuple[str, Callable[[T], Text]], ...]
"""Each a header and how an item's cell is written."""


def table_of(items: Iterable[T], *columns: tuple[str, Callable[[T], Text]]) -> Table:
    """One row per item."""
    headers, cells = zip(*columns, strict=True)
    return Table(headers, tuple(tuple(cell(item) for cell in cells) for item in items))


def without(table: Table, header: str) -> Table:
    """The table without the column of that header."""
    place = table.headers.index(header)
    rows = tuple((*row[:place], *row[place + 1 :]) for row in table.rows)
    return Table((*table.headers[:place], *table.headers[place + 1 :]), rows)


@dataclass(frozen=True, slots=True)
class Bullets:
    items: tuple[Text, ...]

    def __bool__(self) -> bool:
        return bool(self.items)


Block = Text | Table | Bullets


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: tuple[Block, ...]


def sections(*parts: Section | None) -> tuple[Section, ...]:
    return tuple(part for part in parts if part)


def section(title: str, *blocks: Block | None) -> Section | None:
    """A section of the blocks that have something to say, or None where none has."""
    full = tuple(block for block in blocks if block)
    return Section(title, full) if full else None


def led(lead: str, body: Table | Bullets) -> tuple[Block, ...]:
    """A sentence and what it introduces; neither where there is nothing to introduce."""
    return (lead, body) if body else ()


UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff]"
)
"""Control characters, marks of direction and width, what is no character: they change how a text looks and are not seen
themselves."""


def visible(text: str) -> str:
    """The text with each unseen character written as its code: `[U+202E]`."""
    return UNSEEN.sub(lambda match: f"[U+{ord(match.group()):04X}]", text)
