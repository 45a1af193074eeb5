"""What a corpus holds, and the passages that are shown of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.ranges import Count, Finite, Known, Name, Text


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk of a document as a reader sees it. `chunk_id` is `<doc_id>#<n>`, unique in its corpus.

    Where a task's systems cut it otherwise than its file says, `~` and a name of that cut follow.

    `place`: where in its document it stands ("page 3", "slide 2: Fees", "sheet Prices"); empty where a document has
    no such parts, as in evidence from before places were kept.
    """

    chunk_id: Name
    doc_id: Name
    title: Text
    text: Text
    place: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageRow(Passage):
    """One line of `passages.jsonl`: the text of a passage that was retrieved for a task."""

    task: Name


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage and its score for a query, higher is better; on which scale is for its ranking to say.

    Cosine for vectors, BM25's for words, the sum of reciprocal ranks for both; what a cross-encoder gives.
    """

    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class RankedDoc:
    """A passage that was retrieved, as evidence names it. `score` None: the run did not keep it."""

    doc_id: Known
    chunk_id: Known
    score: Finite | None = None


Cause = Literal[
    "type",
    "empty",
    "lfs",
    "link",
    "encoding",
    "encrypted",
    "extra",
    "scanned",
    "broken",
    "large",
    "unreadable",
]
"""Why a file of a corpus was passed over: its type is not read; it has no text after parsing; it is a Git LFS
pointer; it is a linked folder, or a link to nothing; it is in no encoding that is plain; it asks for a password; a
library of the `documents` extra is missing; it is a scan without text; it is damaged; it unpacks to more than is safe;
the system refuses to open it."""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A file of a corpus (or a record of a JSONL file) whose text is not among the documents.

    `path`: relative to the corpus, with `/`; of a record, with its line (`rows.jsonl:3`). `doc_id`: the id that its
    document would have; empty where it has none. `reason`: the end of the sentence "PATH was not read: …", without
    a full stop.
    """

    path: str
    cause: Cause
    reason: str
    doc_id: str = ""


@dataclass(frozen=True, slots=True)
class NotReadFiles:
    """Files of a corpus that were passed over for one `reason` (as of `PassedOver`), `paths`: the first of them."""

    reason: Text
    files: Count
    paths: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a corpus holds, as it was read: files and documents with text, their characters, and what was passed over.

    `formats`: files by suffix (`.md`), of those that were read, in alphabetical order. `guessed`: those of them that
    are not Unicode, by the encoding that they were read in.
    """

    files: int
    documents: int
    characters: int
    formats: tuple[tuple[str, int], ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    guessed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
