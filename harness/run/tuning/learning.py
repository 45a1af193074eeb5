"""`--learning-curve`: what learns from examples, asked the test questions after learning from fewer of them.

The parts of train are nested and the same for every strategy: 25, 50, 100, … of one seeded order. All of train is what
the comparison itself asks. These systems stand in `learning.jsonl` alone: they are no contestants.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from harness.run.estimate import TrialsEstimate
from harness.run.executor import Strand
from harness.run.plan import Plan
from harness.run.tuning.askers import Askers, at_home, resumed
from harness.run.tuning.fewer import learns, part_of, sizes
from harness.run.tuning.planned import asked_estimate, learning_in_words
from harness.run.tuning.trial import Candidate, Stage
from harness.spec.system import System
from harness.spec.task import Task

SETTING = "examples"
"""What a row says that its system changes."""


@dataclass
class Learning:
    """The learning curves of a run. `plan`: with the systems that are compared."""

    plan: Plan
    askers: Askers

    def go(self) -> None:
        folder, say = self.askers.folder, self.askers.tools.progress.note
        for planned in self.estimate():
            say(f"  {planned.task} · {planned.system}: {learning_in_words(planned)}")
        strands: list[Strand] = []
        for task, system in self._systems():
            known = [row for row in folder.learnt() if row.task == task.name]
            asker = replace(self.askers.of(task, system), stopped=folder.add_learnt)
            ask = resumed(asker, known, folder.add_learnt)
            for count in sizes(task, system):
                part = Candidate(system, part_of(system, count), {SETTING: count})
                strands.append(partial(ask, part, Stage(0, task.test, count)))
        self.askers.tools.executor.together(strands)

    def estimate(self) -> tuple[TrialsEstimate, ...]:
        """What is asked, by the length of the prompts of the whole system."""
        return tuple(self._estimate(task, system) for task, system in self._systems() if sizes(task, system))

    def _systems(self) -> Iterator[tuple[Task, System]]:
        """The systems that learn, by task; those that need no training first."""
        for job in sorted(at_home(self.plan), key=lambda job: job.system.adapted):
            task = self.plan.tasks[job.task]
            if learns(job.system) and task.name not in self.askers.folder.manifest.set_aside:
                yield task, job.system

    def _estimate(self, task: Task, system: System) -> TrialsEstimate:
        asker, parts = self.askers.of(task, system), sizes(task, system)
        trainings, requests = len(parts) if system.recipe else 0, len(parts) * len(task.test)
        return asked_estimate(asker, system, task.test, len(parts), trainings, requests)
