"""What a preview looks at: a task, its documents, and the tokenizers that are on this machine already."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.corpus.documents import Corpus
from harness.corpus.embedder import SentenceTransformerEmbedder
from harness.engines.catalogue import DEFAULT_BASE, DEFAULT_EMBEDDER
from harness.engines.store import listing
from harness.spec.task import Task

TOKEN_BYTES = 4
"""Of running text, where no tokenizer is here to count; other scripts take more bytes a character, and more tokens."""


@dataclass(frozen=True)
class Tokenizers:
    """The tokenizers of the default models, each read at the first need; None until its model was fetched."""

    base: Path | None
    embedder: SentenceTransformerEmbedder | None

    @classmethod
    def fetched(cls, cache: Path) -> Tokenizers:
        paths = {model.name: path for model, path in listing(cache)}
        folder = paths[DEFAULT_EMBEDDER]
        embedder = SentenceTransformerEmbedder(folder, DEFAULT_EMBEDDER, "", "cpu") if folder else None
        return cls(paths[DEFAULT_BASE], embedder)

    @property
    def counting(self) -> str:
        """How answers are counted, the end of a sentence."""
        return f"in tokens of {DEFAULT_BASE}" if self.base else f"estimated at {TOKEN_BYTES} bytes a token"

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text as the default model writes it, or an estimate."""
        if self._base is None:
            return [math.ceil(len(text.encode()) / TOKEN_BYTES) for text in texts]
        encoded = self._base.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encoded]

    @cached_property
    def _base(self) -> Any:
        if self.base is None:
            return None
        from tokenizers import Tokenizer

        return Tokenizer.from_file(str(self.base / "tokenizer.json"))


@dataclass(frozen=True, slots=True)
class Case:
    """A task to preview. `called`: how commands name it. `corpus`: None where it names none."""

    task: Task
    called: str
    corpus: Corpus | None
    tokenizers: Tokenizers
