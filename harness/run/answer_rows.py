"""Answers as lines of evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.engines.engine import Completion
from harness.records import AnswerRow, BatchRow, RankedDoc
from harness.run.batches import Answers
from harness.run.prepare import ReadyJob
from harness.run.prompts import Prompt
from harness.spec.taskspec import options_of


def picked(options: Sequence[str], completion: Completion) -> Completion:
    """The answer to a question whose options were scored: the likeliest of them."""
    if completion.finish_reason != "choice" or not options:
        return completion
    logprobs = completion.choice_logprobs or ()
    best = max(range(len(options)), key=logprobs.__getitem__)
    return replace(completion, text=options[best])


def batch_row(ready: ReadyJob, answers: Answers) -> BatchRow | None:
    """The line of evidence of a batch; None where nothing was computed."""
    if answers.wall_s is None:
        return None
    return BatchRow(
        task=ready.job.task,
        system=ready.job.system.id,
        seed=ready.job.seed,
        batch=answers.batch.number,
        questions=len(answers.completions),
        completion_tokens=sum(completion.completion_tokens for completion in answers.completions.values()),
        wall_s=answers.wall_s,
        sharing=answers.sharing,
        machines=answers.machines,
    )


def answer_row(
    ready: ReadyJob,
    place: int,
    prompt: Prompt,
    completion: Completion,
    *,
    batch: int,
    cached: bool,
    adapter: str | None,
    repeat: int = 0,
) -> AnswerRow:
    """The line of evidence of one answer. Of what was scored, the log-likelihoods of the choices are kept.

    Tokens of the prompt are those that a server counted, where it did.
    """
    question = ready.questions[place]
    options = options_of(question, ready.job.system.form, ready.context.task.spec)
    completion = picked(options, completion)
    logprobs, usage = completion.choice_logprobs, completion.usage
    return AnswerRow(
        task=ready.job.task,
        system=ready.job.system.id,
        question_id=question.id,
        seed=ready.job.seed,
        prediction=completion.text,
        choice_logprobs=logprobs and (logprobs[: len(options)] or logprobs),
        prompt_tokens=usage.prompt_tokens if usage else prompt.facts.tokens,
        completion_tokens=completion.completion_tokens,
        finish_reason=completion.finish_reason,
        retrieved=tuple(
            RankedDoc(ranked.passage.doc_id, ranked.passage.chunk_id, ranked.score)
            for ranked in prompt.retrieved
        ),
        shown_passages=prompt.shown,
        dropped_passages=prompt.dropped,
        prompt_sha256=prompt.facts.sha256,
        batch=batch,
        cached=cached,
        adapter=adapter,
        metrics=ready.context.prompts_of_task.metrics(question, completion),
        reasoning_tokens=completion.reasoning_tokens,
        cached_tokens=usage.cached_tokens if usage else None,
        attempts=usage.attempts if usage else 1,
        repeat=repeat,
        examples=tuple(example.id for example in prompt.nearest),
    )
