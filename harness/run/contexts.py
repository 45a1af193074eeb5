"""What every job of a run needs before its first answer: each task's retrievers, and how its questions are put."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.corpus.documents import Corpus
from harness.corpus.embedder import Embedder
from harness.corpus.examples import ExampleFinder, ExampleFinders, open_examples
from harness.corpus.inventory import Corpora, grouped
from harness.corpus.loss import answers_found
from harness.corpus.opening import open_retriever
from harness.corpus.retriever import Retriever
from harness.corpus.retrievers import MarkedRetriever, Retrievers
from harness.corpus.window import query_prefix_of, tell_cut_questions
from harness.errors import InputError
from harness.records import Passage, QuestionRow, Ranked
from harness.run.control_tokens import ControlTokens, control_tokens_sentence
from harness.run.facts import EmbedderFacts, IndexFacts
from harness.run.folder import QUESTIONS, RunFolder
from harness.run.plan import Job, Plan, sample
from harness.run.prepare import ReadyJob, TaskContext
from harness.run.question_rows import question_rows
from harness.run.tools import Tools
from harness.run.train_corpus import corpus_of_train
from harness.spec.context import Gold, Nearest, Retrieved, cut_id, search_id
from harness.spec.strategy import WHOLE_TOKENS, retrieved
from harness.spec.system import ModelRef, System
from harness.spec.task import Task


@dataclass
class RunContexts:
    """The contexts of a run's jobs, by task and model: those of a task share what is searched, and what was found."""

    plan: Plan
    tools: Tools
    folder: RunFolder
    corpora: Corpora
    seed: int
    by_model: dict[tuple[str, ModelRef], TaskContext] = field(default_factory=dict)
    lengths: dict[str, dict[str, int]] = field(default_factory=dict)
    """Task → question id → tokens that the embedder would read of it."""
    found: dict[str, dict[str, bool]] = field(default_factory=dict)
    """Task → question id → whether an answer stands in its gold documents."""

    _embedder: Embedder | None = None

    def prepare(self) -> None:
        """Open the indexes that each task's systems need, and make its contexts."""
        for name, task in self.plan.tasks.items():
            systems = [job.system for job in self.plan.jobs if job.task == name]
            retrievers, finders = self._retrievers(task, systems), self._finders(task, systems)
            whole = self._whole_corpus(task) if any(system.whole_corpus for system in systems) else ()
            if any(system.passages and not system.reads_train for system in systems):
                self.found[name] = answers_found(task, self._corpus(task))
            for model in self.tools.models:
                context = TaskContext(task, model.engine, retrievers, self.seed, finders, whole)
                self.by_model[name, model.ref] = context
        if embedder := self._embedder:
            facts = EmbedderFacts(name=embedder.name, sha256=embedder.sha256, max_tokens=embedder.max_tokens)
            self.folder.update(embedder=facts)
        self.corpora.forget()

    def _retrievers(self, task: Task, systems: Sequence[System]) -> Retrievers | None:
        """What the systems of a task find their passages in, opened; None where none looks for any."""
        ways = {search_id(system.passages): system.passages for system in systems if system.passages}
        retrievers = Retrievers(functools.partial(self._open, task))
        for way in ways.values():
            if way.embedded:
                self._tell_lengths(task, way)
            retrievers.of(way)
        return retrievers if ways else None

    def _tell_lengths(self, task: Task, searched: Retrieved | Gold | Nearest) -> None:
        """Say once a task which of its questions the embedder does not read whole."""
        if task.name not in self.lengths:
            self.lengths[task.name] = tell_cut_questions(
                task.name, task.test, self.embedder, searched, self.tools.progress
            )

    @property
    def embedder(self) -> Embedder:
        """The run's embedder, opened when first needed."""
        self._embedder = self._embedder or self.tools.embedder()
        return self._embedder

    def of(self, job: Job) -> TaskContext:
        return self.by_model[job.task, job.system.model]

    def write_questions(self, jobs: Sequence[ReadyJob]) -> None:
        """Keep the questions with what was found out about them, and say which hold control tokens."""
        rows: list[QuestionRow] = []
        for name, task in self.plan.tasks.items():
            own = [job for job in jobs if job.job.task == name]
            known = question_rows(task, own, self.lengths.get(name, {}), self.found.get(name, {}), self.seed)
            if sentence := control_tokens_sentence(
                {row.id: ControlTokens(row.quoted, row.imitated) for row in known}, len(known)
            ):
                self.tools.progress.note(f"  {name}: {sentence}")
            rows += known
        self.folder.write_whole(QUESTIONS, rows)

    def _corpus(self, task: Task) -> Corpus:
        assert task.corpus is not None
        return self.corpora.read(task.corpus)

    def _whole_corpus(self, task: Task) -> tuple[Ranked, ...]:
        documents = [Passage(doc.doc_id, doc.doc_id, doc.title, doc.text) for doc in self._corpus(task)]
        return tuple(Ranked(passage, 0.0) for passage in reversed(documents))

    def _searched(self, task: Task, passages: Retrieved | Gold) -> tuple[Corpus, Retrieved | Gold]:
        """What passages are cut from, and how: the documents, or what a fine-tune is trained on.

        A training question and its answer are one passage where the embedder reads both.
        """
        if isinstance(passages, Retrieved) and passages.of_train:
            learnt = sample(task.train, passages.train_examples, self.seed)
            whole = min(WHOLE_TOKENS, self.embedder.max_tokens)
            uncut = dataclasses.replace(
                passages, chunk_tokens=whole, overlap_tokens=0, within=None, expand=None, headings=None
            )
            return corpus_of_train(task, learnt), uncut
        return self._corpus(task), passages

    def _open(self, task: Task, passages: Retrieved | Gold) -> Retriever:
        """Open a retriever of a task and keep its facts. Raises InputError where a resumed run had another."""
        corpus, way = self._searched(task, passages)
        retriever = open_retriever(
            corpus,
            self.embedder,
            way,
            cache=self.tools.cache,
            progress=self.tools.progress,
            reranker=self.tools.reranker,
        )
        previous = self.folder.manifest.index_of(task.name, passages)
        if previous and previous.key != retriever.info.key:
            raise InputError(
                f"{self.folder.path} cannot be resumed: the corpus of task {task.name!r}, its chunking or "
                "the embedder has changed since the run began. Start a new run."
            )
        if previous is None or previous.reused:
            facts = IndexFacts(
                **dataclasses.asdict(retriever.info),
                search=search_id(passages),
                files=corpus.inventory.files,
                characters=corpus.inventory.characters,
                passed_over=grouped(corpus.passed_over),
            )
            self._keep(
                task.name, previous, facts, documents=isinstance(passages, Gold) or not passages.of_train
            )
        cut, own = cut_id(passages), cut_id(retrieved(task.spec.retrieval, passages.embedder))
        return retriever if cut == own else MarkedRetriever(retriever, cut)

    def _finders(self, task: Task, systems: Sequence[System]) -> ExampleFinders | None:
        """What the systems of a task find their examples in, opened; None where none looks for any."""
        ways = [system.nearest for system in systems if system.nearest]
        finders = ExampleFinders(functools.partial(self._open_examples, task))
        for way in ways:
            self._tell_lengths(task, way)
            finders.of(way)
        return finders if ways else None

    def _open_examples(self, task: Task, nearest: Nearest) -> ExampleFinder:
        """Open an index of training questions and keep its facts."""
        finder = open_finder(task, nearest, self.embedder, self.tools, self.seed)
        known = self.folder.manifest.example_indexes
        previous = self.folder.manifest.examples_of(task.name, nearest)
        if previous and previous.key != finder.info.key:
            raise InputError(
                f"{self.folder.path} cannot be resumed: the training questions of task {task.name!r} or the embedder "
                "have changed since the run began. Start a new run."
            )
        if previous is None or previous.reused:
            facts = IndexFacts(**dataclasses.asdict(finder.info), search=nearest.index)
            kept = (*(other for other in known.get(task.name, ()) if other != previous), facts)
            self.folder.update(example_indexes={**known, task.name: kept})
        return finder

    def _keep(self, task: str, previous: IndexFacts | None, facts: IndexFacts, *, documents: bool) -> None:
        """Put an index into the manifest, in the place of the `previous` record of it. The first is of documents."""
        manifest = self.folder.manifest
        first, others = manifest.indexes.get(task), manifest.other_indexes.get(task, ())
        if documents and (first is None or first == previous):
            self.folder.update(indexes={**manifest.indexes, task: facts})
        else:
            kept = (*(other for other in others if other != previous), facts)
            self.folder.update(other_indexes={**manifest.other_indexes, task: kept})


def open_finder(task: Task, nearest: Nearest, embedder: Embedder, tools: Tools, seed: int) -> ExampleFinder:
    """What finds the examples of a task as `nearest` says."""
    train = sample(task.train, nearest.max_examples, seed)
    prefix = query_prefix_of(embedder, nearest)
    return open_examples(train, embedder, prefix, cache=tools.cache, progress=tools.progress)
