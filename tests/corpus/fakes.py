"""An embedder without weights: words hash to directions, so texts that share words lie close."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from harness.corpus.embedder import Prefixes
from harness.spec.context import Retrieved

NO_PREFIXES = Prefixes()


def cut_into(chunk_tokens: int, overlap_tokens: int = 0, **prefixes: str) -> Retrieved:
    """How a system wants its passages cut and embedded."""
    return Retrieved(3, chunk_tokens, overlap_tokens, 2048, "any", **prefixes)


class HashEmbedder:
    """Bag-of-words vectors. Counts calls, so that a test can say when the embedder was (not) used."""

    name = "hash"
    dimension = 64

    def __init__(
        self, sha256: str = "e" * 64, max_tokens: int = 64, prefixes: Prefixes = NO_PREFIXES
    ) -> None:
        self.sha256 = sha256
        self.prefixes = prefixes
        self.max_tokens = max_tokens
        self.document_calls = 0
        self.query_calls = 0

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Words and marks, and two special tokens a text, as WordPiece models do."""
        return [2 + len(re.findall(r"\w+|[^\w\s]", text)) for text in texts]

    def embed_documents(
        self, texts: Sequence[str], prefix: str, advance: Callable[[int], None]
    ) -> NDArray[np.float32]:
        self.document_calls += 1
        advance(len(texts))
        return self._embed([prefix + text for text in texts])

    def embed_queries(self, texts: Sequence[str], prefix: str) -> NDArray[np.float32]:
        self.query_calls += 1
        return self._embed([prefix + text for text in texts])

    def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                vectors[row, int(hashlib.sha256(word.encode()).hexdigest(), 16) % self.dimension] += 1
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
