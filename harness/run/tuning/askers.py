"""Who asks the systems of a run outside its comparison: settings on dev, and fewer examples on test."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from harness.corpus.embedder import Embedder
from harness.corpus.examples import ExampleFinders
from harness.corpus.inventory import Corpora
from harness.corpus.retrievers import Retrievers, retrievers_of
from harness.records import TrialRow
from harness.run.answer_cache import AnswerCache, open_answers
from harness.run.contexts import open_finder
from harness.run.folder import RunFolder
from harness.run.plan import Job, Plan
from harness.run.prepare import TaskContext
from harness.run.settings import Settings
from harness.run.tools import Tools
from harness.run.tuning.messages import Messages
from harness.run.tuning.trial import Ask, Asker, Candidate, Stage
from harness.spec.system import System
from harness.spec.task import Task


@dataclass
class Askers:
    """Makes an `Asker` for a task and a system; those of a task share what they search and what was found."""

    settings: Settings
    tools: Tools
    folder: RunFolder
    corpora: Corpora
    _retrievers: dict[str, Retrievers] = field(default_factory=dict)
    _finders: dict[str, ExampleFinders] = field(default_factory=dict)

    def of(self, task: Task, system: System) -> Asker:
        model = self.tools.of(system)
        context = TaskContext(
            task, model.engine, self._retrievers_of(task), self.settings.seed, self._finders_of(task)
        )
        facts = self.folder.manifest.model_of(system)
        proposed = self.messages.efforts(task, system)
        return Asker(self.tools, model, facts, context, self._cache, self.settings.seed, proposed)

    @cached_property
    def messages(self) -> Messages:
        """The system messages that are tried beside other settings."""
        return Messages(self.settings, self.tools, self.folder)

    def _retrievers_of(self, task: Task) -> Retrievers | None:
        if task.corpus is None:
            return None
        if task.name not in self._retrievers:
            corpus = self.corpora.read(task.corpus)
            tools = self.tools
            self._retrievers[task.name] = retrievers_of(
                corpus, self._embedder, cache=tools.cache, progress=tools.progress, reranker=tools.reranker
            )
        return self._retrievers[task.name]

    def _finders_of(self, task: Task) -> ExampleFinders:
        if task.name not in self._finders:
            self._finders[task.name] = ExampleFinders(
                lambda nearest: open_finder(task, nearest, self._embedder, self.tools, self.settings.seed)
            )
        return self._finders[task.name]

    @cached_property
    def _embedder(self) -> Embedder:
        return self.tools.embedder()

    @cached_property
    def _cache(self) -> AnswerCache | None:
        return open_answers(self.settings, self.tools)


def resumed(ask: Ask, known: Iterable[TrialRow], keep: Callable[[TrialRow], None]) -> Ask:
    """Asks only what none of the `known` rows of the task tells, and keeps what came of it."""
    rows = {(row.system, row.candidate, row.stage): row for row in known if not row.unfinished}

    def asked(candidate: Candidate, stage: Stage) -> TrialRow:
        row = rows.get((candidate.default.id, candidate.system.id, stage.number))
        if row is None:
            row = ask(candidate, stage)
            keep(row)
        return row

    return asked


def at_home(plan: Plan) -> list[Job]:
    """The systems of each task that were made for it, each once."""
    jobs = [job for job in plan.jobs if not job.shows_forgetting]
    return list({(job.task, job.system.id): job for job in reversed(jobs)}.values())[::-1]
