"""What a report says, once, for every format: a document of sections made of sentences, lists and tables.

Cells are plain text. Each format escapes them for itself.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """Headers and rows of equal length; the first column names the row."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Bullets:
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """Lines of one chart: (name, points as (x, y)) each; drawn in HTML only."""

    caption: str
    lines: tuple[tuple[str, tuple[tuple[float, float], ...]], ...]


@dataclass(frozen=True, slots=True)
class Replies:
    """One question, its right answers, and (strategy, verdict, reply) of everybody who answered it."""

    question_id: str
    question: str
    answers: tuple[str, ...]
    replies: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Details:
    """Every reply to the questions of a task, folded away; shown in HTML only."""

    title: str
    note: str
    questions: tuple[Replies, ...]


Block = str | Table | Bullets | Curve | Details


@dataclass(frozen=True, slots=True)
class Section:
    """A heading (level 2 or 3) and what stands under it."""

    title: str
    blocks: tuple[Block, ...]
    level: int = 2


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report. `verdicts` (one line a task) and `warnings` stand on top; `facts` are (name, value)."""

    title: str
    verdicts: tuple[str, ...]
    warnings: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]


def section(title: str, *blocks: Block | None, level: int = 2) -> Section | None:
    """A section of the blocks that have something to say, or None where none has."""
    full = tuple(block for block in blocks if block and _has_content(block))
    return Section(title, full, level) if full else None


def _has_content(block: Block) -> bool:
    match block:
        case Table(rows=rows):
            return bool(rows)
        case Bullets(items=items):
            return bool(items)
        case Curve(lines=lines):
            return bool(lines)
        case Details(questions=questions):
            return bool(questions)
    return bool(block)
