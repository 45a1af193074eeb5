"""A way to retrieve, as a system names it, made concrete over a corpus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from harness.corpus.building import IndexInfo, open_dense
from harness.corpus.cutting import chunking_of, cut, searched
from harness.corpus.documents import Corpus, corpus_sha256
from harness.corpus.embedder import Embedder
from harness.corpus.expansion import ExpandedRetriever
from harness.corpus.lexical import LexicalSource, open_lexical
from harness.corpus.rerank import OpenReranker, RerankedRetriever, Reranker, check_length
from harness.corpus.retriever import DenseRetriever, HybridRetriever, LexicalRetriever, Retriever
from harness.corpus.window import prefixes_of
from harness.errors import InputError
from harness.files import sha256_json
from harness.progress import Progress
from harness.records import Passage
from harness.spec.context import Gold, Retrieved

CANDIDATES = 50
"""What each ranking hands to the fusion, and what is ranked again, where nothing else is said."""


def no_reranker(name: str) -> Reranker:
    """Stands in where nothing opens rerankers. Raises InputError."""
    raise InputError(f"the reranker {name!r} cannot be opened here.")


def open_retriever(
    corpus: Corpus,
    embedder: Embedder,
    passages: Retrieved | Gold,
    *,
    cache: Path,
    progress: Progress,
    reranker: OpenReranker = no_reranker,
) -> Retriever:
    """Open what ranks the passages of a corpus; indexes come from `cache`, or are built there.

    `passages`: how a system wants them cut and ranked. Raises as `searched`, `open_dense` and `open_lexical`.
    """
    corpus = searched(corpus, passages.within)
    if passages.method == "bm25":
        retriever, cut_passages = _lexical(corpus, embedder, passages, cache, progress)
    else:
        retriever, cut_passages = _dense(corpus, embedder, passages, cache, progress)
    if passages.rerank:
        model = reranker(passages.rerank)
        check_length(model, passages.chunk_tokens)
        retriever = RerankedRetriever(retriever, model, passages.candidates or CANDIDATES)
    if passages.expand:
        retriever = ExpandedRetriever(retriever, cut_passages, passages.expand)
    return retriever


Opened = tuple[Retriever, Sequence[Passage]]
"""A retriever, and the passages that it ranks."""


def _dense(
    corpus: Corpus, embedder: Embedder, passages: Retrieved | Gold, cache: Path, progress: Progress
) -> Opened:
    """By vectors, and by words as well where the method says so."""
    index, info = open_dense(corpus, embedder, passages, cache=cache, progress=progress)
    dense = DenseRetriever(index, embedder, info)
    if passages.method is None:
        return dense, index.passages
    words = open_lexical(
        *_lexical_parts(corpus, embedder, passages), cache=cache, progress=progress, passages=index.passages
    )
    candidates = passages.candidates or CANDIDATES
    both = replace(
        info,
        key=sha256_json([info.key, words.key, passages.method, candidates]),
        seconds=info.seconds + words.seconds,
        reused=info.reused and words.reused,
        bytes=info.bytes + words.bytes,
    )
    return HybridRetriever(dense, words, both, candidates), index.passages


def _lexical(
    corpus: Corpus, embedder: Embedder, passages: Retrieved | Gold, cache: Path, progress: Progress
) -> Opened:
    words = open_lexical(*_lexical_parts(corpus, embedder, passages), cache=cache, progress=progress)
    info = IndexInfo(
        key=words.key,
        sha256=words.sha256,
        documents=len(corpus),
        passages=len(words.passages),
        embed_tokens=0,
        seconds=words.seconds,
        reused=words.reused,
        bytes=words.bytes,
    )
    return LexicalRetriever(words, info), words.passages


def _lexical_parts(
    corpus: Corpus, embedder: Embedder, passages: Retrieved | Gold
) -> tuple[LexicalSource, Callable[[], Sequence[Passage]]]:
    """What an index of words is built from, and what cuts its passages."""
    chunking = chunking_of(passages, embedder, prefixes_of(embedder, passages))
    source = LexicalSource(corpus_sha256(corpus.documents), chunking, embedder.sha256)
    return source, partial(cut, corpus.documents, embedder, chunking)
