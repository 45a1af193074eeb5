"""Choose the settings of a run's systems on dev: the same number of tries for each, kept as evidence, resumed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from harness.run.devsplit import LEAST_DEV
from harness.run.estimate import TrialsEstimate
from harness.run.facts import Tuned
from harness.run.plan import Job, Plan
from harness.run.tuning.askers import Askers, at_home, resumed
from harness.run.tuning.planned import Searches, in_words, trials_estimate, work_of
from harness.run.tuning.search import Found, Space, dev_of, search, space_of
from harness.run.tuning.words import sentence
from harness.spec.space import changed, tunable
from harness.spec.system import System
from harness.spec.task import Task

Chosen = Mapping[tuple[str, str], System]
"""Task and id of a system as it was planned → the one that is compared in its place."""


@dataclass
class Tuning:
    """The search of a run. `plan`: with the defaults."""

    plan: Plan
    askers: Askers

    def go(self) -> Chosen:
        """Search for each system that has settings, and keep what was chosen in the manifest."""
        folder, say = self.askers.folder, self.askers.tools.progress.note
        for planned in self.estimate():
            say(f"  {planned.task} · {planned.system}: {in_words(planned)}")
        found: dict[int, Tuned] = {}
        self.askers.tools.executor.together(
            [
                partial(self._search, found, place, task, space)
                for place, (task, space) in enumerate(self.spaces())
            ]
        )
        return chosen_by(self.plan, folder.manifest.tuned)

    def _search(self, found: dict[int, Tuned], place: int, task: Task, space: Space) -> None:
        """Search one space, and keep what was chosen in its place among those that are `found`."""
        folder, tools = self.askers.folder, self.askers.tools
        known = [row for row in folder.trials() if row.task == task.name]
        ask = replace(self.askers.of(task, space.default.system), stopped=folder.add_trial)
        outcome = search(space, resumed(ask, known, folder.add_trial), tools.executor.each)
        found[place] = _record(task, space, outcome, from_train="dev" not in task.files)
        folder.change(lambda _manifest: {"tuned": tuple(found[place] for place in sorted(found))})
        tools.progress.note(f"  {task.name} · {space.default.system.name}: {sentence(found[place])}")

    def estimate(self) -> tuple[TrialsEstimate, ...]:
        """What the search takes at most."""
        return tuple(
            trials_estimate(self.askers.of(task, space.default.system), space)
            for task, space in self.spaces(ask=False)
        )

    def work(self) -> Searches:
        """What the search of each system does at most."""
        return {
            (task.name, space.default.system.id): work_of(space) for task, space in self.spaces(ask=False)
        }

    def spaces(self, *, ask: bool = True) -> Iterator[tuple[Task, Space]]:
        """What is tried, model by model, and of each what needs no training first. `ask`: for system messages."""
        settings, messages = self.askers.settings, self.askers.messages
        assert settings.tries is not None
        models = [model.ref for model in self.askers.tools.models]
        jobs = [job for job in at_home(self.plan) if self._searched(job)]
        for job in sorted(jobs, key=lambda job: (models.index(job.system.model), job.system.adapted)):
            task = self.plan.tasks[job.task]
            if task.prompts and not (job.system.recipe or job.system.retrieved):
                continue  # the task itself chooses its examples
            dev = dev_of(task.dev, settings.seed)
            proposed = messages.of(task, job.system, ask=ask and len(dev) >= LEAST_DEV)
            space = space_of(
                job.system,
                settings.tries,
                dev,
                len(task.train),
                settings.seed,
                messages=proposed,
                messages_alone=settings.tune is None,
            )
            if space.others or tunable(job.system):  # else no message that was proposed serves
                yield task, space

    def _searched(self, job: Job) -> bool:
        """Whether a system has settings that this run searches."""
        tuned = self.askers.settings.tune is not None and tunable(job.system)
        return tuned or self.askers.messages.serve(self.plan.tasks[job.task], job.system)


def chosen_by(plan: Plan, kept: Sequence[Tuned]) -> Chosen:
    """The systems to compare, by what was chosen so far. `plan`: with the defaults."""
    chosen = {(row.task, row.default.id): changed(row.default, row.settings) for row in kept}
    followed = {
        (job.task, job.system.id): _following(job, kept)
        for job in at_home(plan)
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
