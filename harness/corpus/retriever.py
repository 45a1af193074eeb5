"""Ranked passages for questions: the protocol, and what ranks them by vectors, by words, and by both."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from harness.corpus.building import IndexInfo, checked_vectors
from harness.corpus.embedder import Embedder
from harness.corpus.fusion import fused
from harness.corpus.index import PassageIndex
from harness.corpus.lexical import LexicalIndex
from harness.records import Ranked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Retriever(Protocol):
    """Finds passages of one corpus."""

    @property
    def key(self) -> str:
        """Names what the ranking depends on: equal keys rank alike, on every machine."""

    @property
    def info(self) -> IndexInfo: ...

    def search(self, queries: Sequence[str], k: int) -> Iterator[tuple[Ranked, ...]]:
        """The k best passages for each query, best first; fewer where the corpus has fewer. One query's after the
        other's, since the candidates of many would fill the memory."""

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

    def search(self, queries: Sequence[str], k: int) -> Iterator[tuple[Ranked, ...]]:
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

    def search(self, queries: Sequence[str], k: int) -> Iterator[tuple[Ranked, ...]]:
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

    def search(self, queries: Sequence[str], k: int) -> Iterator[tuple[Ranked, ...]]:
        depth = max(k, self._candidates)
        both = (self._dense.search(queries, depth), self._lexical.search(queries, depth))
        return (fused(rankings, k) for rankings in zip(*both, strict=True))

    def gold(
        self, queries: Sequence[str], gold_docs: Sequence[Collection[str]], k: int
    ) -> list[tuple[Ranked, ...]]:
        return self._dense.gold(queries, gold_docs, k)
