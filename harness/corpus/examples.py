"""The training questions nearest to a question: found by the embedder that retrieval uses, in an index of their own.

Question is held against question, so both are embedded as questions are, behind the same prefix.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.corpus.building import IndexInfo, checked_vectors, open_or_build
from harness.corpus.embedder import Embedder, Prefixes
from harness.corpus.index import BuildCost, IndexSource, PassageIndex, build_index, save_index
from harness.corpus.vectors import VectorStore, keys_of
from harness.files import sha256_json
from harness.progress import Progress
from harness.records import Passage, Question
from harness.scoring.likeness import NEAR, likeness, triples
from harness.spec.context import Nearest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_GROUP = 256
"""Questions embedded between two steps of the progress bar."""
_SPARE = 8
"""Questions fetched beyond those that are wanted, in the place of near copies."""
STORE = "question-vectors"
"""Folder of the cache: a model may embed a question otherwise than a passage behind the same prefix."""
_MADE = "questions-1"
"""Names what is indexed of a training question; to be changed whenever that changes."""


class ExampleFinder:
    """Finds the nearest of some training questions. The embedder is loaded by the first question, not before."""

    def __init__(
        self, questions: Sequence[Question], index: PassageIndex, embedder: Embedder, info: IndexInfo
    ) -> None:
        self._questions = {question.id: question for question in questions}
        self._index = index
        self._embedder = embedder
        self._triples: dict[str, frozenset[str]] = {}
        """Of the training questions that were candidates, by id."""
        self.info = info

    def search(self, asked: Sequence[Question], k: int) -> Iterator[tuple[Question, ...]]:
        """The k nearest for each question, the nearest first: never itself, nor a near copy of it by its words."""
        vectors = self._embedder.embed_queries(
            [question.question for question in asked], self.info.query_prefix
        )
        found = self._index.search(vectors, k + _SPARE)
        for place, (question, row) in enumerate(zip(asked, found, strict=True)):
            ids = [ranked.passage.doc_id for ranked in row]
            yield self._others(question, ids, vectors[place : place + 1], k)

    def _triples_of(self, question: Question) -> frozenset[str]:
        if question.id not in self._triples:
            self._triples[question.id] = triples(question.question)
        return self._triples[question.id]

    def _others(
        self, question: Question, ids: Sequence[str], vector: NDArray[np.float32], k: int
    ) -> tuple[Question, ...]:
        """The first k of `ids` that tell something else; where copies took their places, more are looked for."""
        own = triples(question.question)
        while True:
            kept = [
                other
                for other in (self._questions[id_] for id_ in ids)
                if other.id != question.id and likeness(own, self._triples_of(other)) < NEAR
            ]
            if len(kept) >= k or len(ids) == len(self._questions):
                return tuple(kept[:k])
            (more,) = self._index.search(vector, 4 * len(ids))
            ids = [ranked.passage.doc_id for ranked in more]


def open_examples(
    questions: Sequence[Question], embedder: Embedder, prefix: str, *, cache: Path, progress: Progress
) -> ExampleFinder:
    """Open the index of training questions from `cache`, building it where it is missing or unusable.

    `prefix`: stands before every question that is embedded. Raises HarnessError where the index cannot be written.
    """
    source = IndexSource(
        embedder_sha256=embedder.sha256,
        corpus_sha256=sha256_json([[question.id, question.question] for question in questions]),
        chunking={"examples": _MADE, "query_prefix": prefix},
    )

    def write(target: Path) -> None:
        save_index(_build(questions, embedder, source, cache / STORE, progress), target)

    index, info = open_or_build(source, write, Prefixes(query=prefix), cache, progress)
    return ExampleFinder(questions, index, embedder, info)


def _build(
    questions: Sequence[Question], embedder: Embedder, source: IndexSource, store: Path, progress: Progress
) -> PassageIndex:
    """The index of some training questions; each is embedded once, whichever others it stands among."""
    import numpy as np

    dimension = embedder.dimension  # loads the weights, which is not the index's cost
    started = time.perf_counter()
    prefix, texts = source.chunking["query_prefix"], [question.question for question in questions]
    keys = keys_of(texts)
    vectors = VectorStore(store, embedder.sha256, prefix, dimension)

    def embed(
        shards: Sequence[Sequence[int]], advance: Callable[[int], None]
    ) -> Iterator[tuple[NDArray[np.float32], float]]:
        for shard in shards:
            began, parts = time.perf_counter(), []
            for start in range(0, len(shard), _GROUP):
                group = [texts[place] for place in shard[start : start + _GROUP]]
                parts.append(embedder.embed_queries(group, prefix))
                advance(len(group))
            found = checked_vectors(np.concatenate(parts), len(shard), dimension, embedder.name)
            yield found, time.perf_counter() - began

    missing = vectors.fill(keys, embed, "training questions", progress)
    embedded = time.perf_counter()
    rows, distinct = vectors.find(keys), np.unique(keys, axis=0, return_index=True)[1]
    tokens = np.array(embedder.count_tokens([prefix + text for text in texts]))
    passages = [Passage(f"{question.id}#0", question.id, "", question.question) for question in questions]
    gathered, ended = vectors.gather(rows), time.perf_counter()
    cost = BuildCost(
        documents=len(questions),
        embed_tokens=int(tokens[distinct].sum()),
        seconds=vectors.seconds(rows[distinct]) + ended - embedded,
        new_passages=len(missing),
        new_tokens=int(tokens[missing].sum()),
        new_s=ended - started,
    )
    return build_index(passages, gathered, source, cost)


class ExampleFinders:
    """The finders of a task by what they search, each opened once, and what they found."""

    def __init__(self, open_: Callable[[Nearest], ExampleFinder]) -> None:
        self._open = open_
        self._finders: dict[str, ExampleFinder] = {}
        self._found: dict[tuple[Nearest, Question], tuple[Question, ...]] = {}

    def of(self, nearest: Nearest) -> ExampleFinder:
        if nearest.index not in self._finders:
            self._finders[nearest.index] = self._open(nearest)
        return self._finders[nearest.index]

    def found(self, nearest: Nearest, questions: Sequence[Question]) -> list[tuple[Question, ...]]:
        """The examples of each question, the nearest first; looked for once, whichever model reads them."""
        new = [question for question in questions if (nearest, question) not in self._found]
        if new:
            examples = self.of(nearest).search(new, nearest.k)
            self._found |= zip(((nearest, question) for question in new), examples, strict=True)
        return [self._found[nearest, question] for question in questions]

    def __iter__(self) -> Iterator[ExampleFinder]:
        return iter(self._finders.values())
