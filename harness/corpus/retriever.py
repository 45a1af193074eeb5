"""Ranked passages for questions: the protocol, and dense retrieval over an index that is cached or built."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from harness.corpus.chunks import CHUNKER, chunk_documents, embedding_text
from harness.corpus.document import Document
from harness.corpus.documents import Corpus, corpus_sha256
from harness.corpus.embedder import Embedder, Prefixes
from harness.corpus.index import (
    BuildCost,
    IndexSource,
    PassageIndex,
    UnusableIndexError,
    build_index,
    open_index,
    save_index,
)
from harness.corpus.window import prefixes_of
from harness.errors import HarnessError, InputError, shown
from harness.files import locked, new_folder, sha256_json
from harness.progress import Progress
from harness.records import Ranked
from harness.spec.system import Gold, Retrieved

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """What a run's manifest says of an index."""

    key: str
    """Hash of embedder, prefixes, corpus and chunking: equal on every machine, unlike `sha256`."""
    sha256: str
    """Of the index file: equal only where the same machine computed the vectors."""
    documents: int
    passages: int
    embed_tokens: int
    """Tokens that were embedded when the index was built."""
    seconds: float
    """What building took (chunking and embedding), also where the index was reused."""
    reused: bool
    bytes: int = 0
    """Of the index and its passages on disk."""
    query_prefix: str = ""
    passage_prefix: str = ""


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
        return _checked(vectors, len(queries), self._index.dimension, self._embedder.name)


def open_retriever(
    corpus: Corpus,
    embedder: Embedder,
    passages: Retrieved | Gold,
    *,
    cache: Path,
    progress: Progress,
) -> DenseRetriever:
    """Open the index of a corpus from `cache`, building it where it is missing or unusable.

    `passages`: how a system wants them cut and embedded. Two processes that start at once build the index once.
    Raises InputError where the chunks would be longer than the embedder reads or leave no room beside the prefix,
    HarnessError where the index cannot be written.
    """
    prefixes = prefixes_of(embedder, passages)
    _check_sizes(embedder, passages, prefixes)
    documents = corpus.documents
    chunking = {
        "chunker": CHUNKER,
        "chunk_tokens": passages.chunk_tokens,
        "overlap_tokens": passages.overlap_tokens,
    }
    if prefixes.passage:
        chunking["passage_prefix"] = prefixes.passage
    source = IndexSource(
        embedder_sha256=embedder.sha256, corpus_sha256=corpus_sha256(documents), chunking=chunking
    )
    stored = sha256_json(asdict(source))
    folder = cache / "indexes" / stored
    with locked(folder):
        index = _from_cache(folder, source, progress)
        reused = index is not None
        if index is None:
            with new_folder(folder) as target:  # before hours of work, as it may not be allowed
                index = _build(documents, embedder, source, progress)
                save_index(index, target)
    info = IndexInfo(
        sha256_json([stored, prefixes.query]) if prefixes.query else stored,
        index.sha256,
        passages=len(index.passages),
        reused=reused,
        bytes=sum(path.stat().st_size for path in folder.iterdir()),
        query_prefix=prefixes.query,
        passage_prefix=prefixes.passage,
        **asdict(index.cost),
    )
    return DenseRetriever(index, embedder, info)


def _check_sizes(embedder: Embedder, passages: Retrieved | Gold, prefixes: Prefixes) -> None:
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


def _from_cache(folder: Path, source: IndexSource, progress: Progress) -> PassageIndex | None:
    try:
        return open_index(folder, source)
    except UnusableIndexError as reason:
        progress.note(f"the index in {folder} cannot be used ({reason}); it is built again.")
        return None


def _build(
    documents: Sequence[Document], embedder: Embedder, source: IndexSource, progress: Progress
) -> PassageIndex:
    dimension = embedder.dimension  # loads the weights, which is not the index's cost
    started = time.perf_counter()
    chunking = source.chunking
    prefix = chunking.get("passage_prefix", "")

    def count(texts: Sequence[str]) -> list[int]:
        return embedder.count_tokens([prefix + text for text in texts])

    passages = chunk_documents(documents, count, chunking["chunk_tokens"], chunking["overlap_tokens"])
    texts = [embedding_text(passage) for passage in passages]
    with progress.track("embedding passages", len(texts)) as advance:
        vectors = embedder.embed_documents(texts, prefix, advance)
        vectors = _checked(vectors, len(texts), dimension, embedder.name)
    seconds = time.perf_counter() - started
    cost = BuildCost(len(documents), sum(count(texts)), seconds)
    return build_index(passages, vectors, source, cost)


def _checked(vectors: NDArray[np.float32], rows: int, dimension: int, name: str) -> NDArray[np.float32]:
    """The vectors. Raises HarnessError where their shape is wrong or a number is not finite: NaN ranks at random."""
    import numpy as np

    if vectors.shape != (rows, dimension) or not np.isfinite(vectors).all():
        raise HarnessError(
            f"the embedder {name!r} returned vectors that cannot be compared: shape {vectors.shape} where "
            f"({rows}, {dimension}) was expected, or numbers that are not finite."
        )
    return vectors
