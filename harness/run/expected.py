"""How long the steps of a run should take on this machine, from what is ready and how fast its models answer."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from harness.engines.engine import Request, is_served
from harness.engines.memory import weights_bytes
from harness.errors import NoAnswer
from harness.quantities import gigabytes
from harness.run.contexts import RunContexts
from harness.run.estimate import Estimate, JobEstimate
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
    jobs: Sequence[ReadyJob], rows: Sequence[JobEstimate], tools: Tools, *, servers: bool = False
) -> dict[ModelRef, Speed]:
    """How fast the models answer that have something to compute; `servers`: those that are served too.

    A server that does not answer now is left out: the run will say why.
    """
    speeds: dict[ModelRef, Speed] = {}
    for model in tools.models:
        if tools.measure is None or (is_served(model.engine) and not servers):
            continue
        own = [
            job
            for job, row in zip(jobs, rows, strict=True)
            if job.job.system.model == model.ref and row.questions > row.known
        ]
        if samples := _samples(own):
            try:
                speeds[model.ref] = tools.measure(model.engine, samples, tools.clock)
            except NoAnswer:
                continue
    return speeds


def _samples(jobs: Iterable[ReadyJob]) -> dict[str, list[Request]]:
    """A few requests of each task, as its shortest prompts put them."""
    shortest: dict[str, ReadyJob] = {}
    for job in jobs:
        if job.prompts:
            known = shortest.setdefault(job.job.task, job)
            if prompt_length(job) < prompt_length(known):
                shortest[job.job.task] = job
    samples = {task: [prompt.request for prompt in job.prompts] for task, job in shortest.items()}
    return {task: _alike(requests)[:ROWS] for task, requests in samples.items()}


def prompt_length(job: ReadyJob) -> int:
    """Tokens of all its prompts."""
    return sum(prompt.facts.tokens for prompt in job.prompts)


def _alike(requests: Sequence[Request]) -> list[Request]:
    """Those that one batch can hold: decoded as the first one is, or scored as it is."""
    first = requests[0]
    return [one for one in requests if (one.scored, one.decoding) == (first.scored, first.decoding)]


def expected_steps(
    jobs: Sequence[ReadyJob],
    rows: Sequence[JobEstimate],
    plan: Plan,
    contexts: RunContexts,
    speeds: Speeds,
    trained: Callable[[Job], bool],
    settings: Settings,
    folder: RunFolder,
) -> dict[Step, float] | None:
    """The seconds of each step; None where a model's speed is not known. `trained`: whether an adapter is there."""
    steps: dict[Step, float] = {}
    for job, row in zip(jobs, rows, strict=True):
        if row.seconds is None:
            return None
        steps[step_of(Kind.ANSWERS, job.job)] = row.seconds
    for training in plan.trainings:
        if not trained(training):
            context, speed = contexts.of(training), speeds.get(training.system.model)
            if speed is None:
                return None
            recipe = context.training(training.system, training.seed)
            steps[step_of(Kind.TRAINING, training)] = speed.training(recipe, context.engine)
    for task in plan.tasks:
        took = _timing(task, jobs, plan, speeds, settings, folder)
        if took is None:
            return None
        if took:
            steps[timing_of(task)] = took
    return steps


def timed_jobs(task: str, jobs: Sequence[ReadyJob], plan: Plan, settings: Settings) -> list[ReadyJob]:
    """The jobs of a task that are timed. Nobody would deploy anything for one that only shows what is forgotten."""
    if task in plan.forgetting.alone:
        return []
    return [job for job in jobs if job.job.task == task and job.job.timed and job.job.seed == settings.seed]


def _timing(
    task: str, jobs: Sequence[ReadyJob], plan: Plan, speeds: Speeds, settings: Settings, folder: RunFolder
) -> float | None:
    """Seconds to time a task's systems, as often as each is asked: servers cold and warm, adapters merged and not."""
    count, total, forms = effort(settings).latency_queries, 0.0, 0
    for job in timed_jobs(task, jobs, plan, settings) if count else ():
        speed = speeds.get(job.job.system.model)
        if speed is None:
            return None
        prompts = job.prompts[:count]
        times = 2 if is_served(job.context.engine) or job.job.adapter else 1
        total += times * sum(speed.alone(task, prompt) for prompt in prompts)
        forms += times * len(prompts)
    done = sum(of == task for of, *_ in folder.timed())
    left = max(0, forms - done)
    return total / forms * (left + WARM_UP + 1) if left else 0.0


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


def with_steps(planned: Estimate, steps: Mapping[Step, float] | None) -> Estimate:
    """The estimate with the time to train and to time."""
    if steps is None:
        return planned
    return replace(planned, training_s=_of(steps, Kind.TRAINING), timing_s=_of(steps, Kind.TIMING))


def _of(steps: Mapping[Step, float], kind: Kind) -> float:
    return sum(took for (of, _), took in steps.items() if of is kind)


ADAPTER_SHARE = 0.0025
"""Bytes of an adapter of rank 1 over those of its model's weights (0.0023 for the default model)."""

ANSWER_BYTES = 3000
"""Evidence and page together grow by this with an answer."""


def disk_bytes(jobs: Sequence[ReadyJob], plan: Plan, trained: Callable[[Job], bool]) -> float:
    """Disk that a run will take, roughly; models and indexes are there when it is asked."""
    total = float(ANSWER_BYTES * sum(len(job.questions) for job in jobs))
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
    return f"{time} and some {gigabytes(disk / 1e9)} of disk, of which {gigabytes(free / 1e9)} are free"
