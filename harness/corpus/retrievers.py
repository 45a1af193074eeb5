"""The retrievers of one corpus: systems of a task may cut and rank its passages differently."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from harness.corpus.building import IndexInfo
from harness.corpus.documents import Corpus
from harness.corpus.embedder import Embedder
from harness.corpus.opening import no_reranker, open_retriever
from harness.corpus.rerank import OpenReranker
from harness.corpus.retriever import Retriever
from harness.progress import Progress
from harness.records import Passage, Question, Ranked
from harness.spec.context import Gold, Retrieved, search_id

MOST_GOLD = 1000
RECORDED = 10
"""How many passages are kept a question at least: enough for recall@10, whatever k the prompt uses."""


@dataclass(frozen=True)
class MarkedRetriever:
    """A retriever whose chunk ids end with `mark`, to tell them from those of another cut of the same corpus."""

    retriever: Retriever
    mark: str

    @property
    def key(self) -> str:
        return self.retriever.key

    @property
    def info(self) -> IndexInfo:
        return self.retriever.info

    def search(self, queries: Sequence[str], k: int) -> Iterator[tuple[Ranked, ...]]:
        return map(self._marked, self.retriever.search(queries, k))

    def gold(
        self, queries: Sequence[str], gold_docs: Sequence[Collection[str]], k: int
    ) -> list[tuple[Ranked, ...]]:
        return [*map(self._marked, self.retriever.gold(queries, gold_docs, k))]

    def _marked(self, found: tuple[Ranked, ...]) -> tuple[Ranked, ...]:
        return tuple(self._one(ranked) for ranked in found)

    def _one(self, ranked: Ranked) -> Ranked:
        passage = ranked.passage
        return replace(ranked, passage=replace(passage, chunk_id=f"{passage.chunk_id}~{self.mark}"))


def holds_answer(passage: Passage, question: Question) -> bool:
    """Whether an answer stands in a passage word for word, whatever its case."""
    text = passage.text.casefold()
    return any(answer.casefold() in text for answer in question.answers)


@dataclass
class Retrievers:
    """A retriever for each way to find passages, opened when it is first needed; and what each found.

    Models of a run may share this value: what is found does not depend on who reads it. A passage is kept once, for
    however many questions and however it was found.
    """

    open_one: Callable[[Retrieved | Gold], Retriever]
    _open: dict[str, Retriever] = field(default_factory=dict)
    _found: dict[tuple[str, int], dict[str, tuple[Ranked, ...]]] = field(default_factory=dict)
    """Way and depth → question → passages."""
    _given: dict[tuple[str, int], dict[str, tuple[Ranked, ...]]] = field(default_factory=dict)
    """Way and depth → id of a question → passages of its gold documents."""
    _passages: dict[Passage, Passage] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Retriever]:
        """The retrievers that are open."""
        return iter(self._open.values())

    def of(self, passages: Retrieved | Gold) -> Retriever:
        """Raises what opening an index raises, the first time."""
        way = search_id(passages)
        if way not in self._open:
            self._open[way] = self.open_one(passages)
        return self._open[way]

    def found(self, passages: Retrieved, questions: Sequence[str]) -> list[tuple[Ranked, ...]]:
        """What is found for each question, best first, deep enough for `passages.k`; each is searched for once."""
        depth = max(RECORDED, passages.k)
        known = self._found.setdefault((search_id(passages), depth), {})
        if new := list(dict.fromkeys(question for question in questions if question not in known)):
            found = self.of(passages).search(new, depth)
            known |= zip(new, map(self._shared, found), strict=True)
        return [known[question] for question in questions]

    def given(self, passages: Gold, question: Question) -> tuple[Ranked, ...]:
        """The first passages of its gold documents, as `gold` ranks them, as many as `found` would give; looked for
        once."""
        depth = max(RECORDED, passages.k)
        known = self._given.setdefault((search_id(passages), depth), {})
        if question.id not in known:
            known[question.id] = self._shared(self.gold(passages, question)[:depth])
        return known[question.id]

    def gold(self, passages: Retrieved | Gold, question: Question) -> tuple[Ranked, ...]:
        """The passages of its gold documents, those that hold an answer first, then by similarity."""
        if not question.gold_docs:
            return ()
        (ranked,) = self.of(passages).gold([question.question], [question.gold_docs], MOST_GOLD)
        return tuple(sorted(ranked, key=lambda item: not holds_answer(item.passage, question)))

    def _shared(self, found: tuple[Ranked, ...]) -> tuple[Ranked, ...]:
        """The same with passages that are kept already in the place of equal ones."""
        kept = self._passages
        return tuple(Ranked(kept.setdefault(one.passage, one.passage), one.score) for one in found)


def retrievers_of(
    corpus: Corpus,
    embedder: Embedder,
    *,
    cache: Path,
    progress: Progress,
    reranker: OpenReranker = no_reranker,
) -> Retrievers:
    """The retrievers of a corpus; their indexes lie in `cache`, or are built into it."""
    return Retrievers(
        partial(open_retriever, corpus, embedder, cache=cache, progress=progress, reranker=reranker)
    )
