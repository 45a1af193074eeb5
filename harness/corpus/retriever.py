"""Ranked passages for questions: the protocol, and dense retrieval over an index that is cached or built."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from harness.corpus.building import IndexInfo, checked_vectors, open_dense
from harness.corpus.documents import Corpus
from harness.corpus.embedder import Embedder
from harness.corpus.index import PassageIndex
from harness.progress import Progress
from harness.records import Ranked
from harness.spec.system import Gold, Retrieved

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


def open_retriever(
    corpus: Corpus,
    embedder: Embedder,
    passages: Retrieved | Gold,
    *,
    cache: Path,
    progress: Progress,
) -> DenseRetriever:
    """Open the index of a corpus from `cache`, building it where it is missing or unusable.

    `passages`: how a system wants them cut and embedded. Raises as `open_dense`.
    """
    index, info = open_dense(corpus, embedder, passages, cache=cache, progress=progress)
    return DenseRetriever(index, embedder, info)
