"""What a reader gives: documents with the places of their parts, and why a file was not read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.records import Cause


@dataclass(frozen=True, slots=True)
class Place:
    """A part of a document that people name: from character `start` of its text on, up to the next one."""

    start: int
    label: str


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a corpus, as it is chunked. `text` is never empty."""

    doc_id: str
    title: str
    text: str
    places: tuple[Place, ...] = ()
    """Pages, slides or sheets in the order of the text; empty where the format has none."""

    def named(self, doc_id: str) -> Document:
        return self if doc_id == self.doc_id else replace(self, doc_id=doc_id)


class NotRead(Exception):
    """A file, or a part of one, cannot be read. The message is the end of the sentence "PATH was not read: …"."""

    def __init__(self, cause: Cause, reason: str) -> None:
        super().__init__(reason)
        self.cause: Cause = cause


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a file holds: its title, its parts as (label, text), and what of it could not be read.

    A part's label names a place (`page 3`); it is empty where a format has no places.
    """

    title: str
    parts: tuple[tuple[str, str], ...]
    gaps: tuple[NotRead, ...] = ()
    encoding: str = ""
    """As of `Entry`."""


def document_of_parts(doc_id: str, title: str, parts: Sequence[tuple[str, str]]) -> Document:
    """A document of (label, text) parts, an empty line between them; parts without text are left out."""
    places: list[Place] = []
    texts: list[str] = []
    start = 0
    for label, text in parts:
        if text:
            if label:
                places.append(Place(start, label))
            texts.append(text)
            start += len(text) + 2
    return Document(doc_id, title, "\n\n".join(texts), tuple(places))


@dataclass(frozen=True, slots=True)
class Entry:
    """A document as it was read. `line`: where its record stands, in files that hold several.

    `encoding`: that of its file, where it is not Unicode and nothing but its letters says so.
    """

    document: Document
    line: int | None = None
    encoding: str = ""
