"""Vectors that were computed before, on disk: what a killed build had embedded, and what a changed corpus kept.

They lie in shards, a file each, that become whole in one step and are named by their hash. A vector is found by the
text that it was made of, whichever corpus that text stands in, so a changed corpus costs what changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.files import sha256_file, sha256_json, write_bytes
from harness.progress import Progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMAT = 1
SHARD = 2048
"""Texts in a shard: a kill loses what was embedded since the last one."""
_HEAD = 20
"""Bytes for a text before the vectors: its key (16) and the seconds it took (4)."""


Embed = Callable[
    [Sequence[Sequence[int]], Callable[[int], None]], "Iterator[tuple[NDArray[np.float32], float]]"
]
"""The places of some texts, shard by shard → the vectors [n, dimension] of each, and the seconds that it took.

Tells how many texts are done.
"""


def keys_of(texts: Iterable[str]) -> NDArray[np.uint64]:
    """Names texts [n, 2]: the first half of the SHA-256 of each."""
    import numpy as np

    halves = b"".join(hashlib.sha256(text.encode("utf-8")).digest()[:16] for text in texts)
    return np.frombuffer(halves, dtype="<u8").reshape(-1, 2)


@dataclass(frozen=True)
class _Shard:
    """`head`: keys [n, 2] and seconds [n]; `start`: number of its first vector in the store."""

    path: Path
    start: int
    head: NDArray[Any]
    dimension: int

    @cached_property
    def vectors(self) -> NDArray[np.float32]:
        """[n, dimension], mapped from the disk."""
        import numpy as np

        count = len(self.head)
        shape = (count, self.dimension)
        return np.memmap(self.path, dtype="<f4", mode="r", offset=count * _HEAD, shape=shape)


class VectorStore:
    """The vectors of one embedder behind one prefix. Several processes may add to it."""

    def __init__(self, folder: Path, embedder_sha256: str, prefix: str, dimension: int) -> None:
        self._folder = folder
        self._prefix = sha256_json([FORMAT, embedder_sha256, prefix, dimension])[:16]
        self._dimension = dimension
        self._shards: list[_Shard] = []
        self._checked: set[Path] = set()
        self.damaged: list[str] = []
        """Names of shards that were found to be cut or altered, and are not used."""
        for path in sorted(folder.glob(f"{self._prefix}-*.shard")):
            self._open(path)

    def find(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """For each key [n, 2] the number of its vector, or −1. Shards that hold one are checked against their names."""
        import numpy as np

        while True:
            found = self._look_up(keys)
            used = np.unique(self._shard_of(found[found >= 0]))
            broken = [self._shards[number] for number in used if not self._whole(self._shards[number])]
            if not broken:
                return found
            self.damaged += [shard.path.name for shard in broken]
            paths = [shard.path for shard in self._shards if shard not in broken]
            self._shards = []
            for path in paths:
                self._open(path)

    def add(self, keys: NDArray[np.uint64], seconds: float, vectors: NDArray[np.float32]) -> None:
        """Keep a shard: vectors [n, dimension] of texts with `keys` [n, 2], which took `seconds` together.

        Raises HarnessError where the disk refuses.
        """
        import numpy as np

        head = np.empty(len(keys), dtype=_head())
        head["key"], head["seconds"] = keys, seconds / max(len(keys), 1)
        data = head.tobytes() + np.ascontiguousarray(vectors, dtype="<f4").tobytes()
        path = self._folder / f"{self._prefix}-{hashlib.sha256(data).hexdigest()}.shard"
        write_bytes(path, data)
        self._checked.add(path)
        self._open(path)

    def fill(
        self, keys: NDArray[np.uint64], embed: Embed, what: str, progress: Progress
    ) -> NDArray[np.int64]:
        """Embed what is lacking, each text once, and keep it shard by shard; the places of these texts.

        `keys`: [n, 2]; `what`: the texts are called, in the plural.
        """
        import numpy as np

        known = self.find(keys) >= 0
        for name in self.damaged:
            progress.note(f"{self._folder / name} was cut short or altered; its {what} are embedded again.")
        lacking = np.flatnonzero(~known)
        missing = np.sort(lacking[np.unique(keys[lacking], axis=0, return_index=True)[1]])
        if len(missing) and known.any():
            progress.note(
                f"  {int(known.sum()):,} of {len(keys):,} {what} embedded before, {len(missing):,} new."
            )
        shards = [missing[start : start + SHARD] for start in range(0, len(missing), SHARD)]
        with progress.track(f"embedding {what}", len(missing)) as advance:
            embedded = embed([shard.tolist() for shard in shards], advance)
            for shard, (vectors, seconds) in zip(shards, embedded, strict=True):
                self.add(keys[shard], seconds, vectors)
        return missing

    def seconds(self, rows: NDArray[np.int64]) -> float:
        """What embedding these vectors took when they were made."""
        return sum(float(shard.head["seconds"][own].sum()) for shard, _, own in self._by_shard(rows))

    def gather(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """The vectors [n, dimension] with these numbers."""
        import numpy as np

        vectors = np.empty((len(rows), self._dimension), dtype=np.float32)
        for shard, places, own in self._by_shard(rows):
            vectors[places] = shard.vectors[own]
        return vectors

    def _by_shard(
        self, rows: NDArray[np.int64]
    ) -> Iterator[tuple[_Shard, NDArray[np.int64], NDArray[np.int64]]]:
        """Each shard that holds some of the rows: the places in `rows` that it fills, and its own rows for them."""
        import numpy as np

        numbers = self._shard_of(rows)
        for number in np.unique(numbers):
            places = np.flatnonzero(numbers == number)
            shard = self._shards[number]
            yield shard, places, rows[places] - shard.start

    def _shard_of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        import numpy as np

        starts = np.array([shard.start for shard in self._shards], dtype=np.int64)
        return np.searchsorted(starts, rows, side="right") - 1

    def _look_up(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        import numpy as np

        if not self._shards:
            return np.full(len(keys), -1, dtype=np.int64)
        known = np.concatenate([shard.head["key"] for shard in self._shards])
        order = np.argsort(known[:, 0], kind="stable")
        at = np.minimum(np.searchsorted(known[order, 0], keys[:, 0]), len(order) - 1)
        rows = order[at]
        return np.where((known[rows] == keys).all(axis=1), rows, -1)

    def _open(self, path: Path) -> None:
        """Add a shard by its head alone; one of an impossible length is damaged."""
        import numpy as np

        each = _HEAD + 4 * self._dimension
        size = path.stat().st_size
        if size % each or not size:
            self.damaged.append(path.name)
            return
        head = np.fromfile(path, dtype=_head(), count=size // each)
        start = self._shards[-1].start + len(self._shards[-1].head) if self._shards else 0
        self._shards.append(_Shard(path, start, head, self._dimension))

    def _whole(self, shard: _Shard) -> bool:
        if shard.path not in self._checked and sha256_file(shard.path) == shard.path.stem.rpartition("-")[2]:
            self._checked.add(shard.path)
        return shard.path in self._checked


def _head() -> np.dtype[Any]:
    import numpy as np

    return np.dtype([("key", "<u8", (2,)), ("seconds", "<f4")])
