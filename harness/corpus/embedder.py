"""Texts → unit vectors. The protocol that retrieval needs, and its sentence-transformers implementation.

Counting tokens and asking for the window or for prefixes reads small files only; the weights (and torch with
them) are loaded when the first text is embedded.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from harness.errors import ModelUnavailable
from harness.loading import check_finite, check_fit, loading_info, reading, settings_in
from harness.quiet import import_transformers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_GROUP = 256
"""Texts between two steps of the progress bar."""
_BATCH = 32
_QUERY_PROMPTS = ("query", "search_query", "question")
_PASSAGE_PROMPTS = ("document", "passage", "corpus", "search_document")
"""What models call their prompts for questions and for passages, likeliest first."""


@dataclass(frozen=True, slots=True)
class Prefixes:
    """What stands before a text that is embedded, as models are trained to be told questions from passages.

    e5 for instance wants "query: " and "passage: ". Empty: nothing.
    """

    query: str = ""
    passage: str = ""

    def given(self, query: str | None, passage: str | None) -> Prefixes:
        """These, but for what is given (None: not given; empty: none)."""
        return Prefixes(self.query if query is None else query, self.passage if passage is None else passage)


class Embedder(Protocol):
    """Maps texts to vectors whose inner product is the cosine similarity."""

    @property
    def name(self) -> str: ...

    @property
    def sha256(self) -> str:
        """Names the weights; a part of every index's key."""

    @property
    def dimension(self) -> int: ...

    @property
    def max_tokens(self) -> int:
        """The longest text it reads, special tokens included; the rest would be dropped unseen."""

    @property
    def prefixes(self) -> Prefixes:
        """The prefixes that the model's own configuration names."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text as it stands, untruncated, special tokens included."""

    def embed_documents(
        self, texts: Sequence[str], prefix: str, advance: Callable[[int], None]
    ) -> NDArray[np.float32]:
        """Vectors [n, dimension] of length 1, each of a text behind `prefix`; calls `advance` with the number of
        texts finished."""

    def embed_queries(self, texts: Sequence[str], prefix: str) -> NDArray[np.float32]:
        """Vectors [n, dimension] of length 1, each of a text behind `prefix`."""


@runtime_checkable
class ShardEmbedder(Protocol):
    """An embedder that embeds several lists of texts at once."""

    def embed_shards(
        self, shards: Iterable[Sequence[str]], prefix: str, advance: Callable[[int], None]
    ) -> Iterator[tuple[NDArray[np.float32], float]]:
        """As `embed_documents` of each shard, in order, with the seconds that it took."""


def embed_shards(
    embedder: Embedder, shards: Iterable[Sequence[str]], prefix: str, advance: Callable[[int], None]
) -> Iterator[tuple[NDArray[np.float32], float]]:
    """The vectors of each shard, in order, with the seconds that it took: one after the other, where the embedder knows
    no better."""
    if isinstance(embedder, ShardEmbedder):
        yield from embedder.embed_shards(shards, prefix, advance)
        return
    for texts in shards:
        started = time.perf_counter()
        vectors = embedder.embed_documents(texts, prefix, advance)
        yield vectors, time.perf_counter() - started


class SentenceTransformerEmbedder:
    """A sentence-transformers model in a local folder, in float32. Runs no code from the folder."""

    def __init__(self, folder: Path, name: str, sha256: str, device: str) -> None:
        self.folder = folder
        self.name = name
        self.sha256 = sha256
        self.device = device

    @cached_property
    def max_tokens(self) -> int:
        """The window from the folder's own files: sentence-transformers' limit, else the model's."""
        stated = (
            settings_in(self.folder / "sentence_bert_config.json", "the embedder").get("max_seq_length"),
            settings_in(self.folder / "tokenizer_config.json", "the embedder").get("model_max_length"),
            settings_in(self.folder / "config.json", "the embedder").get("max_position_embeddings"),
        )
        limits = [int(limit) for limit in stated if isinstance(limit, int | float) and 1 <= limit < math.inf]
        if not limits:
            raise ModelUnavailable(f"the embedder in {self.folder} does not say how many tokens it reads.")
        return min(limits)

    @property
    def dimension(self) -> int:
        return int(self._model.get_embedding_dimension())

    @cached_property
    def prefixes(self) -> Prefixes:
        """The prompts for questions and passages in `config_sentence_transformers.json`, under any usual name.

        Where it has neither, both get its default prompt, as in `encode`.
        """
        config = settings_in(self.folder / "config_sentence_transformers.json", "the embedder")
        prompts = config.get("prompts")
        prompts = prompts if isinstance(prompts, dict) else {}

        def first(names: Sequence[str | None]) -> str:
            return next((str(prompts[name]) for name in names if name and prompts.get(name)), "")

        named = Prefixes(first(_QUERY_PROMPTS), first(_PASSAGE_PROMPTS))
        default = first([config.get("default_prompt_name")])
        return Prefixes(default, default) if named == Prefixes() else named

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(encoding.ids) for encoding in self._tokenizer.encode_batch_fast(list(texts))]

    def embed_documents(
        self, texts: Sequence[str], prefix: str, advance: Callable[[int], None]
    ) -> NDArray[np.float32]:
        import numpy as np

        # Longest first: texts of one length share a batch, memory peaks at once, and the time left
        # shrinks faster than the bar says, not slower.
        order = sorted(range(len(texts)), key=lambda index: (-len(texts[index]), index))
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for start in range(0, len(order), _GROUP):
            group = order[start : start + _GROUP]
            vectors[group] = self._encode(
                self._model.encode_document, [texts[index] for index in group], prefix
            )
            advance(len(group))
        return vectors

    def embed_queries(self, texts: Sequence[str], prefix: str) -> NDArray[np.float32]:
        return self._encode(self._model.encode_query, list(texts), prefix)

    def _encode(self, encode: Callable[..., Any], texts: list[str], prefix: str) -> NDArray[np.float32]:
        import numpy as np

        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        vectors = encode(
            texts,
            # Not left to encode_document: it has an empty prompt "document" before it looks for "passage".
            prompt=prefix,
            batch_size=_BATCH,
            normalize_embeddings=True,
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        return np.ascontiguousarray(vectors, dtype=np.float32)

    @cached_property
    def _tokenizer(self) -> Any:
        """The fast tokenizer alone, without torch, and without the truncation that its file may ask for."""
        from tokenizers import Tokenizer

        path = self.folder / "tokenizer.json"
        if path.is_file():
            with reading(f"the tokenizer of the embedder in {self.folder}"):
                tokenizer = Tokenizer.from_file(str(path))
        else:  # a folder with a vocabulary only; transformers builds the same thing from it
            transformers = import_transformers()
            with reading(f"the tokenizer of the embedder in {self.folder}"):
                tokenizer = transformers.AutoTokenizer.from_pretrained(
                    self.folder, local_files_only=True, trust_remote_code=False
                ).backend_tokenizer
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _model(self) -> Any:
        what = f"the embedder {self.name!r} in {self.folder}"
        import_transformers()
        with reading(what):
            from sentence_transformers import SentenceTransformer

            self._check_weights(what)
            model = SentenceTransformer(
                str(self.folder),
                device=self.device,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"dtype": "float32", "use_safetensors": True},
            )
        check_finite(model, what)
        reads = model.max_seq_length
        if reads is not None and reads < self.max_tokens:
            raise ModelUnavailable(
                f"the embedder {self.name!r} reads {reads} tokens, but its files in {self.folder} "
                f"promise {self.max_tokens}; chunks would be cut unseen."
            )
        return model.eval()

    def _check_weights(self, what: str) -> None:
        """Refuse a transformer whose tensors are not those of its files, which the library would make up."""
        transformers = import_transformers()
        homes = [path.parent for path in (self.folder / "config.json", *self.folder.glob("0_*/config.json"))]
        for home in (home for home in homes if (home / "config.json").is_file()):
            info = loading_info(transformers.AutoModel, home)
            # Pooling reads the last layer; heads of the training, and a pooler that nobody trained, are not in use.
            info["missing_keys"] = {name for name in info["missing_keys"] if "pooler." not in name}
            check_fit(info, what, ignored=() if info["missing_keys"] else ("unexpected",))
