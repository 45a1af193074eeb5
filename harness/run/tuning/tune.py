"""Choose the settings of a run's systems on dev: the same number of tries for each, kept as evidence, resumed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from harness.corpus.embedder import Embedder
from harness.corpus.examples import ExampleFinder, ExampleFinders, open_examples
from harness.corpus.inventory import Corpora
from harness.corpus.retrievers import Retrievers, retrievers_of
from harness.corpus.window import query_prefix_of
from harness.records import TrialRow
from harness.run.answer_cache import AnswerCache
from harness.run.estimate import TrialsEstimate
from harness.run.facts import Tuned
from harness.run.folder import RunFolder
from harness.run.plan import Job, Plan, sample
from harness.run.prepare import TaskContext
from harness.run.settings import Settings
from harness.run.tools import Tools
from harness.run.tuning.ask import Ask, Asker, Candidate, Stage
from harness.run.tuning.planned import in_words, trials_estimate
from harness.run.tuning.search import Found, Space, dev_of, search, space_of
from harness.run.tuning.words import sentence
from harness.spec.space import changed, tunable
from harness.spec.system import Nearest, System
from harness.spec.task import Task

Chosen = Mapping[tuple[str, str], System]
"""Task and id of a system as it was planned → the one that is compared in its place."""


@dataclass
class Tuning:
    """The search of a run. `plan`: with the defaults."""

    settings: Settings
    plan: Plan
    tools: Tools
    folder: RunFolder
    corpora: Corpora
    _retrievers: dict[str, Retrievers] = field(default_factory=dict)
    _finders: dict[str, ExampleFinders] = field(default_factory=dict)

    def go(self) -> Chosen:
        """Search for each system that has settings, and keep what was chosen in the manifest."""
        kept: list[Tuned] = []
        say = self.tools.progress.note
        for planned in self.estimate():
            say(f"  {planned.task} · {planned.system}: {in_words(planned)}")
        for task, space in self.spaces():
            found = search(space, self._resumed(self._asker(task, space), task))
            kept.append(_record(task, space, found, from_train=not _has_dev(task)))
            self.folder.update(tuned=tuple(kept))
            say(f"  {task.name} · {space.default.system.name}: {sentence(kept[-1])}")
        return chosen_by(self.plan, kept)

    def estimate(self) -> tuple[TrialsEstimate, ...]:
        """What the search takes at most, as far as the run folder does not hold it."""
        known = Counter((row.task, row.system) for row in self.folder.trials())
        return tuple(
            trials_estimate(self._asker(task, space), space, known[task.name, space.default.system.id])
            for task, space in self.spaces()
        )

    def spaces(self) -> Iterator[tuple[Task, Space]]:
        """What is tried, model by model, and of each what needs no training first."""
        assert self.settings.tune is not None
        models = [model.ref for model in self.tools.models]
        jobs = [job for job in _at_home(self.plan) if tunable(job.system)]
        for job in sorted(jobs, key=lambda job: (models.index(job.system.model), job.system.adapted)):
            task = self.plan.tasks[job.task]
            dev = dev_of(task.dev, self.settings.seed)
            yield (
                task,
                space_of(job.system, self.settings.tune, dev, len(task.train), self.settings.seed),
            )

    # Asking

    def _resumed(self, ask: Ask, task: Task) -> Ask:
        """Asks what the run folder has no row of, and writes one down."""
        known = {
            (row.system, row.candidate, row.stage): row
            for row in self.folder.trials()
            if row.task == task.name
        }

        def asked(candidate: Candidate, stage: Stage) -> TrialRow:
            row = known.get((candidate.default.id, candidate.system.id, stage.number))
            if row is None:
                row = ask(candidate, stage)
                self.folder.add_trial(row)
            return row

        return asked

    def _asker(self, task: Task, space: Space) -> Asker:
        system = space.default.system
        model = self.tools.of(system)
        context = TaskContext(
            task, model.engine, self._retrievers_of(task), self.settings.seed, self._finders_of(task)
        )
        facts = self.folder.manifest.model_of(system)
        return Asker(self.tools, model, facts, context, self._cache, self.settings.seed)

    def _retrievers_of(self, task: Task) -> Retrievers | None:
        if task.corpus is None:
            return None
        if task.name not in self._retrievers:
            corpus = self.corpora.read(task.corpus)
            self._retrievers[task.name] = retrievers_of(
                corpus, self._embedder, cache=self.tools.cache, progress=self.tools.progress
            )
        return self._retrievers[task.name]

    def _finders_of(self, task: Task) -> ExampleFinders:
        if task.name not in self._finders:

            def opened(nearest: Nearest) -> ExampleFinder:
                train = sample(task.train, nearest.max_examples, self.settings.seed)
                prefix = query_prefix_of(self._embedder, nearest)
                cache, progress = self.tools.cache, self.tools.progress
                return open_examples(train, self._embedder, prefix, cache=cache, progress=progress)

            self._finders[task.name] = ExampleFinders(opened)
        return self._finders[task.name]

    @cached_property
    def _embedder(self) -> Embedder:
        return self.tools.embedder()

    @cached_property
    def _cache(self) -> AnswerCache | None:
        if not self.settings.use_cache:
            return None
        return AnswerCache(self.tools.cache / "answers.sqlite", self.tools.progress)


def chosen_by(plan: Plan, kept: Sequence[Tuned]) -> Chosen:
    """The systems to compare, by what was chosen so far. `plan`: with the defaults."""
    chosen = {(row.task, row.default.id): changed(row.default, row.settings) for row in kept}
    followed = {
        (job.task, job.system.id): _following(job, kept)
        for job in _at_home(plan)
        if job.system.control and job.system.passages
    }
    return {**chosen, **followed}


def _following(job: Job, kept: Sequence[Tuned]) -> System:
    """A control with the passages of the system that it explains: the plainest that retrieves, of its model."""
    plain = (
        row.settings
        for row in kept
        if (row.task, row.default.model) == (job.task, job.system.model)
        and (row.default.kinds, row.default.adapted) == (("retrieved",), False)
    )
    return changed(job.system, next(plain, {}))


def _at_home(plan: Plan) -> list[Job]:
    """The systems of each task that were made for it, each once."""
    at_home = [job for job in plan.jobs if not job.shows_forgetting]
    return list({(job.task, job.system.id): job for job in reversed(at_home)}.values())[::-1]


def _has_dev(task: Task) -> bool:
    return "dev" in task.files


def _record(task: Task, space: Space, found: Found, *, from_train: bool) -> Tuned:
    return Tuned(
        task=task.name,
        default=space.default.system,
        chosen=found.chosen.system.id,
        settings=dict(found.chosen.changes),
        best=dict(found.best.changes) if found.best else None,
        why=found.choice.why.value,
        p=found.choice.p,
        default_score=found.default_score,
        best_score=found.best_score,
        tried=found.tried,
        questions=found.questions,
        from_train=from_train and bool(task.dev),
    )
