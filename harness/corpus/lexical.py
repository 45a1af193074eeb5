"""BM25 over the passages of a corpus (bm25s), on disk beside the vectors and mapped into memory.

A folder holds bm25s's own files, `passages.jsonl` and `sidecar.json`, which names what the index was built from and
the hash of each file.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from harness.corpus.chunks import embedding_text
from harness.corpus.passages import StoredPassages, write_passages
from harness.corpus.terms import TERMS, terms
from harness.errors import HarnessError
from harness.files import locked, new_folder, sha256_file, sha256_json, write_json
from harness.progress import Progress
from harness.ranges import Count, Seconds, Sha256
from harness.records import Passage, Ranked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

K1, B = 1.5, 0.75
"""As in Lucene and in bm25s; term frequencies saturate, long passages are held back."""
VERSION = 1
_PASSAGES, _SIDECAR = "passages.jsonl", "sidecar.json"
_DECIMALS = 4
_SAMPLED, _LEAST_SAMPLE = 16, 16
"""One score in so many is looked at first, and of these the best so many at least."""


@dataclass(frozen=True, slots=True)
class LexicalSource:
    """What an index is built from. `chunking` as in `chunking_of`; `counted_by` names the tokens that it counts."""

    corpus_sha256: str
    chunking: dict[str, Any]
    counted_by: str
    terms: str = TERMS
    k1: float = K1
    b: float = B
    version: int = VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sidecar(LexicalSource):
    passages: Count
    seconds: Seconds
    sha256: dict[str, Sha256]


class LexicalIndex:
    """Ranks passages that share words with a query. Equal scores keep passage order."""

    def __init__(
        self, model: Any, passages: Sequence[Passage], key: str, sidecar: _Sidecar, size: int, *, reused: bool
    ) -> None:
        self._model = model
        self.passages = passages
        self.key = key
        self.sha256 = sha256_json(sidecar.sha256)
        self.seconds = sidecar.seconds
        """To cut the passages, where that was needed, and to count their words."""
        self.bytes = size
        self.reused = reused

    def search(self, queries: Sequence[str], k: int) -> Iterator[tuple[Ranked, ...]]:
        """The k best passages for each query, best first; only those that share a word with it."""
        return (self._best(self._scores(query), k) for query in queries)

    def within(self, query: str, doc_ids: Collection[str], k: int) -> tuple[Ranked, ...]:
        """The k best passages of the given documents, best first; those without a common word follow the others."""
        places = sorted(place for doc_id in set(doc_ids) for place in self._places.get(doc_id, ()))
        scores = self._scores(query)[places].round(_DECIMALS)
        order = sorted(range(len(places)), key=lambda at: (-scores[at], at))[:k]
        return tuple(Ranked(self.passages[places[at]], round(float(scores[at]), _DECIMALS)) for at in order)

    def _scores(self, query: str) -> NDArray[np.float32]:
        """The score of every passage."""
        ids = self._model.get_tokens_ids(terms(query))
        scores: NDArray[np.float32] = self._model.get_scores_from_ids(ids)
        return scores

    def _best(self, scores: NDArray[np.float32], k: int) -> tuple[Ranked, ...]:
        places = best_places(scores, k)
        return tuple(
            Ranked(self.passages[int(place)], round(float(scores[place]), _DECIMALS)) for place in places
        )

    @functools.cached_property
    def _places(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = {}
        for place, passage in enumerate(self.passages):
            places.setdefault(passage.doc_id, []).append(place)
        return places


def best_places(scores: NDArray[np.float32], k: int) -> NDArray[np.intp]:
    """The places of the k highest scores above 0, best first; those equal to four decimals in their order.

    Sorting out a million takes longer than scoring them, so a sample says above which score to look.
    """
    import numpy as np

    places = np.arange(len(scores))
    enough = max(k, _LEAST_SAMPLE)
    if len(scores) > _SAMPLED * enough:
        sample = scores[::_SAMPLED]
        guess = float(np.partition(sample, -enough)[-enough]) - 10.0**-_DECIMALS
        places = np.flatnonzero(scores >= guess) if guess > 0 else places
    rounded = scores[places].round(_DECIMALS)
    k = min(k, int(np.count_nonzero(rounded > 0)))
    if k < 1:
        return places[:0]
    kept = np.flatnonzero(rounded >= np.partition(rounded, -k)[-k])
    best: NDArray[np.intp] = places[kept[np.argsort(-rounded[kept], kind="stable")[:k]]]
    return best


def open_lexical(
    source: LexicalSource,
    make: Callable[[], Sequence[Passage]],
    *,
    cache: Path,
    progress: Progress,
    passages: Sequence[Passage] | None = None,
) -> LexicalIndex:
    """Open the index that `source` names from `cache`, building it where it is missing or unusable.

    `make`: cuts its passages; `passages`: they, where somebody holds them already. Raises HarnessError where the index
    cannot be written.
    """
    key = sha256_json(asdict(source))
    folder = cache / "indexes" / key
    with locked(folder):
        sidecar = _checked(folder, source, progress) if folder.exists() else None
        reused = sidecar is not None
        if sidecar is None:
            with new_folder(folder) as target:
                sidecar = _build(source, make if passages is None else lambda: passages, target)
    try:
        held = StoredPassages(folder / _PASSAGES) if passages is None else passages
        model = _model(folder)
    except (OSError, ValueError, KeyError, TypeError) as error:  # hashes are right, so it was written so
        raise HarnessError(f"the index in {folder} cannot be read: {error}. Delete that folder.") from error
    size = sum(path.stat().st_size for path in folder.iterdir())
    return LexicalIndex(model, held, key, sidecar, size, reused=reused)


def _checked(folder: Path, source: LexicalSource, progress: Progress) -> _Sidecar | None:
    """The sidecar of an index whose files are whole and that was built from `source`; else None, and why is said."""
    try:
        sidecar: _Sidecar = _adapter(_Sidecar).validate_json((folder / _SIDECAR).read_bytes(), strict=True)
        foreign = [name for name, value in asdict(source).items() if getattr(sidecar, name) != value]
        changed = [name for name, sha256 in sidecar.sha256.items() if sha256_file(folder / name) != sha256]
        present = {path.name for path in folder.iterdir()} - {_SIDECAR}
        changed += sorted(present - sidecar.sha256.keys())
    except (OSError, ValueError):
        foreign, changed = [], [_SIDECAR]
    if not (foreign or changed):
        return sidecar
    why = f"it was built with another {', '.join(foreign)}" if foreign else f"damaged: {', '.join(changed)}"
    progress.note(f"the index in {folder} cannot be used ({why}); it is built again.")
    return None


def _build(source: LexicalSource, make: Callable[[], Sequence[Passage]], folder: Path) -> _Sidecar:
    import bm25s

    started = time.perf_counter()
    passages = make()
    vocabulary: dict[str, int] = {}
    ids = [_ids(terms(embedding_text(passage)), vocabulary) for passage in passages]
    model = bm25s.BM25(k1=source.k1, b=source.b, csc_backend="scipy")
    if not vocabulary:  # not a word in the whole corpus; bm25s divides by their mean number
        ids[0] = _ids([""], vocabulary)
    model.index((ids, vocabulary), create_empty_token=False, show_progress=False)
    model.save(folder, show_progress=False)
    seconds = time.perf_counter() - started
    with (folder / _PASSAGES).open("wb") as stream:
        write_passages(stream, passages)
    hashes = {path.name: sha256_file(path) for path in sorted(folder.iterdir())}
    sidecar = _Sidecar(**asdict(source), passages=len(passages), seconds=seconds, sha256=hashes)
    write_json(folder / _SIDECAR, asdict(sidecar))
    return sidecar


def _ids(words: Iterable[str], vocabulary: dict[str, int]) -> list[int]:
    return [vocabulary.setdefault(word, len(vocabulary)) for word in words]


def _model(folder: Path) -> Any:
    import bm25s

    return bm25s.BM25.load(folder, mmap=True, show_progress=False)


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
