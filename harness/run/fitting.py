"""What fits into the model's window, found out before any weights are read. Nothing longer is ever sent.

A question that is too long by itself is a mistake of the task's; a system whose context makes it too long does not
apply to the task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from harness.engines.engine import UNKNOWN_WINDOW
from harness.errors import InputError, raise_all
from harness.quantities import counted
from harness.records import Question
from harness.run.facts import Obstacle, nothing_left
from harness.run.plan import Job, Plan
from harness.run.prepare import ReadyJob, TaskContext
from harness.run.prompts import Prompt, reply_room
from harness.spec.system import System
from harness.steps import Step

Fitted = tuple[Plan, list[ReadyJob]]


def fitting(plan: Plan, jobs: Sequence[ReadyJob]) -> Fitted:
    """The plan without the systems that cannot ask their task, and the jobs that are left.

    Raises InputErrors for questions that are too long without any context, and where nothing is left.
    """
    raise_all(list(_too_long_alone(jobs)))
    reasons: dict[str, dict[str, Obstacle]] = {}
    for job in jobs:
        if why := obstacle_of(job):
            reasons.setdefault(job.job.task, {})[job.job.system.name] = why
    plan = _without(plan, reasons)
    kept = frozenset(plan.jobs)
    return plan, [job for job in jobs if job.job in kept]


def holding(plan: Plan, context_of: Callable[[Job], TaskContext]) -> Plan:
    """The plan without the systems whose model cannot read a task's whole corpus, found out before prompts are made.

    Raises InputError where nothing is left.
    """
    reasons: dict[str, dict[str, Obstacle]] = {}
    for job in plan.jobs:
        if job.system.whole_corpus and (why := too_large(context_of(job), job.system)):
            reasons.setdefault(job.task, {})[job.system.name] = why
    return _without(plan, reasons)


def _without(plan: Plan, reasons: Mapping[str, Mapping[str, Obstacle]]) -> Plan:
    """The plan without what does not apply after all: task → system → why."""
    if not reasons:
        return plan
    left = [job for job in plan.jobs if job.system.name not in reasons.get(job.task, {})]
    trained = {job.adapter for job in left if not job.shows_forgetting}
    left = [job for job in left if not job.shows_forgetting or job.adapter in trained]
    if not left:
        raise nothing_left("none of the strategies can ask its task", reasons)
    tasks = {**plan.not_applicable, **reasons}
    known = {task: {**plan.not_applicable.get(task, {}), **reasons.get(task, {})} for task in tasks}
    return replace(plan, jobs=tuple(left), not_applicable=known)


MOST_CHARACTERS = 20
"""A token of running text has fewer characters in the mean: a corpus of more, times the window, is not counted."""
MOST_TOKENS = 200_000
"""The most tokens of a corpus where nobody says how much a model reads: beyond, no model is known to answer well."""


ASK_RAG = Step("Take a model that reads more, or let rag find the passages", "--model NAME")
READ_MORE = "Take a model that reads more (--model), or show less, in the task file"
SHORTEN = Step("Shorten them, or take a model that reads more", "--model NAME")


def too_large(context: TaskContext, system: System) -> Obstacle | None:
    """Why the whole corpus does not fit beside the shortest question; None if it does."""
    engine = context.engine
    name, known = engine.identity.name, engine.window < UNKNOWN_WINDOW
    most = engine.window if known else MOST_TOKENS
    reads = (
        f"{name} reads {most:,}"
        if known
        else f"nobody says how many {name} reads; beyond {most:,} none is asked"
    )
    characters = sum(len(ranked.passage.text) for ranked in context.corpus)
    documents = counted(len(context.corpus), "document")
    if characters > MOST_CHARACTERS * most:
        why = f"the corpus has {characters:,} characters in {documents}, and of tokens {reads}"
        return Obstacle(why, ASK_RAG)
    shortest = min(context.task.test, key=lambda question: len(question.question))
    (prompt,) = context.prompts(system, [shortest])
    if _needed(prompt) <= most:
        return None
    room = reply_room(prompt.wanted)
    reply = f", {room:,} of them for the reply" if room else ""
    why = f"the corpus ({documents}) makes prompts of {prompt.facts.longest:,} tokens, and {reads}{reply}"
    return Obstacle(why, ASK_RAG)


def _needed(prompt: Prompt) -> int:
    """The tokens that a prompt and its reply may take."""
    return prompt.facts.longest + reply_room(prompt.wanted)


def _too_long(job: ReadyJob) -> list[tuple[Question, Prompt]]:
    prompts, window = job.prompts, job.context.engine.window
    return [
        (job.questions[place], prompts[place])
        for place, (wanted, longest) in enumerate(zip(prompts.wanted, prompts.longest, strict=True))
        if not wanted.whole and longest + reply_room(wanted) > window
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
    engine, room = job.context.engine, reply_room(alone.wanted)
    reads = f"the model {engine.identity.name} reads {engine.window:,}"
    if room:
        reads += f", {room:,} of them for the reply"
    place = job.context.task.lines.get(question.id, f"task {job.job.task!r}")
    return InputError(
        f"{place}: question {question.id!r} makes a prompt of {counted(alone.facts.longest, 'token')}, and {reads}. "
        f"Nothing is cut: shorten it, {'lower answer.max_tokens, ' if room else ''}leave it out, or name a model that "
        "reads more."
    )


def obstacle_of(job: ReadyJob) -> Obstacle | None:
    """Why a system cannot ask its task; None if it can."""
    engine, system = job.context.engine, job.job.system
    if over := _too_long(job):
        question, prompt = max(over, key=lambda pair: _needed(pair[1]))
        room = reply_room(prompt.wanted)
        reply = f" with {room:,} for the reply" if room else ""
        why = (
            f"{len(over):,} of {counted(len(job.prompts), 'prompt')} are longer than the {engine.window:,} tokens that "
            f"{engine.identity.name} reads: that of {question.id} has {prompt.facts.longest:,}{reply}"
        )
        return Obstacle(why, _less(system))
    if job.job.adapter and not job.job.shows_forgetting:
        training = job.context.training(system, job.job.seed)
        if not training.examples and training.left_out:
            why = (
                f"each of its {counted(training.left_out, 'training example')} is longer than the {engine.window:,} "
                f"tokens that {engine.identity.name} reads"
            )
            return Obstacle(why, SHORTEN)
    return None


def _less(system: System) -> Step:
    """How its prompts get shorter."""
    if system.whole_corpus:
        return ASK_RAG
    return Step(READ_MORE, "retrieval: {k: N}" if system.passages else "examples: {k: N}")
