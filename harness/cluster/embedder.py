"""An embedder whose passages are embedded by workers; questions are few, and embedded here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from harness.cluster.units import Embed, HeldModel
from harness.corpus.embedder import Embedder, Prefixes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.cluster.executor import ClusterExecutor


class ClusterEmbedder:
    """Implements `ShardEmbedder`. `local`: the same embedder here; `held`: for workers."""

    def __init__(self, local: Embedder, held: HeldModel, workers: ClusterExecutor) -> None:
        self._local = local
        self._held = held
        self._workers = workers

    @property
    def name(self) -> str:
        return self._local.name

    @property
    def sha256(self) -> str:
        return self._local.sha256

    @property
    def dimension(self) -> int:
        return self._local.dimension

    @property
    def max_tokens(self) -> int:
        return self._local.max_tokens

    @property
    def prefixes(self) -> Prefixes:
        return self._local.prefixes

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._local.count_tokens(texts)

    def embed_documents(
        self, texts: Sequence[str], prefix: str, advance: Callable[[int], None]
    ) -> NDArray[np.float32]:
        ((vectors, _),) = self.embed_shards([texts], prefix, advance)
        return vectors

    def embed_shards(
        self, shards: Iterable[Sequence[str]], prefix: str, advance: Callable[[int], None]
    ) -> Iterator[tuple[NDArray[np.float32], float]]:
        units = (Embed(self._held, tuple(texts), prefix) for texts in shards)
        for unit, done in self._workers.in_order(units):
            advance(len(unit.texts))
            yield done.value, done.seconds

    def embed_queries(self, texts: Sequence[str], prefix: str) -> NDArray[np.float32]:
        return self._local.embed_queries(texts, prefix)
