"""How long the steps of a run should take on this machine, from what is ready and how fast its models answer."""

from __future__ import annotations

import itertools
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean

from harness.engines.engine import Request, is_served
from harness.engines.memory import weights_bytes
from harness.errors import NoAnswer
from harness.finetune.mixed import precision_of
from harness.quantities import whole
from harness.run.columns import Prompts
from harness.run.estimate import Estimate, JobEstimate
from harness.run.executor import Executor
from harness.run.folder import RunFolder
from harness.run.pace import Kind, Step
from harness.run.plan import Job, Plan
from harness.run.prepare import ReadyJob
from harness.run.settings import Settings, effort
from harness.run.speed import ROWS, Speed
from harness.run.timing import WARM_UP
from harness.run.tools import Tools
from harness.spec.system import ModelRef

Speeds = Mapping[ModelRef, Speed]


def step_of(kind: Kind, job: Job) -> Step:
    return kind, f"{job.task}/{job.system.id}/{job.seed}"


def timing_of(task: str) -> Step:
    return Kind.TIMING, task


def measured_speeds(
    jobs: Sequence[ReadyJob], rows: Sequence[JobEstimate], tools: Tools, *, every: bool
) -> dict[ModelRef, Speed]:
    """How fast the models answer that have something to compute; `every`: of all, those that are served too.

    A server that does not answer now is left out: the run will say why. Of several models each lets
    go of its weights again, so that what fits into memory together is judged with nothing in it.
    """
    speeds: dict[ModelRef, Speed] = {}
    for model in tools.models:
        if tools.measure is None or (is_served(model.engine) and not every):
            continue
        own = [
            job
            for job, row in zip(jobs, rows, strict=True)
            if job.job.system.model == model.ref and (every or row.questions > row.known)
        ]
        if samples := _samples(own):
            try:
                speeds[model.ref] = tools.measure(model.engine, samples, tools.clock)
            except NoAnswer:
                continue
            if len(tools.models) > 1:
                model.engine.release()
    return speeds


def _samples(jobs: Iterable[ReadyJob]) -> dict[str, list[Request]]:
    """A few requests of each task, as its shortest prompts put them."""
    shortest: dict[str, ReadyJob] = {}
    for job in jobs:
        if job.prompts:
            known = shortest.setdefault(job.job.task, job)
            if prompt_length(job) < prompt_length(known):
                shortest[job.job.task] = job
    return {task: _alike(job.prompts, ROWS) for task, job in shortest.items()}


def prompt_length(job: ReadyJob) -> int:
    """Tokens of all its prompts."""
    return sum(job.prompts.tokens)


def _alike(prompts: Prompts, most: int) -> list[Request]:
    """The first that one batch can hold: decoded as the first one is, or scored as it is."""
    kinds = [(wanted.scored, wanted.decoding) for wanted in prompts.wanted]
    alike = (place for place, kind in enumerate(kinds) if kind == kinds[0])
    return [prompts.request(place) for place in itertools.islice(alike, most)]


@dataclass(frozen=True, slots=True)
class JobCost:
    """Seconds to answer all questions of a job, to train its adapter, and to time one question in all its forms.

    `trained`: its adapter is there. `index_s`: what embedding its passages took.
    """

    questions: int
    answer_s: float
    train_s: float
    timed_s: float
    forms: int
    trained: bool = False
    index_s: float = 0.0


Costs = Mapping[Job, JobCost]


def job_costs(
    jobs: Sequence[ReadyJob],
    rows: Sequence[JobEstimate],
    plan: Plan,
    speeds: Speeds,
    trained: Callable[[Job], bool],
) -> dict[Job, JobCost] | None:
    """What each job takes; None where a model's speed is not known. `trained`: whether an adapter is there."""
    costs: dict[Job, JobCost] = {}
    trainings = {job: trained(job) for job in plan.trainings}
    for ready, row in zip(jobs, rows, strict=True):
        job, context, speed = ready.job, ready.context, speeds.get(ready.job.system.model)
        timed, there = job.timed and job.task not in plan.forgetting.alone, trainings.get(job, True)
        if row.seconds is None or (speed is None and (timed or not there)):
            return None
        train_s, timed_s, forms = 0.0, 0.0, 0
        if speed and job in trainings:
            engine = context.engine
            train_s = speed.training(
                context.training(job.system, job.seed), engine, precision_of(engine.identity)
            )
        if speed and timed:
            forms = 2 if is_served(context.engine) or job.adapter else 1  # cold and warm, merged and not
            timed_s = forms * mean(speed.alone(job.task, ready.prompts))
        index_s = _index_s(ready)
        costs[job] = JobCost(len(ready.questions), row.seconds, train_s, timed_s, forms, there, index_s)
    return costs


def _index_s(ready: ReadyJob) -> float:
    retrievers, passages = ready.context.retrievers, ready.job.system.passages
    return retrievers.of(passages).info.seconds if retrievers and passages else 0.0


def expected_steps(costs: Costs, plan: Plan, settings: Settings, folder: RunFolder) -> dict[Step, float]:
    """The seconds of each step that is left."""
    steps = {step_of(Kind.ANSWERS, job): cost.answer_s for job, cost in costs.items()}
    steps |= {step_of(Kind.TRAINING, job): cost.train_s for job, cost in costs.items() if not cost.trained}
    done = Counter(of for of, *_ in folder.timed())
    for task in plan.tasks:
        own = [cost for job, cost in costs.items() if is_timed(job, task, settings) and cost.forms]
        count = min(effort(settings).latency_queries, max((cost.questions for cost in own), default=0))
        if count and (left := max(0, count * sum(cost.forms for cost in own) - done[task])):
            a_form = mean([cost.timed_s / cost.forms for cost in own])
            steps[timing_of(task)] = a_form * (left + WARM_UP + 1)
    return steps


WRITES = 20
"""A token that is written takes a server about as long as so many that are read."""


def guessed_steps(jobs: Sequence[ReadyJob], rows: Sequence[JobEstimate]) -> dict[Step, float]:
    """How long jobs take beside each other, by the tokens they read and may write, where no speed is known."""
    return {
        step_of(Kind.ANSWERS, job.job): float(row.prompt_tokens + WRITES * row.completion_most)
        for job, row in zip(jobs, rows, strict=True)
    }


def is_timed(job: Job, task: str, settings: Settings) -> bool:
    return job.task == task and job.timed and job.seed == settings.seed


def timed_jobs(task: str, jobs: Sequence[ReadyJob], plan: Plan, settings: Settings) -> list[ReadyJob]:
    """The jobs of a task that are timed. Nobody would deploy anything for one that only shows what is forgotten."""
    return [] if task in plan.forgetting.alone else [job for job in jobs if is_timed(job.job, task, settings)]


def with_seconds(planned: Estimate, jobs: Sequence[ReadyJob], speeds: Speeds) -> Estimate:
    """The estimate with the time to answer, where it was not known from earlier answers of the run."""
    rows = tuple(
        replace(row, seconds=_answering(job, row, speeds.get(job.job.system.model)))
        if row.seconds is None
        else row
        for job, row in zip(jobs, planned.jobs, strict=True)
    )
    known = [row.seconds for row in rows if row.seconds is not None]
    return replace(planned, jobs=rows, seconds=sum(known) if len(known) == len(rows) else None)


def _answering(job: ReadyJob, row: JobEstimate, speed: Speed | None) -> float | None:
    if speed is None or not row.questions:
        return None
    return speed.answering(job.job.task, job.prompts) * (row.questions - row.known) / row.questions


def with_steps(
    planned: Estimate, steps: Mapping[Step, float] | None, executor: Executor, usd_per_hour: float | None
) -> Estimate:
    """The estimate with the time to train and to time, and among whom it is shared out at which price."""
    planned = replace(
        planned, workers=executor.workers, machines=executor.machines, usd_per_hour=usd_per_hour
    )
    if steps is None:
        return planned
    return replace(
        planned,
        training_s=_of(steps, Kind.TRAINING),
        timing_s=_of(steps, Kind.TIMING),
        longest_s=max((took for (kind, _), took in steps.items() if kind is Kind.TRAINING), default=0.0),
    )


def _of(steps: Mapping[Step, float], kind: Kind) -> float:
    return sum(took for (of, _), took in steps.items() if of is kind)


ADAPTER_SHARE = 0.0025
"""Bytes of an adapter of rank 1 over those of its model's weights (0.0023 for the default model)."""

PAGE_BYTES, ANSWER_BYTES = 1e6, 3000
"""A page without answers; what evidence and page together grow by with one."""


def disk_bytes(jobs: Sequence[ReadyJob], plan: Plan, trained: Callable[[Job], bool]) -> float:
    """Disk that a run will take, roughly; models and indexes are there when it is asked."""
    total = PAGE_BYTES + ANSWER_BYTES * sum(len(job.questions) for job in jobs)
    engines = {job.job: job.context.engine for job in jobs}
    for training in plan.trainings:
        if training.system.recipe and training in engines and not trained(training):
            total += ADAPTER_SHARE * training.system.recipe.rank * weights_bytes(engines[training])
    return total


def in_words(planned: Estimate, disk: float, folder: Path) -> str | None:
    """What a run will take of this machine, a sentence; None where nobody knows."""
    if (time := planned.time_in_words) is None:
        return None
    free = shutil.disk_usage(folder).free
    return f"{time}, and some {whole(disk / 1e6)} MB of disk, where {whole(free / 1e6)} MB are free"
