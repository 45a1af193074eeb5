"""Ranked passages for questions: the protocol, and what ranks them by vectors, by words, and by both."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from harness.corpus.building import IndexInfo, checked_vectors, open_dense
from harness.corpus.cutting import chunking_of, cut
from harness.corpus.documents import Corpus, corpus_sha256
from harness.corpus.embedder import Embedder
from harness.corpus.fusion import fused
from harness.corpus.index import PassageIndex
from harness.corpus.lexical import LexicalIndex, LexicalSource, open_lexical
from harness.corpus.window import prefixes_of
from harness.files import sha256_json
from harness.progress import Progress
from harness.records import Passage, Ranked
from harness.spec.system import Gold, Retrieved

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CANDIDATES = 50
"""What each ranking hands to the fusion, where nothing else is said."""


class Retriever(Protocol):
    """Finds passages of one corpus."""

    @property
    def key(self) -> str:
        """Names what the ranking depends on: equal keys rank alike, on every machine."""

    @property
    def info(self) -> IndexInfo: ...

    def search(self, queries: Sequence[str], k: int) -> list[tuple[Ranked, ...]]:
        """The k best passages for each query, best first; fewer where the corpus has fewer."""

    def gold(
        self, queries: Sequence[str], gold_docs: Sequence[Collection[str]], k: int
    ) -> list[tuple[Ranked, ...]]:
        """For each query the k best passages of its own gold documents, best first."""


class DenseRetriever:
    """Ranks passages by cosine similarity. The embedder is loaded by the first question, not before."""

    def __init__(self, index: PassageIndex, embedder: Embedder, info: IndexInfo) -> None:
        self._index = index
        self._embedder = embedder
        self.key = info.key
        self.info = info

    def search(self, queries: Sequence[str], k: int) -> list[tuple[Ranked, ...]]:
        return self._index.search(self._vectors(queries), k)

    def gold(
        self, queries: Sequence[str], gold_docs: Sequence[Collection[str]], k: int
    ) -> list[tuple[Ranked, ...]]:
        vectors = self._vectors(queries)
        return [
            self._index.within(vector, doc_ids, k) for vector, doc_ids in zip(vectors, gold_docs, strict=True)
        ]

    def _vectors(self, queries: Sequence[str]) -> NDArray[np.float32]:
        vectors = self._embedder.embed_queries(queries, self.info.query_prefix)
        return checked_vectors(vectors, len(queries), self._index.dimension, self._embedder.name)


class LexicalRetriever:
    """Ranks passages by BM25. No embedder is loaded; its tokens alone measure the passages."""

    def __init__(self, index: LexicalIndex, info: IndexInfo) -> None:
        self._index = index
        self.key = info.key
        self.info = info

    def search(self, queries: Sequence[str], k: int) -> list[tuple[Ranked, ...]]:
        return self._index.search(queries, k)

    def gold(
        self, queries: Sequence[str], gold_docs: Sequence[Collection[str]], k: int
    ) -> list[tuple[Ranked, ...]]:
        return [
            self._index.within(query, doc_ids, k) for query, doc_ids in zip(queries, gold_docs, strict=True)
        ]


class HybridRetriever:
    """Ranks passages by BM25 and by the embedder, each to `candidates` places, fused by rank."""

    def __init__(
        self, dense: DenseRetriever, lexical: LexicalIndex, info: IndexInfo, candidates: int
    ) -> None:
        self._dense = dense
        self._lexical = lexical
        self._candidates = candidates
        self.key = info.key
        self.info = info

    def search(self, queries: Sequence[str], k: int) -> list[tuple[Ranked, ...]]:
        depth = max(k, self._candidates)
        both = (self._dense.search(queries, depth), self._lexical.search(queries, depth))
        return [fused(rankings, k) for rankings in zip(*both, strict=True)]

    def gold(
        self, queries: Sequence[str], gold_docs: Sequence[Collection[str]], k: int
    ) -> list[tuple[Ranked, ...]]:
        return self._dense.gold(queries, gold_docs, k)


def open_retriever(
    corpus: Corpus,
    embedder: Embedder,
    passages: Retrieved | Gold,
    *,
    cache: Path,
    progress: Progress,
) -> Retriever:
    """Open what ranks the passages of a corpus; indexes come from `cache`, or are built there.

    `passages`: how a system wants them cut and ranked. Raises as `open_dense` and `open_lexical`.
    """
    if passages.method == "bm25":
        return _lexical(corpus, embedder, passages, cache, progress)
    index, info = open_dense(corpus, embedder, passages, cache=cache, progress=progress)
    dense = DenseRetriever(index, embedder, info)
    if passages.method is None:
        return dense
    words = open_lexical(
        *_lexical_parts(corpus, embedder, passages), cache=cache, progress=progress, passages=index.passages
    )
    candidates = passages.candidates or CANDIDATES
    both = replace(
        info,
        key=sha256_json([info.key, words.key, passages.method, candidates]),
        seconds=info.seconds + words.seconds,
        reused=info.reused and words.reused,
        bytes=info.bytes + words.bytes,
    )
    return HybridRetriever(dense, words, both, candidates)


def _lexical(
    corpus: Corpus, embedder: Embedder, passages: Retrieved | Gold, cache: Path, progress: Progress
) -> LexicalRetriever:
    words = open_lexical(*_lexical_parts(corpus, embedder, passages), cache=cache, progress=progress)
    info = IndexInfo(
        key=words.key,
        sha256=words.sha256,
        documents=len(corpus),
        passages=len(words.passages),
        embed_tokens=0,
        seconds=words.seconds,
        reused=words.reused,
        bytes=words.bytes,
    )
    return LexicalRetriever(words, info)


def _lexical_parts(
    corpus: Corpus, embedder: Embedder, passages: Retrieved | Gold
) -> tuple[LexicalSource, Callable[[], Sequence[Passage]]]:
    """What an index of words is built from, and what cuts its passages."""
    chunking = chunking_of(passages, embedder, prefixes_of(embedder, passages))
    source = LexicalSource(corpus_sha256(corpus.documents), chunking, embedder.sha256)
    return source, partial(cut, corpus.documents, embedder, chunking)
