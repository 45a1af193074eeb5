"""What a run says before its first answer: with which models, into which folder, and what it is going to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from harness.quantities import counted, listed
from harness.run.contexts import RunContexts
from harness.run.estimate import Passes
from harness.run.facts import by_obstacle
from harness.run.folder import RunFolder
from harness.run.plan import Job, Plan
from harness.run.prepare import ReadyJob
from harness.run.settings import Settings
from harness.run.tools import Model, Tools
from harness.spec.remarks import left_out


def say_where(tools: Tools, folder: RunFolder) -> None:
    """Say which models answer and where the run is kept, before anything long begins (as embedding a corpus)."""
    several = "Models" if len(tools.models) > 1 else "Model"
    tools.progress.note(f"{several} {'; '.join(map(_described, tools.models))}; run folder {folder.path}")


def _described(model: Model) -> str:
    identity = model.engine.identity
    how = f"{identity.dtype} on {identity.device}" if identity.dtype else identity.device
    if model.entry.endpoints:
        how = f"{1 + len(model.entry.endpoints)} servers"
    called = f"{model.label}: " if model.label else ""
    return f"{called}{identity.name} ({how})"


def say_plan(
    plan: Plan,
    contexts: RunContexts,
    settings: Settings,
    jobs: Sequence[ReadyJob],
    passes: Passes,
    trained: Callable[[Job], bool],
) -> None:
    """What will run and what is cached. `trained`: whether an adapter is there."""
    said = (
        _indexes(contexts),
        _adapters(plan, contexts, settings, trained),
        _answers(jobs, passes),
        _forgetting(plan),
        _not_asked(plan),
    )
    for sentences in said:
        for sentence in sentences:
            contexts.tools.progress.note(f"  {sentence}")


def _indexes(contexts: RunContexts) -> Iterator[str]:
    for (task, model), context in contexts.by_model.items():
        if model != contexts.tools.model.ref:
            continue  # all models search the same
        for searched, what in ((context.retrievers, "passages"), (context.finders, "examples")):
            for info in (each.info for each in searched or ()):
                yield f"{task}: index of {info.passages} {what} {'reused' if info.reused else 'built'}"


def _adapters(
    plan: Plan, contexts: RunContexts, settings: Settings, trained: Callable[[Job], bool]
) -> Iterator[str]:
    for job in plan.trainings:
        seed = f", seed {job.seed}" if settings.seeds > 1 else ""
        yield f"{job.task} · {job.system.name}: adapter {'cached' if trained(job) else 'to be trained'}{seed}"
        if unread := contexts.of(job).training(job.system, job.seed).left_out:
            longer = f"{counted(unread, 'training example')} left out: longer than the model reads"
            yield f"{job.task} · {job.system.name}: {longer}"


def _answers(jobs: Sequence[ReadyJob], passes: Passes) -> Iterator[str]:
    """`answered`: by this run, before it was stopped; `cached`: of the others."""
    for asked in jobs:
        job, answers = asked.job, passes[asked.job.system.model]
        settled = answers.folder.settled(job.task, job.system.id, job.seed)
        done = {place for place, question in enumerate(asked.questions) if question.id in settled}
        before = f"{len(done)} answered, " if done else ""
        cached = len(answers.known_answers(asked).keys() - done)
        yield f"{job.task} · {job.system.name}: {len(asked.questions)} questions, {before}{cached} cached"


def _forgetting(plan: Plan) -> Iterator[str]:
    for task in plan.forgetting.alone:
        count, asked_there = len(plan.tasks[task].test), plan.jobs_of(task)
        adapters = sum(job.system.adapted for job in asked_there)
        yield (
            f"{task} shows what is forgotten: {counted(count, 'question')} to base and to "
            f"{counted(adapters, 'adapter')}, {count * len(asked_there):,} answers; --guard none saves them"
        )


def _not_asked(plan: Plan) -> Iterator[str]:
    for task in plan.idle:
        yield f"{task} would only show what is forgotten, and no adapter is trained: it is not asked"
    for asked_task in plan.tasks.values():
        yield from (*left_out(asked_task), *asked_task.remarks)
    for task, found in plan.not_applicable.items():
        for systems, obstacle in by_obstacle(found):
            yield f"{task} · {listed(systems)}: not applicable, {obstacle.in_words}"
