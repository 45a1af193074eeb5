"""How a system wants a corpus cut: which documents, and the passages that they are cut into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from harness.corpus.chunks import CHUNKER, chunk_documents
from harness.corpus.document import Document
from harness.corpus.documents import Corpus
from harness.corpus.embedder import Embedder, Prefixes
from harness.errors import InputError, shown
from harness.records import Passage
from harness.spec.context import Gold, Retrieved

Chunking = dict[str, Any]
"""What decides where passages are cut, in an index's key."""


def chunking_of(passages: Retrieved | Gold, embedder: Embedder, prefixes: Prefixes) -> Chunking:
    """Raises InputError where chunks would be longer than the embedder reads or leave no room beside the prefix."""
    _check_sizes(passages, embedder, prefixes)
    chunking: Chunking = {
        "chunker": CHUNKER,
        "chunk_tokens": passages.chunk_tokens,
        "overlap_tokens": passages.overlap_tokens,
    }
    if prefixes.passage:
        chunking["passage_prefix"] = prefixes.passage
    if passages.headings:
        chunking["headings"] = True
    return chunking


def cut(documents: Sequence[Document], embedder: Embedder, chunking: Chunking) -> tuple[Passage, ...]:
    """The passages of documents, as `chunk_documents`; their length is counted behind the prefix."""
    prefix = chunking.get("passage_prefix", "")

    def count(texts: Sequence[str]) -> list[int]:
        return embedder.count_tokens([prefix + text for text in texts])

    return chunk_documents(
        documents,
        count,
        chunking["chunk_tokens"],
        chunking["overlap_tokens"],
        headings=chunking.get("headings", False),
    )


def searched(corpus: Corpus, within: Sequence[str] | None) -> Corpus:
    """The part of a corpus that is searched, by globs of document ids (none: all of it).

    Raises InputError where it has no such document.
    """
    if not within:
        return corpus
    kept = tuple(
        document
        for document in corpus.documents
        if any(fnmatchcase(document.doc_id, pattern) for pattern in within)
    )
    if not kept:
        raise InputError(
            f"retrieval.within is {', '.join(map(shown, within))}, and no id of the {len(corpus):,} "
            f"documents is like that; the first is {shown(corpus.documents[0].doc_id)}."
        )
    return replace(corpus, documents=kept)


def _check_sizes(passages: Retrieved | Gold, embedder: Embedder, prefixes: Prefixes) -> None:
    if passages.chunk_tokens > embedder.max_tokens:
        raise InputError(
            f"the embedder {embedder.name!r} reads {embedder.max_tokens} tokens; "
            f"chunks of {passages.chunk_tokens} would be cut unseen."
        )
    (taken,) = embedder.count_tokens([prefixes.passage]) if prefixes.passage else (0,)
    if taken > passages.chunk_tokens // 2:
        raise InputError(
            f"the prefix of passages, {shown(prefixes.passage)}, takes {taken} of the {passages.chunk_tokens} tokens "
            "of a passage; raise retrieval.chunk_tokens, or shorten retrieval.passage_prefix."
        )
