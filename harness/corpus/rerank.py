"""Passages ranked again by a model that reads question and passage together: slower than vectors, and sharper."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from harness.corpus.building import IndexInfo
from harness.corpus.chunks import embedding_text
from harness.corpus.retriever import Retriever
from harness.errors import HarnessError, InputError, ModelUnavailable
from harness.files import sha256_json
from harness.loading import check_finite, check_fit, loading_info, reading, settings_in
from harness.quiet import import_transformers
from harness.records import Ranked

_DECIMALS = 6
_BATCH = 32


class Reranker(Protocol):
    """Says how well passages answer a question."""

    @property
    def name(self) -> str: ...

    @property
    def sha256(self) -> str:
        """Names what its scores depend on; a part of the key of whatever it ranks."""

    @property
    def max_tokens(self) -> int | None:
        """The longest pair it reads, in its own tokens; None: not known."""

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """A score for each text, higher is better. Raises HarnessError where there is none to be had."""


OpenReranker = Callable[[str], Reranker]
"""From what a task file calls a reranker to the model. Raises InputError, ModelUnavailable."""


class RerankedRetriever:
    """The first `candidates` of another retriever, by the reranker's score; equal scores keep their order."""

    def __init__(self, inner: Retriever, reranker: Reranker, candidates: int) -> None:
        self._inner = inner
        self._reranker = reranker
        self._candidates = candidates
        self.key = sha256_json([inner.key, "rerank", reranker.sha256, candidates])
        self.info: IndexInfo = replace(inner.info, key=self.key)

    def search(self, queries: Sequence[str], k: int) -> Iterator[tuple[Ranked, ...]]:
        found = self._inner.search(queries, max(k, self._candidates))
        return (self._again(query, ranking)[:k] for query, ranking in zip(queries, found, strict=True))

    def gold(
        self, queries: Sequence[str], gold_docs: Sequence[Collection[str]], k: int
    ) -> list[tuple[Ranked, ...]]:
        return self._inner.gold(queries, gold_docs, k)

    def _again(self, query: str, ranking: Sequence[Ranked]) -> tuple[Ranked, ...]:
        if not ranking:
            return ()
        scores = self._reranker.scores(query, [embedding_text(ranked.passage) for ranked in ranking])
        if len(scores) != len(ranking) or any(score != score for score in scores):
            raise HarnessError(
                f"the reranker {self._reranker.name!r} gave {len(scores)} scores for {len(ranking)} passages, or some "
                "that are no numbers."
            )
        scored = [
            replace(ranked, score=round(score, _DECIMALS))
            for ranked, score in zip(ranking, scores, strict=True)
        ]
        return tuple(sorted(scored, key=lambda ranked: -ranked.score))


def check_length(reranker: Reranker, chunk_tokens: int) -> None:
    """Raises InputError where passages leave no room for a question in what the reranker reads."""
    reads = reranker.max_tokens
    if reads is not None and chunk_tokens >= reads:
        raise InputError(
            f"the reranker {reranker.name!r} reads {reads} tokens, question and passage together; passages of "
            f"{chunk_tokens} would be cut unseen. Lower retrieval.chunk_tokens."
        )


class CrossEncoderReranker:
    """A sentence-transformers CrossEncoder in a local folder, in float32, loaded by the first question.

    Runs no code from the folder, and refuses a model without a trained head of one score.
    """

    def __init__(self, folder: Path, name: str, sha256: str, device: str) -> None:
        self.folder = folder
        self.name = name
        self.sha256 = sha256
        self.device = device

    @cached_property
    def max_tokens(self) -> int | None:
        stated = [
            settings_in(self.folder / "tokenizer_config.json", "the reranker").get("model_max_length"),
            settings_in(self.folder / "config.json", "the reranker").get("max_position_embeddings"),
        ]
        limits = [int(limit) for limit in stated if isinstance(limit, int | float) and 1 <= limit < 1e9]
        return min(limits, default=None)

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        pairs = [(query, text) for text in texts]
        found = self._model.predict(pairs, batch_size=_BATCH, show_progress_bar=False)
        return [float(score) for score in found]

    @cached_property
    def _model(self) -> Any:
        what = f"the reranker {self.name!r} in {self.folder}"
        import_transformers()
        with reading(what):
            from sentence_transformers import CrossEncoder

            self._check_weights(what)
            model = CrossEncoder(
                str(self.folder),
                device=self.device,
                max_length=self.max_tokens,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"dtype": "float32", "use_safetensors": True},
            )
        check_finite(model, what)
        if model.num_labels != 1:
            raise ModelUnavailable(
                f"{what} gives {model.num_labels} scores for a pair, and a reranker gives one (num_labels: 1)."
            )
        return model.eval()

    def _check_weights(self, what: str) -> None:
        """Refuse a model whose tensors are not those of its files: an embedder would get a random head."""
        transformers = import_transformers()
        info = loading_info(transformers.AutoModelForSequenceClassification, self.folder)
        check_fit(info, what, ignored=("unexpected",))
