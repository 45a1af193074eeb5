"""Search that looks at a part of the vectors, for corpora too large to look at all of them.

A graph (HNSW over 8-bit codes) or, beyond that, lists (IVF-PQ) name candidates, and their exact scores rank them: the
vectors themselves stay on the disk, mapped. How often the ten best are among what it finds is measured against exact
search when an index is built, and kept beside it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from harness.ranges import Count, Positive, Share

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Kind = Literal["flat", "hnsw", "ivf-pq"]

FLAT_UP_TO = 200_000
HNSW_UP_TO = 3_000_000
"""Vectors up to which search is exact, and up to which a graph is built; lists beyond."""
VERSION = 1
"""To be changed whenever the same vectors would be searched in another way."""

AT = 10
RECALL = 0.98
"""The recall@10 that the effort of a search is raised for."""
_BLOCK = 4096
_TRAINING = 50_000
_LINKS, _BUILD_EFFORT = 32, 40
_MOST_CODE_BYTES = 64
_PER_LIST = 40
"""Vectors that a list's centre is found from."""
_CODE_ROUNDS, _PER_CODE = 8, 64
"""Rounds of k-means for the codes, and the vectors that each of them is found from."""
_EFFORTS: dict[Kind, tuple[int, ...]] = {"hnsw": (64, 128, 256, 512), "ivf-pq": (8, 16, 32, 64, 128, 256)}
_CANDIDATES: dict[Kind, int] = {"hnsw": 64, "ivf-pq": 512}


@dataclass(frozen=True, slots=True)
class MeasuredRecall:
    """How a search that is not exact does on its own index.

    `effort`: nodes of the graph kept in view, or lists looked into. `recall`: of the ten passages that exact search
    finds, the share that it finds, over `queries` made from passages of the index.
    """

    effort: Positive
    recall: Share
    queries: Count


def kind_for(count: int) -> Kind:
    """How so many vectors are searched."""
    return "flat" if count <= FLAT_UP_TO else "hnsw" if count <= HNSW_UP_TO else "ivf-pq"


class Approximate:
    """Candidates from a FAISS index, ranked by their inner products with `vectors` [n, d]. As FAISS: −1 where none."""

    def __init__(self, kind: Kind, index: Any, vectors: NDArray[np.float32], effort: int) -> None:
        self.kind = kind
        self.effort = effort
        self._index = index
        self._vectors = vectors

    @property
    def d(self) -> int:
        return int(self._vectors.shape[1])

    @property
    def ntotal(self) -> int:
        return int(self._index.ntotal)

    def search(self, queries: NDArray[np.float32], k: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The scores and numbers [len(queries), k] of the best candidates, best first."""
        import numpy as np

        scores = np.full((len(queries), k), -np.inf, dtype=np.float32)
        ids = np.full((len(queries), k), -1, dtype=np.int64)
        fetch = min(max(_CANDIDATES[self.kind], 4 * k), self.ntotal)
        _, candidates = self._index.search(queries, fetch, params=self._params(fetch))
        for row, query in enumerate(queries):
            own = np.sort(candidates[row][candidates[row] >= 0])
            exact = np.asarray(self._vectors[own]) @ query
            best = np.argsort(-exact, kind="stable")[:k]
            scores[row, : len(best)], ids[row, : len(best)] = exact[best], own[best]
        return scores, ids

    def reconstruct_batch(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        import numpy as np

        return np.asarray(self._vectors[ids])

    def _params(self, fetch: int) -> Any:
        faiss = _faiss()
        if self.kind == "hnsw":
            return faiss.SearchParametersHNSW(efSearch=max(self.effort, fetch))
        return faiss.SearchParametersIVF(nprobe=self.effort)


def build(kind: Kind, vectors: NDArray[np.float32], advance: Callable[[int], None]) -> Any:
    """A FAISS index of vectors [n, d]; only its codes and a sample of the vectors are in memory.

    In one thread: the same vectors always give the same index. `advance` is called with the number of vectors added.
    """
    import numpy as np

    count = len(vectors)
    with one_thread():
        index, sample = _empty(kind, count, vectors.shape[1])
        index.train(np.asarray(vectors[:: max(count // sample, 1)][:sample], dtype=np.float32))
        for start in range(0, count, _BLOCK):
            block = np.ascontiguousarray(vectors[start : start + _BLOCK], dtype=np.float32)
            index.add(block)
            advance(len(block))
    return index


def _empty(kind: Kind, count: int, dimension: int) -> tuple[Any, int]:
    """An untrained index for `count` vectors, and how many of them it is to be trained on."""
    faiss = _faiss()
    if kind == "hnsw":
        code, metric = faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
        index = faiss.IndexHNSWSQ(dimension, code, _LINKS, metric)
        index.hnsw.efConstruction = _BUILD_EFFORT
        return index, _TRAINING
    lists = max(int(4 * count**0.5), 1)
    code_bytes = next(size for size in range(_MOST_CODE_BYTES, 0, -1) if dimension % size == 0)
    index = faiss.index_factory(dimension, f"IVF{lists},PQ{code_bytes}", faiss.METRIC_INNER_PRODUCT)
    index.do_polysemous_training = False  # which takes minutes, for a way of searching that is not used here
    index.pq.cp.niter, index.pq.cp.max_points_per_centroid = _CODE_ROUNDS, _PER_CODE
    return index, max(lists * _PER_LIST, _TRAINING)


def measure(
    kind: Kind, index: Any, vectors: NDArray[np.float32], queries: NDArray[np.float32]
) -> MeasuredRecall:
    """The least effort that reaches `RECALL` on `queries` [m, d], else the greatest; and the recall that it reaches."""
    best = _exact(vectors, queries)
    measured = MeasuredRecall(effort=1, recall=0.0, queries=len(queries))
    for effort in _EFFORTS[kind]:
        _, found = Approximate(kind, index, vectors, effort).search(queries, best.shape[1])
        shared = sum(
            len(set(row) & set(wanted)) for row, wanted in zip(found.tolist(), best.tolist(), strict=True)
        )
        measured = MeasuredRecall(effort, shared / max(best.size, 1), len(queries))
        if measured.recall >= RECALL:
            break
    return measured


def _exact(vectors: NDArray[np.float32], queries: NDArray[np.float32]) -> NDArray[np.int64]:
    """The numbers [m, 10] of the best by exact search, a block of the vectors at a time."""
    import numpy as np

    k = min(AT, len(vectors))
    scores = np.empty((len(queries), 0), dtype=np.float32)
    ids = np.empty((len(queries), 0), dtype=np.int64)
    for start in range(0, len(vectors), 16 * _BLOCK):
        block = queries @ np.asarray(vectors[start : start + 16 * _BLOCK]).T
        own = np.broadcast_to(np.arange(start, start + block.shape[1]), block.shape)
        scores, ids = np.hstack([scores, block]), np.hstack([ids, own])
        best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        scores, ids = np.take_along_axis(scores, best, 1), np.take_along_axis(ids, best, 1)
    return ids


def write(index: Any, path: Path) -> None:
    """Raises OSError where the disk refuses."""
    faiss = _faiss()
    with path.open("wb") as stream:
        faiss.write_index(index, faiss.PyCallbackIOWriter(stream.write))


def read(path: Path) -> Any:
    """The index in a file, mapped from it; RuntimeError where it holds none."""
    faiss = _faiss()
    return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    faiss = _faiss()
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


def _faiss() -> Any:
    """The library without its types, which lack much of what it has."""
    import faiss

    return faiss
