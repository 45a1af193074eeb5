"""What fits into the model's window, found out before any weights are read. Nothing longer is ever sent.

A question that is too long by itself is a mistake of the task's; a system whose context makes it too long does not
apply to the task.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from harness.errors import InputError, raise_all
from harness.quantities import counted
from harness.records import Question
from harness.run.plan import Plan
from harness.run.prepare import ReadyJob
from harness.run.prompts import Prompt, reply_room

Fitted = tuple[Plan, list[ReadyJob]]


def fitting(plan: Plan, jobs: Sequence[ReadyJob]) -> Fitted:
    """The plan without the systems that cannot ask their task, and the jobs that are left.

    Raises InputErrors for questions that are too long without any context, and where nothing is left.
    """
    raise_all(list(_too_long_alone(jobs)))
    reasons: dict[str, dict[str, str]] = {}
    for job in jobs:
        if why := obstacle_of(job):
            reasons.setdefault(job.job.task, {})[job.job.system.name] = why
    if not reasons:
        return plan, list(jobs)
    left = [job for job in jobs if job.job.system.name not in reasons.get(job.job.task, {})]
    trained = {job.job.adapter for job in left if not job.job.shows_forgetting}
    left = [job for job in left if not job.job.shows_forgetting or job.job.adapter in trained]
    if not left:
        lines = [f"{task}: {name}: {why}." for task, row in reasons.items() for name, why in row.items()]
        raise InputError("none of the strategies can ask its task:\n" + "\n".join(lines))
    tasks = {**plan.not_applicable, **reasons}
    known = {task: {**plan.not_applicable.get(task, {}), **reasons.get(task, {})} for task in tasks}
    return replace(plan, jobs=tuple(job.job for job in left), not_applicable=known), left


def _needed(prompt: Prompt) -> int:
    """The tokens that a prompt and its reply may take."""
    return prompt.facts.longest + reply_room(prompt.request)


def _too_long(job: ReadyJob) -> list[tuple[Question, Prompt]]:
    asked = zip(job.questions, job.prompts, strict=True)
    return [
        (question, prompt)
        for question, prompt in asked
        if not prompt.request.whole and _needed(prompt) > job.context.engine.window
    ]


def _too_long_alone(jobs: Sequence[ReadyJob]) -> Iterator[InputError]:
    """The questions that a model cannot read without any context, each once."""
    seen: set[tuple[str, str]] = set()
    for job in jobs:
        for question, _ in _too_long(job):
            alone = job.context.prompts_of_task.prompt((), question, ())
            if (job.job.task, question.id) in seen or _needed(alone) <= job.context.engine.window:
                continue
            seen.add((job.job.task, question.id))
            yield _mistake(job, question, alone)


def _mistake(job: ReadyJob, question: Question, alone: Prompt) -> InputError:
    engine, room = job.context.engine, reply_room(alone.request)
    reads = f"the model {engine.identity.name} reads {engine.window:,}"
    if room:
        reads += f", {room:,} of them for the reply"
    place = job.context.task.lines.get(question.id, f"task {job.job.task!r}")
    return InputError(
        f"{place}: question {question.id!r} makes a prompt of {counted(alone.facts.longest, 'token')}, and {reads}. "
        f"Nothing is cut: shorten it, {'lower answer.max_tokens, ' if room else ''}leave it out, or name a model that "
        "reads more."
    )


def obstacle_of(job: ReadyJob) -> str | None:
    """Why a system cannot ask its task, as a clause for the report; None if it can."""
    engine, system = job.context.engine, job.job.system
    if over := _too_long(job):
        question, prompt = max(over, key=lambda pair: _needed(pair[1]))
        room = reply_room(prompt.request)
        reply = f" with {room:,} for the reply" if room else ""
        return (
            f"{len(over):,} of {counted(len(job.prompts), 'prompt')} are longer than the {engine.window:,} tokens that "
            f"{engine.identity.name} reads: that of {question.id} has {prompt.facts.longest:,}{reply}"
        )
    if job.job.adapter and not job.job.shows_forgetting:
        training = job.context.training(system, job.job.seed)
        if not training.examples and training.left_out:
            return (
                f"each of its {counted(training.left_out, 'training example')} is longer than the {engine.window:,} "
                f"tokens that {engine.identity.name} reads"
            )
    return None
