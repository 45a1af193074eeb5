"""The documents of a task one by one, as they were read: what `tasks docs` shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.corpus.cutting import chunking_of, cut, searched
from harness.corpus.documents import Corpus
from harness.corpus.embedder import Embedder
from harness.corpus.window import prefixes_of
from harness.records import PassedOver
from harness.spec.settings import Retrieval
from harness.spec.strategy import retrieved

_WIDEST = 60
NOT_COUNTED = (
    "Passages are not counted: the default embedder, whose tokens measure them, is not on this machine "
    "(harness models pull)."
)


@dataclass(frozen=True, slots=True)
class Read:
    """A document as it was read. `passages`: None where no embedder is here to measure them."""

    id: str
    title: str
    characters: int
    passages: int | None


@dataclass(frozen=True, slots=True)
class Listing:
    """Every document, by id, and the files that were passed over, each with its reason.

    `guessed`: files that are not Unicode, by the encoding that they were read in.
    """

    task: str
    corpus: str
    documents: tuple[Read, ...]
    passed_over: tuple[PassedOver, ...]
    guessed: Mapping[str, tuple[str, ...]]


def listing(task: str, corpus: Corpus, path: str, settings: Retrieval, embedder: Embedder | None) -> Listing:
    """`path`: where the corpus lies. Raises InputError as `chunking_of`."""
    passages = None if embedder is None else _passages(corpus, settings, embedder)
    documents = (
        Read(doc.doc_id, doc.title, len(doc.text), None if passages is None else passages[doc.doc_id])
        for doc in corpus
    )
    return Listing(task, path, tuple(documents), corpus.passed_over, corpus.inventory.guessed)


def _passages(corpus: Corpus, settings: Retrieval, embedder: Embedder) -> Counter[str]:
    """How many passages each document is cut into; none for those that `retrieval.within` leaves out."""
    way = retrieved(settings, embedder.name)
    chunking = chunking_of(way, embedder, prefixes_of(embedder, way))
    return Counter(
        passage.doc_id for passage in cut(searched(corpus, way.within).documents, embedder, chunking)
    )


def lines(shown: Listing) -> Iterator[str]:
    width = min(_WIDEST, max(len(document.id) for document in shown.documents))
    yield f"{'ID':<{width}}  CHARACTERS  PASSAGES  TITLE"
    for document in shown.documents:
        passages = "n/a" if document.passages is None else f"{document.passages:,}"
        yield f"{document.id:<{width}}  {document.characters:>10,}  {passages:>8}  {document.title}"
    if shown.documents[0].passages is None:
        yield NOT_COUNTED
    if shown.passed_over:
        yield "\nPassed over:"
        yield from (f"{file.path}: {file.reason}" for file in shown.passed_over)
    for encoding, files in shown.guessed.items():
        yield f"\nRead as {encoding}, as not UTF-8:"
        yield from files
