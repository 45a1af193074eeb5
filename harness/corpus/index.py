"""Passages and their vectors in one FAISS index, on disk with a sidecar that is checked before use.

A folder holds `index.faiss`, `passages.jsonl` and `sidecar.json`; where the index is not exact, also the vectors that
its candidates are ranked by (`vectors.f32`). The sidecar says what the index was built from and the hashes of these
files, so that an index that is cut short, or belongs to another embedder, corpus or chunking, is never searched.
"""

from __future__ import annotations

import functools
import hashlib
import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from harness.corpus import approximate
from harness.corpus.approximate import Approximate, Kind, MeasuredRecall, kind_for
from harness.corpus.passages import StoredPassages, write_passages
from harness.files import sha256_file, write_bytes, write_json
from harness.ranges import Count, Positive, Seconds, Sha256
from harness.records import Passage, Ranked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SCHEMA_VERSION = 1
METRIC = "inner_product"
INDEX, PASSAGES, VECTORS, SIDECAR = "index.faiss", "passages.jsonl", "vectors.f32", "sidecar.json"
_DECIMALS = 6
_SPARE = 16
_MOST_TIED = 4096
"""Of a search that is not exact, so many candidates are looked at for ties."""


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
    """Chunking, embedding and indexing, wall clock, the loading of the embedder left out. Vectors that were there
    already count with what they took when they were made: this is the price of the whole."""
    new_passages: Count | None = None
    new_tokens: Count | None = None
    new_s: Seconds | None = None
    """What this build embedded itself, and its own wall clock: where an earlier state of the corpus was embedded
    before, the price of taking in what changed. None: not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar(IndexSource):
    """What `sidecar.json` says; `sha256`: file → its hash."""

    dimension: Positive
    passages: Count
    cost: BuildCost
    sha256: dict[str, Sha256]
    kind: Kind = "flat"
    version: int | None = None
    measured: MeasuredRecall | None = None
    """Of a search that is not exact; `version`: of the way it searches."""


class PassageIndex:
    """Search over passages, exact unless `kind` says otherwise: then the scores are, and `measured` says what is found.

    Ties, and scores that differ by rounding only, keep passage order.
    """

    def __init__(
        self,
        index: Any,
        passages: Sequence[Passage],
        source: IndexSource,
        cost: BuildCost,
        sha256: str,
        measured: MeasuredRecall | None = None,
    ) -> None:
        self._index = index
        self.kind: Kind = index.kind if isinstance(index, Approximate) else "flat"
        self.measured = measured
        self.passages = passages
        self.source = source
        self.cost = cost
        self.sha256 = sha256
        """Of `index.faiss`. Vectors differ in their last bits from machine to machine, and so does this."""

    @property
    def dimension(self) -> int:
        return int(self._index.d)

    def search(self, vectors: NDArray[np.float32], k: int) -> Iterator[tuple[Ranked, ...]]:
        """The k best passages for each row of `vectors` [n, dimension], best first; all for a large k."""
        count = len(self.passages)
        k = min(k, count)
        if k < 1 or not len(vectors):
            yield from ((),) * len(vectors)
            return
        fetch, most = min(k + _SPARE, count), count if self.kind == "flat" else min(_MOST_TIED, count)
        for row, (scores, ids) in enumerate(zip(*self._index.search(vectors, fetch), strict=True)):
            rounded, fetched = scores.round(_DECIMALS), fetch
            while fetched < most and rounded[k - 1] == rounded[-1]:  # a tie runs past what was fetched
                fetched = min(fetched * 4, most)
                more, more_ids = self._index.search(vectors[row : row + 1], fetched)
                rounded, ids = more[0].round(_DECIMALS), more_ids[0]
            yield self._ranked(rounded, ids, k)

    def within(self, vector: NDArray[np.float32], doc_ids: Collection[str], k: int) -> tuple[Ranked, ...]:
        """The k best passages of the given documents for one vector [dimension], best first."""
        import numpy as np

        wanted = np.array([hash(doc_id) for doc_id in set(doc_ids)], dtype=np.int64)
        ids = np.flatnonzero(np.isin(self._documents, wanted)).astype(np.int64)
        ids = ids[[self.passages[position].doc_id in doc_ids for position in ids.tolist()]]
        if not len(ids) or k < 1:
            return ()
        scores = self._index.reconstruct_batch(ids) @ vector
        return self._ranked(scores.round(_DECIMALS), ids, k)

    @functools.cached_property
    def _documents(self) -> NDArray[np.int64]:
        """The hash of each passage's document: eight bytes a passage find those of a document."""
        import numpy as np

        hashes = (hash(passage.doc_id) for passage in self.passages)
        return np.fromiter(hashes, dtype=np.int64, count=len(self.passages))

    def _ranked(self, scores: Iterable[Any], ids: Iterable[Any], k: int) -> tuple[Ranked, ...]:
        """Sorted by (−score, passage order).

        FAISS returns ties in an order of its own, and sums in an order that depends on the number of
        threads and queries, which moves a score by some 1e-7. Scores rounded to 1e-6 are equal where
        nothing but that noise separates them, and then the passages' order decides, on every machine.
        """
        found = ((score, position) for score, position in zip(scores, ids, strict=True) if position >= 0)
        pairs = sorted((-float(score), int(position)) for score, position in found)
        return tuple(
            Ranked(self.passages[position], round(-score, _DECIMALS)) for score, position in pairs[:k]
        )


def build_index(
    passages: Sequence[Passage], vectors: NDArray[np.float32], source: IndexSource, cost: BuildCost
) -> PassageIndex:
    """An exact index in memory. `vectors` [n, d], row i for passage i, of length 1, finite."""
    index = _flat(vectors)
    return PassageIndex(index, tuple(passages), source, cost, hashlib.sha256(_serialized(index)).hexdigest())


def save_index(index: PassageIndex, folder: Path) -> None:
    """Write an exact index into an empty folder. Raises HarnessError where the disk refuses."""
    lines = io.BytesIO()
    write_passages(lines, index.passages)
    write_bytes(folder / PASSAGES, lines.getvalue())
    write_bytes(folder / INDEX, _serialized(index._index))
    write_sidecar(folder, index.source, index.cost, index.dimension, len(index.passages))


def write_flat(folder: Path, vectors: NDArray[np.float32]) -> None:
    """Write an exact index of vectors [n, d] beside their passages. Raises HarnessError where the disk refuses."""
    write_bytes(folder / INDEX, _serialized(_flat(vectors)))


def write_sidecar(
    folder: Path,
    source: IndexSource,
    cost: BuildCost,
    dimension: int,
    passages: int,
    measured: MeasuredRecall | None = None,
) -> None:
    """Write the sidecar of an index whose other files are in `folder`."""
    kind = kind_for(passages) if measured else "flat"
    names = [name for name in (INDEX, PASSAGES, VECTORS) if (folder / name).exists()]
    write_json(
        folder / SIDECAR,
        Sidecar(
            **asdict(source),
            dimension=dimension,
            passages=passages,
            cost=cost,
            sha256={name: sha256_file(folder / name) for name in names},
            kind=kind,
            version=approximate.VERSION if measured else None,
            measured=measured,
        ),
    )


def _flat(vectors: NDArray[np.float32]) -> Any:
    import faiss
    import numpy as np

    index = faiss.IndexIDMap2(faiss.IndexFlatIP(vectors.shape[1]))
    index.add_with_ids(vectors, np.arange(len(vectors), dtype=np.int64))
    return index


def _serialized(index: Any) -> bytes:
    # Through memory, not faiss.write_index: a full disk is then an OSError that says so.
    import faiss

    return bytes(faiss.serialize_index(index).data)


def open_index(folder: Path, expected: IndexSource) -> PassageIndex | None:
    """The index in `folder`, or None where there is none.

    Raises UnusableIndexError, with the reason, where it was built from something else than `expected` or would be
    searched in another way today, where a file is missing, cut or altered, or where index and passages do not belong
    together.
    """
    if not folder.exists():
        return None
    try:
        sidecar = _adapter(Sidecar).validate_json((folder / SIDECAR).read_bytes(), strict=True)
    except (OSError, ValueError) as error:
        raise UnusableIndexError(f"its {SIDECAR} is missing or damaged") from error
    foreign = [name for name, value in asdict(expected).items() if getattr(sidecar, name) != value]
    if foreign:
        raise UnusableIndexError(f"it was built with another {', '.join(foreign)}")
    today = kind_for(sidecar.passages)
    if (sidecar.kind, sidecar.version) != (today, None if today == "flat" else approximate.VERSION):
        raise UnusableIndexError("so many passages are searched in another way today")
    for name in (INDEX, PASSAGES, *(() if today == "flat" else (VECTORS,))):
        _verify(folder / name, sidecar.sha256.get(name))
    try:
        passages = StoredPassages(folder / PASSAGES)
        index = _opened(folder, sidecar)
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        raise UnusableIndexError("its files cannot be decoded") from error
    if index.d != sidecar.dimension or not index.ntotal == len(passages) == sidecar.passages:
        raise UnusableIndexError("its vectors and its passages do not belong together")
    return PassageIndex(index, passages, expected, sidecar.cost, sidecar.sha256[INDEX], sidecar.measured)


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _verify(path: Path, sha256: str | None) -> None:
    try:
        actual = sha256_file(path)
    except OSError as error:
        raise UnusableIndexError(f"its {path.name} is missing or cannot be read") from error
    if actual != sha256:
        raise UnusableIndexError(f"its {path.name} was cut short or altered")


def _opened(folder: Path, sidecar: Sidecar) -> Any:
    """What is searched: a FAISS index in memory, or one that is mapped beside its vectors."""
    import faiss
    import numpy as np

    if sidecar.measured:
        shape = (sidecar.passages, sidecar.dimension)
        vectors = np.memmap(folder / VECTORS, dtype="<f4", mode="r", shape=shape)
        return Approximate(sidecar.kind, approximate.read(folder / INDEX), vectors, sidecar.measured.effort)
    index = faiss.deserialize_index(np.frombuffer((folder / INDEX).read_bytes(), dtype=np.uint8))
    if not isinstance(index, faiss.IndexIDMap2) or index.metric_type != faiss.METRIC_INNER_PRODUCT:
        raise UnusableIndexError("it is not an inner-product index with ids")
    if not np.array_equal(faiss.vector_to_array(index.id_map), np.arange(index.ntotal)):
        raise UnusableIndexError("its ids are not those of its passages")
    return index
