"""What a run will do: which strategy answers which task, under whose adapter, and what does not apply."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from harness.errors import InputError
from harness.files import sha256_text
from harness.records import Question
from harness.run.settings import Effort
from harness.spec.strategy import STRATEGIES, Source, Strategy, Weights, named
from harness.spec.task import Task


@dataclass(frozen=True, slots=True)
class AdapterNeed:
    """An adapter to be trained: on this task's training questions, with this strategy's prompts."""

    task: str
    strategy: Strategy
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """One column of one task's table. `name` is the strategy's, or `lora@TASK` for a guest adapter.

    `seed` is the one of the adapter's training; a column of several seeds has a job for each.
    """

    task: str
    name: str
    strategy: Strategy
    adapter: AdapterNeed | None
    seed: int = 0

    @property
    def is_guest(self) -> bool:
        return self.adapter is not None and self.adapter.task != self.task


@dataclass(frozen=True, slots=True)
class Guards:
    """Names of the tasks that base and every other task's adapter answer, to see what a fine-tune forgets."""

    names: Collection[str] = ()
    alone: Collection[str] = ()
    """Those of them that the run asks for nothing else: no other strategy, no adapter of their own."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All jobs of a run, the adapters they need, and per task why a strategy does not apply."""

    tasks: dict[str, Task]
    jobs: tuple[Job, ...]
    adapters: tuple[AdapterNeed, ...]
    not_applicable: dict[str, dict[str, str]]
    guards: Guards = Guards()
    """Those that at least one adapter answers."""
    idle: tuple[str, ...] = ()
    """Tasks that would only guard, and are left out: no adapter is trained."""

    def jobs_of(self, task: str) -> list[Job]:
        return [job for job in self.jobs if job.task == task]


BASE = STRATEGIES[named(Weights.BASE)]
ONLY_GUARDS = "the task is asked as a guard only, by base and the adapters of other tasks"


def obstacle(task: Task, strategy: Strategy) -> str | None:
    """Why the task cannot serve the strategy, as a clause for the report; None if it can."""
    known = next((task.obstacles[source] for source in strategy.context if source in task.obstacles), None)
    if known:
        return known
    if strategy.uses_corpus and task.corpus is None:
        return "the task names no corpus to retrieve from"
    if Source.GOLD in strategy.context and not any(question.gold_docs for question in task.test):
        return "no test question names its gold documents"
    if strategy.adapted and not task.train:
        return "the task has no training questions to fine-tune on"
    if Source.EXAMPLES in strategy.context and not task.train and not task.wording:
        return "the task has no training questions to show as examples"
    return None


def make_plan(
    tasks: Sequence[Task],
    strategies: Sequence[Strategy],
    seeds: Sequence[int] = (0,),
    guards: Guards | None = None,
) -> Plan:
    """Cross tasks with strategies; guards (by default the general tasks) are also answered by every adapter.

    A strategy that fine-tunes is trained once a seed; the others do not depend on one and run under the first.
    A task that would only guard is left out where no adapter is trained. Raises InputError where no strategy
    applies to any task.
    """
    guards = guards or Guards([task.name for task in tasks if task.spec.probes == "general"])
    jobs: list[Job] = []
    adapters: list[AdapterNeed] = []
    reasons: dict[str, dict[str, str]] = {}
    for task in tasks:
        if task.name in guards.alone:
            reasons[task.name] = {one.name: ONLY_GUARDS for one in strategies if one != BASE}
            continue
        own, needs, reasons[task.name] = _crossed(task, strategies, seeds)
        jobs += own
        adapters += needs
    active = {task.name: _guarding(task, jobs, adapters) for task in tasks if task.name in guards.names}
    active = {name: more for name, more in active.items() if more}
    jobs += [job for more in active.values() for job in more]
    idle = [name for name in guards.alone if name not in active]
    if not jobs:
        lines = [f"{task}: {name}: {why}" for task, row in reasons.items() for name, why in row.items()]
        raise InputError("none of the strategies applies to any of the tasks:\n" + "\n".join(lines))
    return Plan(
        {task.name: task for task in tasks if task.name not in idle},
        tuple(jobs),
        tuple(adapters),
        {name: row for name, row in reasons.items() if name not in idle},
        Guards(tuple(active), tuple(name for name in guards.alone if name in active)),
        tuple(idle),
    )


def _crossed(
    task: Task, strategies: Sequence[Strategy], seeds: Sequence[int]
) -> tuple[list[Job], list[AdapterNeed], dict[str, str]]:
    """A task's jobs under the strategies, the adapters they need, and why some do not apply."""
    name = task.name
    jobs: list[Job] = []
    adapters: list[AdapterNeed] = []
    reasons: dict[str, str] = {}
    for strategy in strategies:
        reason = obstacle(task, strategy)
        if reason:
            reasons[strategy.name] = reason
        elif strategy.adapted:
            needs = [AdapterNeed(name, strategy, seed) for seed in seeds]
            adapters += needs
            jobs += [Job(name, strategy.name, strategy, need, need.seed) for need in needs]
        else:
            jobs.append(Job(name, strategy.name, strategy, None, seeds[0]))
    return jobs, adapters, reasons


def _guarding(task: Task, jobs: Sequence[Job], adapters: Sequence[AdapterNeed]) -> list[Job]:
    """What a guard is asked besides: the other tasks' adapters, and base, if it is not there to compare with."""
    guests = [guest(task, need) for need in adapters if need.task != task.name]
    if not guests or any((job.task, job.strategy) == (task.name, BASE) for job in jobs):
        return guests
    return [Job(task.name, BASE.name, BASE, None, adapters[0].seed), *guests]


def guest(task: Task, need: AdapterNeed) -> Job:
    """Another task's adapter answering a guard: what did it forget? Without context, as base does."""
    bare = replace(need.strategy, context=())
    return Job(task.spec.name, f"{need.strategy.name}@{need.task}", bare, need, need.seed)


def limited(task: Task, effort: Effort, seed: int) -> Task:
    """The task cut down to a seeded sample of its questions, in file order."""
    spec = task.spec
    if effort.max_epochs is not None and spec.finetune.max_epochs > effort.max_epochs:
        epochs = effort.max_epochs
        finetune = spec.finetune.model_copy(
            update={"max_epochs": epochs, "min_epochs": min(spec.finetune.min_epochs, epochs)}
        )
        spec = spec.model_copy(update={"finetune": finetune})
    return replace(
        task,
        spec=spec,
        test=sample(task.test, effort.questions, seed),
        train=sample(task.train, effort.train_questions, seed),
        dev=sample(task.dev, effort.train_questions, seed),
    )


def sample(items: tuple[Question, ...], count: int | None, seed: int) -> tuple[Question, ...]:
    """A seeded sample of `count` questions in their order; all of them where count is None.

    Each question's own draw decides, so that the sample of a file put in another order is the same, and that of a
    longer one nearly: a run stays comparable with its baseline.
    """
    if count is None or len(items) <= count:
        return items
    draws = {item.id: sha256_text(f"sample:{seed}:{item.id}") for item in items}
    chosen = set(sorted(draws, key=draws.__getitem__)[:count])
    return tuple(item for item in items if item.id in chosen)
