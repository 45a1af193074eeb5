"""The dense index of a corpus: taken from the cache, or built there."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.corpus import approximate
from harness.corpus.approximate import MeasuredRecall, kind_for
from harness.corpus.chunks import embedding_text
from harness.corpus.cutting import chunking_of, cut
from harness.corpus.document import Document
from harness.corpus.documents import Corpus, corpus_sha256
from harness.corpus.embedder import Embedder, Prefixes, embed_shards
from harness.corpus.index import (
    INDEX,
    PASSAGES,
    VECTORS,
    BuildCost,
    IndexSource,
    PassageIndex,
    UnusableIndexError,
    open_index,
    write_flat,
    write_sidecar,
)
from harness.corpus.passages import StoredPassages, write_passages
from harness.corpus.vectors import SHARD, VectorStore, keys_of
from harness.corpus.window import prefixes_of
from harness.errors import HarnessError
from harness.files import locked, new_folder, sha256_json
from harness.progress import Progress
from harness.records import Passage
from harness.spec.context import Gold, Retrieved

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_GROUP = 2_000_000
"""Characters of the documents that are cut together."""
RECALL_QUERIES = 200
"""Queries that a search which is not exact is held against exact search with."""


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
    kind: str = "flat"
    """How it is searched: "flat" is exact."""
    recall: float | None = None
    recall_queries: int | None = None
    """Of the ten passages that exact search finds, the share that this index finds, and for how many queries that was
    measured; None where it is exact."""
    new_passages: int | None = None
    new_tokens: int | None = None
    new_s: float | None = None
    """What building embedded anew, and how long it took, where other vectors were there already (`BuildCost`)."""


def open_dense(
    corpus: Corpus,
    embedder: Embedder,
    passages: Retrieved | Gold,
    *,
    cache: Path,
    progress: Progress,
) -> tuple[PassageIndex, IndexInfo]:
    """Open the index of a corpus from `cache`, building it where it is missing or unusable.

    `passages`: how a system wants them cut and embedded. Raises InputError where the chunks
    would be longer than the embedder reads or leave no room beside the prefix, HarnessError where the index cannot be
    written.
    """
    prefixes = prefixes_of(embedder, passages)
    documents, chunking = corpus.documents, chunking_of(passages, embedder, prefixes)
    source = IndexSource(
        embedder_sha256=embedder.sha256, corpus_sha256=corpus_sha256(documents), chunking=chunking
    )

    def write(target: Path) -> None:
        Build(documents, embedder, source, cache / "vectors", progress).write(target)

    return open_or_build(source, write, prefixes, cache, progress)


def open_or_build(
    source: IndexSource, write: Callable[[Path], None], prefixes: Prefixes, cache: Path, progress: Progress
) -> tuple[PassageIndex, IndexInfo]:
    """The index of a source from `cache`, where it lies or is written by `write`, into an empty folder.

    Two processes that start at once build it once. Raises HarnessError where it cannot be written.
    """
    stored = sha256_json(asdict(source))
    folder = cache / "indexes" / stored
    with locked(folder):
        index = _from_cache(folder, source, progress)
        reused = index is not None
        if index is None:
            with new_folder(folder) as target:  # before hours of work, as it may not be allowed
                write(target)
            index = open_index(folder, source)
    assert index is not None
    return index, info_of(index, stored, prefixes, folder, reused=reused)


def info_of(index: PassageIndex, stored: str, prefixes: Prefixes, folder: Path, *, reused: bool) -> IndexInfo:
    """What a manifest says of the index in `folder`, whose source has the hash `stored`."""
    ways = [stored, *([prefixes.query] if prefixes.query else [])]
    if index.measured:
        ways += [index.kind, str(approximate.VERSION)]
    return IndexInfo(
        sha256_json(ways) if len(ways) > 1 else stored,
        index.sha256,
        passages=len(index.passages),
        reused=reused,
        bytes=sum(path.stat().st_size for path in folder.iterdir()),
        query_prefix=prefixes.query,
        passage_prefix=prefixes.passage,
        kind=index.kind,
        recall=index.measured.recall if index.measured else None,
        recall_queries=index.measured.queries if index.measured else None,
        **asdict(index.cost),
    )


def _from_cache(folder: Path, source: IndexSource, progress: Progress) -> PassageIndex | None:
    try:
        return open_index(folder, source)
    except UnusableIndexError as reason:
        progress.note(f"the index in {folder} cannot be used ({reason}); it is built again.")
        return None


@dataclass
class Build:
    """The building of one index, in memory that grows with the codes of the vectors, not with texts and vectors.

    `store`: the folder of the vectors that were computed before. What is embedded is put there shard by shard, so a
    build that was stopped goes on, and one of a changed corpus embeds what changed.
    """

    documents: Sequence[Document]
    embedder: Embedder
    source: IndexSource
    store: Path
    progress: Progress

    def write(self, folder: Path) -> None:
        """Write the index into an empty folder. Raises HarnessError where the disk refuses or the vectors are unfit."""
        import numpy as np

        dimension = self.embedder.dimension  # loads the weights, which is not the index's cost
        started = time.perf_counter()
        keys, tokens = self._cut(folder / PASSAGES)
        cut_s = time.perf_counter() - started
        passages = StoredPassages(folder / PASSAGES)
        vectors = VectorStore(self.store, self.embedder.sha256, self._prefix, dimension)
        missing = self._embed(passages, keys, vectors)
        rows = vectors.find(keys)
        distinct = np.unique(keys, axis=0, return_index=True)[1]
        indexing = time.perf_counter()
        measured = self._index(folder, passages, vectors, rows)
        ended = time.perf_counter()
        cost = BuildCost(
            documents=len(self.documents),
            embed_tokens=int(tokens[distinct].sum()),
            seconds=cut_s + vectors.seconds(rows[distinct]) + ended - indexing,
            new_passages=len(missing),
            new_tokens=int(tokens[missing].sum()),
            new_s=ended - started,
        )
        write_sidecar(folder, self.source, cost, dimension, len(passages), measured)

    @property
    def _prefix(self) -> str:
        return str(self.source.chunking.get("passage_prefix", ""))

    def _cut(self, path: Path) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """Write the passages, a group of documents at a time; the key [n, 2] and the tokens [n] of each."""
        import numpy as np

        keys, tokens = bytearray(), array("q")
        with path.open("wb") as stream, self.progress.track("cutting", len(self.documents)) as advance:
            for group in _groups(self.documents):
                passages = cut(group, self.embedder, self.source.chunking)
                write_passages(stream, passages)
                texts = [embedding_text(passage) for passage in passages]
                keys += keys_of(texts).tobytes()
                tokens.extend(self.embedder.count_tokens([self._prefix + text for text in texts]))
                advance(len(group))
        return np.frombuffer(bytes(keys), dtype="<u8").reshape(-1, 2), np.array(tokens, dtype=np.int64)

    def _embed(
        self, passages: Sequence[Passage], keys: NDArray[np.uint64], store: VectorStore
    ) -> NDArray[np.int64]:
        """Embed what the store lacks; the places of these passages."""

        def embed(
            shards: Sequence[Sequence[int]], advance: Callable[[int], None]
        ) -> Iterator[tuple[NDArray[np.float32], float]]:
            texts = ([embedding_text(passages[place]) for place in shard] for shard in shards)
            embedded = embed_shards(self.embedder, texts, self._prefix, advance)
            for shard, (vectors, seconds) in zip(shards, embedded, strict=True):
                yield (
                    checked_vectors(vectors, len(shard), self.embedder.dimension, self.embedder.name),
                    seconds,
                )

        return store.fill(keys, embed, "passages", self.progress)

    def _index(
        self, folder: Path, passages: Sequence[Passage], store: VectorStore, rows: NDArray[np.int64]
    ) -> MeasuredRecall | None:
        """Write the index of these rows of the store, and what it finds where it is not exact."""
        import numpy as np

        kind = kind_for(len(rows))
        if kind == "flat":
            write_flat(folder, store.gather(rows))
            return None
        with (folder / VECTORS).open("wb") as stream:
            for start in range(0, len(rows), SHARD):
                stream.write(store.gather(rows[start : start + SHARD]).tobytes())
        shape = (len(rows), self.embedder.dimension)
        vectors = np.memmap(folder / VECTORS, dtype="<f4", mode="r", shape=shape)
        with self.progress.track("indexing passages", len(rows)) as advance:
            index = approximate.build(kind, vectors, advance)
        approximate.write(index, folder / INDEX)
        measured = approximate.measure(kind, index, vectors, self._queries(passages))
        self.progress.note(f"  {approximate_sentence(kind, measured.recall, measured.queries)}")
        return measured

    def _queries(self, passages: Sequence[Passage]) -> NDArray[np.float32]:
        """Vectors [m, d] that are like those of questions: the second halves of passages, embedded as questions are."""
        step = max(len(passages) // RECALL_QUERIES, 1)
        texts = [passages[place].text.split() for place in range(0, len(passages), step)][:RECALL_QUERIES]
        halves = [" ".join(words[len(words) // 2 :]) for words in texts]
        return self.embedder.embed_queries(halves, self.embedder.prefixes.query)


def approximate_sentence(kind: str, recall: float, queries: int) -> str:
    """What is said of a search that is not exact."""
    return (
        f"searched by {kind}, which finds {100 * recall:.1f} % of the ten nearest passages that exact search finds "
        f"({queries:,} queries made from passages)."
    )


def _groups(documents: Sequence[Document]) -> Iterator[Sequence[Document]]:
    """Documents in groups of some `_GROUP` characters."""
    first = characters = 0
    for place, document in enumerate(documents):
        characters += len(document.text)
        if characters >= _GROUP or place + 1 == len(documents):
            yield documents[first : place + 1]
            first, characters = place + 1, 0


def checked_vectors(
    vectors: NDArray[np.float32], rows: int, dimension: int, name: str
) -> NDArray[np.float32]:
    """The vectors. Raises HarnessError where their shape is wrong or a number is not finite: NaN ranks at random."""
    import numpy as np

    if vectors.shape != (rows, dimension) or not np.isfinite(vectors).all():
        raise HarnessError(
            f"the embedder {name!r} returned vectors that cannot be compared: shape {vectors.shape} where "
            f"({rows}, {dimension}) was expected, or numbers that are not finite."
        )
    return vectors
