"""Passages and their vectors in one exact FAISS index, on disk with a sidecar that is checked before use.

A folder holds `index.faiss`, `passages.jsonl` and `sidecar.json`. The sidecar says what the index was
built from and the hashes of both files, so that an index that is cut short, or belongs to another
embedder, corpus or chunking, is never searched.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from harness.files import write_bytes, write_json
from harness.ranges import Count, Positive, Seconds, Sha256
from harness.records import Passage, Ranked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SCHEMA_VERSION = 1
METRIC = "inner_product"
_INDEX, _PASSAGES, _SIDECAR = "index.faiss", "passages.jsonl", "sidecar.json"
_DECIMALS = 6
_SPARE = 16


class UnusableIndexError(Exception):
    """An index on disk that must not be searched; the message is the reason. The caller builds it anew."""


@dataclass(frozen=True, slots=True)
class IndexSource:
    """What an index is built from. Two indexes with equal sources rank alike."""

    embedder_sha256: str
    corpus_sha256: str
    chunking: dict[str, Any]
    schema_version: int = SCHEMA_VERSION
    metric: str = METRIC


@dataclass(frozen=True, slots=True)
class BuildCost:
    """What building took; kept with the index, so that a run that reuses it still knows the price."""

    documents: Count
    embed_tokens: Count
    seconds: Seconds
    """Chunking and embedding, wall clock, the loading of the embedder left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar(IndexSource):
    """What `sidecar.json` says; `sha256`: file → its hash."""

    dimension: Positive
    passages: Count
    cost: BuildCost
    sha256: dict[str, Sha256]


class PassageIndex:
    """Exact search over passages. Ties, and scores that differ by rounding only, keep passage order."""

    def __init__(
        self, index: Any, passages: Sequence[Passage], source: IndexSource, cost: BuildCost, sha256: str
    ) -> None:
        self._index = index
        self._positions: dict[str, list[int]] = {}
        for position, passage in enumerate(passages):
            self._positions.setdefault(passage.doc_id, []).append(position)
        self.passages = tuple(passages)
        self.source = source
        self.cost = cost
        self.sha256 = sha256
        """Of `index.faiss`. Vectors differ in their last bits from machine to machine, and so does this."""

    @property
    def dimension(self) -> int:
        return int(self._index.d)

    def search(self, vectors: NDArray[np.float32], k: int) -> list[tuple[Ranked, ...]]:
        """The k best passages for each row of `vectors` [n, dimension], best first; all for a large k."""
        count = len(self.passages)
        k = min(k, count)
        if k < 1 or not len(vectors):
            return [() for _ in vectors]
        fetch = min(k + _SPARE, count)
        results: list[tuple[Ranked, ...]] = []
        for row, (scores, ids) in enumerate(zip(*self._index.search(vectors, fetch), strict=True)):
            rounded, fetched = scores.round(_DECIMALS), fetch
            while fetched < count and rounded[k - 1] == rounded[-1]:  # a tie runs past what was fetched
                fetched = min(fetched * 4, count)
                more, more_ids = self._index.search(vectors[row : row + 1], fetched)
                rounded, ids = more[0].round(_DECIMALS), more_ids[0]
            results.append(self._ranked(rounded, ids, k))
        return results

    def within(self, vector: NDArray[np.float32], doc_ids: Collection[str], k: int) -> tuple[Ranked, ...]:
        """The k best passages of the given documents for one vector [dimension], best first."""
        import numpy as np

        positions = sorted(
            position for doc_id in set(doc_ids) for position in self._positions.get(doc_id, ())
        )
        if not positions or k < 1:
            return ()
        ids = np.array(positions, dtype=np.int64)
        scores = self._index.reconstruct_batch(ids) @ vector
        return self._ranked(scores.round(_DECIMALS), ids, k)

    def _ranked(self, scores: Iterable[Any], ids: Iterable[Any], k: int) -> tuple[Ranked, ...]:
        """Sorted by (−score, passage order).

        FAISS returns ties in an order of its own, and sums in an order that depends on the number of
        threads and queries, which moves a score by some 1e-7. Scores rounded to 1e-6 are equal where
        nothing but that noise separates them, and then the passages' order decides, on every machine.
        """
        pairs = sorted((-float(score), int(position)) for score, position in zip(scores, ids, strict=True))
        return tuple(
            Ranked(self.passages[position], round(-score, _DECIMALS)) for score, position in pairs[:k]
        )


def build_index(
    passages: Sequence[Passage], vectors: NDArray[np.float32], source: IndexSource, cost: BuildCost
) -> PassageIndex:
    """An index in memory. `vectors` [n, d], row i for passage i, of length 1, finite."""
    import faiss
    import numpy as np

    index = faiss.IndexIDMap2(faiss.IndexFlatIP(vectors.shape[1]))
    index.add_with_ids(vectors, np.arange(len(passages), dtype=np.int64))
    return PassageIndex(index, passages, source, cost, hashlib.sha256(_serialized(index)).hexdigest())


def save_index(index: PassageIndex, folder: Path) -> None:
    """Write an index into an empty folder. Raises HarnessError where the disk refuses."""
    data = _serialized(index._index)
    lines = "".join(json.dumps(asdict(p), ensure_ascii=False) + "\n" for p in index.passages).encode("utf-8")
    sidecar = {
        **asdict(index.source),
        "dimension": index.dimension,
        "passages": len(index.passages),
        "cost": asdict(index.cost),
        "sha256": {
            name: hashlib.sha256(part).hexdigest() for name, part in ((_INDEX, data), (_PASSAGES, lines))
        },
    }
    write_bytes(folder / _INDEX, data)
    write_bytes(folder / _PASSAGES, lines)
    write_json(folder / _SIDECAR, sidecar)


def _serialized(index: Any) -> bytes:
    # Through memory, not faiss.write_index: a full disk is then an OSError that says so.
    import faiss

    return bytes(faiss.serialize_index(index).data)


def open_index(folder: Path, expected: IndexSource) -> PassageIndex | None:
    """The index in `folder`, or None where there is none.

    Raises UnusableIndexError, with the reason, where it was built from something else than `expected`, where
    a file is missing, cut or altered, or where index and passages do not belong together.
    """
    if not folder.exists():
        return None
    try:
        sidecar = _adapter(Sidecar).validate_json((folder / _SIDECAR).read_bytes(), strict=True)
    except (OSError, ValueError) as error:
        raise UnusableIndexError(f"its {_SIDECAR} is missing or damaged") from error
    foreign = [name for name, value in asdict(expected).items() if getattr(sidecar, name) != value]
    if foreign:
        raise UnusableIndexError(f"it was built with another {', '.join(foreign)}")
    data, lines = (_verified(folder / name, sidecar.sha256.get(name)) for name in (_INDEX, _PASSAGES))
    index, passages = _decoded(data, lines)
    _check_belonging(index, passages, sidecar.dimension, sidecar.passages)
    return PassageIndex(index, passages, expected, sidecar.cost, sidecar.sha256[_INDEX])


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _verified(path: Path, sha256: str | None) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnusableIndexError(f"its {path.name} is missing or cannot be read") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise UnusableIndexError(f"its {path.name} was cut short or altered")
    return data


def _decoded(data: bytes, lines: bytes) -> tuple[Any, list[Passage]]:
    import faiss
    import numpy as np

    try:
        read = _adapter(Passage).validate_json
        passages = [read(line, strict=True) for line in lines.split(b"\n") if line]
        return faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8)), passages
    except (RuntimeError, ValueError, TypeError) as error:
        raise UnusableIndexError("its files cannot be decoded") from error


def _check_belonging(index: Any, passages: Sequence[Passage], dimension: int, count: int) -> None:
    import faiss
    import numpy as np

    if not isinstance(index, faiss.IndexIDMap2) or index.metric_type != faiss.METRIC_INNER_PRODUCT:
        raise UnusableIndexError("it is not an inner-product index with ids")
    if index.d != dimension or not index.ntotal == len(passages) == count:
        raise UnusableIndexError("its vectors and its passages do not belong together")
    if not np.array_equal(faiss.vector_to_array(index.id_map), np.arange(count)):
        raise UnusableIndexError("its ids are not those of its passages")
