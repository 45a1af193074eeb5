"""The dense index of a corpus: taken from the cache, or built there."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.corpus.chunks import embedding_text
from harness.corpus.cutting import chunking_of, cut
from harness.corpus.document import Document
from harness.corpus.documents import Corpus, corpus_sha256
from harness.corpus.embedder import Embedder
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
from harness.errors import HarnessError
from harness.files import locked, new_folder, sha256_json
from harness.progress import Progress
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


def open_dense(
    corpus: Corpus,
    embedder: Embedder,
    passages: Retrieved | Gold,
    *,
    cache: Path,
    progress: Progress,
) -> tuple[PassageIndex, IndexInfo]:
    """Open the index of a corpus from `cache`, building it where it is missing or unusable.

    `passages`: how a system wants them cut and embedded. Two processes that start at once build the index once.
    Raises InputError where the chunks would be longer than the embedder reads or leave no room beside the prefix,
    HarnessError where the index cannot be written.
    """
    prefixes = prefixes_of(embedder, passages)
    documents, chunking = corpus.documents, chunking_of(passages, embedder, prefixes)
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
    return index, info


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

    passages = cut(documents, embedder, chunking)
    texts = [embedding_text(passage) for passage in passages]
    with progress.track("embedding passages", len(texts)) as advance:
        vectors = embedder.embed_documents(texts, prefix, advance)
        vectors = checked_vectors(vectors, len(texts), dimension, embedder.name)
    seconds = time.perf_counter() - started
    cost = BuildCost(len(documents), sum(embedder.count_tokens([prefix + text for text in texts])), seconds)
    return build_index(passages, vectors, source, cost)


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
