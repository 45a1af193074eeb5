"""What a run will do: which system answers which task, trained with which seed, and what does not apply."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.engines.engine import AdapterRef, Engine
from harness.files import sha256_text
from harness.records import Question
from harness.run.facts import Obstacle, nothing_left
from harness.run.obstacles import NO_FINE_TUNE, ONLY_FORGETTING
from harness.run.settings import Effort
from harness.spec.models import ServedEntry
from harness.spec.strategy import STRATEGIES, Strategy, TaskSettings, forgetting_system, named, system_of
from harness.spec.system import LoRA, ModelRef, System
from harness.spec.task import Task


@dataclass(frozen=True, slots=True)
class Job:
    """One system answering one task. A system with an adapter has a job for each seed that it is trained with."""

    task: str
    system: System
    seed: int = 0

    @property
    def adapter(self) -> tuple[ModelRef, LoRA, int] | None:
        """What is trained for it, of which model, with which seed; systems that share an adapter share this.

        None also where a server holds its adapter (`served`).
        """
        return (self.system.model, self.system.recipe, self.seed) if self.system.recipe else None

    @property
    def served(self) -> AdapterRef | None:
        """The adapter that the model's server holds for it, where it answers with one."""
        return AdapterRef(None, None, served=self.system.served.served) if self.system.served else None

    @property
    def shows_forgetting(self) -> bool:
        """Whether the adapter of another task answers, to show what it forgot."""
        return self.system.trained_elsewhere(self.task)

    @property
    def timed(self) -> bool:
        """Whether its answers are timed: not those of controls and probes, which explain by their accuracy alone."""
        return not self.shows_forgetting and not self.system.control


@dataclass(frozen=True, slots=True)
class ForgettingTasks:
    """Names of the tasks that the base model and every other task's adapter answer, to see what a fine-tune forgets."""

    names: Collection[str] = ()
    alone: Collection[str] = ()
    """Tasks that the run asks for nothing else: no other strategy, no adapter of their own."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All jobs of a run, and per task why a strategy does not apply."""

    tasks: dict[str, Task]
    jobs: tuple[Job, ...]
    not_applicable: dict[str, dict[str, Obstacle]]
    forgetting: ForgettingTasks = ForgettingTasks()
    """Tasks that at least one adapter answers."""
    idle: tuple[str, ...] = ()
    """Tasks that would only show what is forgotten, and are left out: no adapter is trained."""

    def jobs_of(self, task: str) -> list[Job]:
        return [job for job in self.jobs if job.task == task]

    @property
    def trainings(self) -> tuple[Job, ...]:
        """The jobs whose adapters are trained: each adapter and seed once, at home."""
        return tuple(job for job in self.jobs if job.adapter and not job.shows_forgetting)


Setup = Callable[[Task, Strategy], System]
"""Makes a strategy concrete for a task."""

Contestant = tuple[Strategy, Setup]
"""A strategy with a model."""


def setup_of(
    engine: Engine,
    embedder: str,
    seed: int,
    label: str | None = None,
    adapters: Mapping[str, ServedEntry] | None = None,
) -> Setup:
    """Systems that answer with `engine`, find passages with `embedder` and draw examples with `seed`.

    `label`: what the run calls the model, where it has several. `adapters`: those that its server holds, by task.
    """
    held = {task: entry.model for task, entry in (adapters or {}).items()}

    def setup(task: Task, strategy: Strategy) -> System:
        spec = task.spec
        settings = TaskSettings(
            task.name,
            spec.retrieval,
            spec.examples,
            spec.finetune,
            embedder,
            seed,
            label,
            held.get(task.name),
        )
        return system_of(strategy, engine.identity.model, settings)

    return setup


def with_chosen(setup: Setup, chosen: Mapping[tuple[str, str], System]) -> Setup:
    """A setup that gives the systems that were chosen in the place of those with settings from the task file.

    `chosen`: task and id of the latter → the former.
    """

    def chosen_setup(task: Task, strategy: Strategy) -> System:
        default = setup(task, strategy)
        return chosen.get((task.name, default.id), default)

    return chosen_setup


def make_plan(
    tasks: Sequence[Task],
    contestants: Sequence[Contestant],
    obstacle_to: Callable[[Task, System], Obstacle | None],
    seeds: Sequence[int] = (0,),
    forgetting: ForgettingTasks | None = None,
) -> Plan:
    """Cross tasks with contestants; forgetting tasks (by default the general ones) are answered by every adapter too.

    A system with an adapter is trained once a seed; the others do not depend on one and run under the first.
    A task that would only show forgetting is left out where no adapter is trained. Raises InputError where no strategy
    applies to any task.
    """
    forgetting = forgetting or ForgettingTasks([task.name for task in tasks if task.spec.probes == "general"])
    jobs: list[Job] = []
    reasons: dict[str, dict[str, Obstacle]] = {}
    for task in tasks:
        systems = [setup(task, strategy) for strategy, setup in contestants]
        if task.name in forgetting.alone:
            reasons[task.name] = {system.name: ONLY_FORGETTING for system in systems if not system.bare}
            continue
        why = {system.name: reason for system in systems if (reason := obstacle_to(task, system))}
        why = reasons[task.name] = {**_nothing_to_control(systems, why), **why}
        jobs += [
            Job(task.name, system, seed)
            for system in systems
            if system.name not in why
            for seed in (seeds if system.recipe else seeds[:1])
        ]
    shown = {
        task.name: _forgetting_jobs(task, jobs, contestants)
        for task in tasks
        if task.name in forgetting.names
    }
    shown = {name: more for name, more in shown.items() if more}
    jobs += [job for more in shown.values() for job in more]
    idle = [name for name in forgetting.alone if name not in shown]
    if not jobs:
        raise nothing_left("none of the strategies applies to any of the tasks", reasons)
    return Plan(
        {task.name: task for task in tasks if task.name not in idle},
        tuple(jobs),
        {name: row for name, row in reasons.items() if name not in idle},
        ForgettingTasks(tuple(shown), tuple(name for name in forgetting.alone if name in shown)),
        tuple(idle),
    )


def _nothing_to_control(systems: Sequence[System], why: Collection[str]) -> dict[str, Obstacle]:
    """The controls of a fine-tune whose model has none here. `why`: which systems do not apply, by name."""
    tuned = {system.model for system in systems if system.recipe and system.name not in why}
    return {
        system.name: NO_FINE_TUNE
        for system in systems
        if system.reads_train and system.control and system.model not in tuned
    }


def _forgetting_jobs(task: Task, jobs: Sequence[Job], contestants: Sequence[Contestant]) -> list[Job]:
    """What a task is asked besides: the other tasks' adapters, and each model as it is, if it is not asked anyway."""
    asked: list[Job] = []
    for setup in dict.fromkeys(setup for _, setup in contestants):
        bare = setup(task, STRATEGIES[named()])
        trained = [
            job
            for job in jobs
            if job.system.adapted and job.task != task.name and job.system.model == bare.model
        ]
        if trained and not any(job.task == task.name and job.system == bare for job in jobs):
            asked.append(Job(task.name, bare, trained[0].seed))
        shown = (Job(task.name, forgetting_system(job.system, task.name), job.seed) for job in trained)
        asked += dict.fromkeys(shown)  # variants of one strategy may share an adapter
    return asked


def limited(task: Task, effort: Effort, seed: int) -> Task:
    """The task cut down to a seeded sample of its questions, in file order."""
    spec = task.spec
    epochs = effort.max_epochs
    if epochs is not None and spec.finetune.max_epochs > epochs:
        fewer = {"max_epochs": epochs, "min_epochs": min(spec.finetune.min_epochs, epochs)}
        spec = spec.model_copy(update={"finetune": spec.finetune.model_copy(update=fewer)})
    return replace(
        task,
        spec=spec,
        test=sample(task.test, effort.questions, seed),
        train=sample(task.train, effort.train_questions, seed),
        dev=sample(task.dev, effort.train_questions, seed),
    )


def sample(items: tuple[Question, ...], count: int | None, seed: int) -> tuple[Question, ...]:
    """A seeded sample of `count` questions in their order; all of them where count is None.

    Questions without an answer keep their share: a model that is trained on more of them refuses more. Each question's
    own draw decides, so that the sample of a file put in another order is the same, and that of a longer one nearly: a
    run stays comparable with its baseline. A smaller sample is a part of a larger one.
    """
    if count is None or len(items) <= count:
        return items
    unanswerable = [item.id for item in items if not item.answerable]
    answerable = [item.id for item in items if item.answerable]
    refused = round(count * len(unanswerable) / len(items))
    chosen = sampled(unanswerable, refused, seed) | sampled(answerable, count - refused, seed)
    return tuple(item for item in items if item.id in chosen)


def sampled(ids: Iterable[str], count: int | None, seed: int) -> set[str]:
    """The ids of the questions that `sample` takes."""
    draws = {id_: sha256_text(f"sample:{seed}:{id_}") for id_ in ids}
    return set(sorted(draws, key=draws.__getitem__)[:count])
