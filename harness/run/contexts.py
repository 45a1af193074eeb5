"""What every job of a run needs before its first answer: each task's retriever, and how its questions are put."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.corpus.documents import Corpus
from harness.corpus.embedder import Embedder
from harness.corpus.inventory import Corpora, grouped
from harness.corpus.loss import answers_found
from harness.corpus.retriever import Retriever, open_retriever
from harness.corpus.window import tell_cut_questions
from harness.errors import InputError, InputErrors
from harness.records import QuestionRow, Ranked
from harness.run.asked import question_rows
from harness.run.facts import EmbedderFacts, IndexFacts
from harness.run.folder import QUESTIONS, RunFolder
from harness.run.plan import Job, Plan
from harness.run.prepare import ReadyJob, TaskContext
from harness.run.quotes import Quotes, quotes_sentence
from harness.run.tools import Tools
from harness.spec.system import Gold, ModelRef, Retrieved
from harness.spec.task import Task, gold_doc_errors


@dataclass
class RunContexts:
    """The contexts of a run's jobs, by task and model: those of a task share the retriever and what it found."""

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

    def prepare(self) -> None:
        """Open an index for each task that needs one, and make its contexts."""
        embedder: Embedder | None = None
        passages_of = {job.task: job.system.passages for job in self.plan.jobs if job.system.passages}
        for name, task in self.plan.tasks.items():
            retriever = None
            if passages := passages_of.get(name):
                embedder = embedder or self.tools.embedder()
                self.lengths[name] = tell_cut_questions(
                    name, task.test, embedder, passages, self.tools.progress
                )
                retriever = self._retriever(task, passages, embedder)
                self.found[name] = answers_found(task, self._corpus(task))
            found: dict[str, tuple[Ranked, ...]] = {}
            for model in self.tools.models:
                context = TaskContext(task, model.engine, retriever, self.seed, found)
                self.by_model[name, model.ref] = context
        if embedder:
            facts = EmbedderFacts(name=embedder.name, sha256=embedder.sha256, max_tokens=embedder.max_tokens)
            self.folder.update(embedder=facts)
        self.corpora.forget()

    def of(self, job: Job) -> TaskContext:
        return self.by_model[job.task, job.system.model]

    def write_questions(self, jobs: Sequence[ReadyJob]) -> None:
        """Keep the questions with what was found out about them, and say which hold control tokens."""
        rows: list[QuestionRow] = []
        for name, task in self.plan.tasks.items():
            own = [job for job in jobs if job.job.task == name]
            known = question_rows(task, own, self.lengths.get(name, {}), self.found.get(name, {}), self.seed)
            if sentence := quotes_sentence(
                {row.id: Quotes(row.quoted, row.imitated) for row in known}, len(known)
            ):
                self.tools.progress.note(f"  {name}: {sentence}")
            rows += known
        self.folder.write_whole(QUESTIONS, rows)

    def _corpus(self, task: Task) -> Corpus:
        assert task.corpus is not None
        return self.corpora.read(task.corpus)

    def _retriever(self, task: Task, passages: Retrieved | Gold, embedder: Embedder) -> Retriever:
        corpus = self._corpus(task)
        if errors := gold_doc_errors(task, corpus.ids, corpus.passed_over):
            raise InputErrors(errors)
        retriever = open_retriever(
            corpus,
            embedder,
            passages,
            cache=self.tools.cache,
            progress=self.tools.progress,
        )
        previous = self.folder.manifest.indexes.get(task.name)
        if previous and previous.key != retriever.info.key:
            raise InputError(
                f"{self.folder.path} cannot be resumed: the corpus of task {task.name!r}, its chunking or "
                "the embedder has changed since the run began. Start a new run."
            )
        if previous is None or previous.reused:
            facts = IndexFacts(
                **dataclasses.asdict(retriever.info),
                files=corpus.inventory.files,
                characters=corpus.inventory.characters,
                passed_over=grouped(corpus.passed_over),
            )
            self.folder.update(indexes={**self.folder.manifest.indexes, task.name: facts})
        return retriever
