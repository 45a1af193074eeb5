"""What a run keeps of itself before the first answer: what may be learnt from, and one prompt of each system.

A report can then tell whether a test question stood in training, and whether the chat template was applied once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

from harness.records import PromptSample, TrainingRow
from harness.run.folder import PROMPTS, TRAINING, RunFolder
from harness.run.prepare import ReadyJob
from harness.spec.task import Task


def write_samples(folder: RunFolder, tasks: Iterable[Task], jobs: Sequence[ReadyJob]) -> None:
    """Write `training.jsonl` and `prompts.jsonl`, each whole: a resumed run writes the same lines, once."""
    folder.write_whole(TRAINING, training_rows(tasks))
    first = {(job.job.task, job.job.system.id): job for job in reversed(jobs)}  # seeds share their prompts
    folder.write_whole(PROMPTS, (sample(job) for job in reversed(first.values()) if job.prompts))


def training_rows(tasks: Iterable[Task]) -> Iterator[TrainingRow]:
    """Every train and dev question as the run uses them, with its task and split."""
    for task in tasks:
        for question in task.train:
            yield TrainingRow(**dataclasses.asdict(question), task=task.name, split="train")
        for question in task.dev:
            yield TrainingRow(**dataclasses.asdict(question), task=task.name, split="dev")


def sample(ready: ReadyJob) -> PromptSample:
    """The first prompt of a job beside what its template alone would write for such a conversation."""
    prompt, question, context = ready.prompts[0], ready.questions[0], ready.context
    prompts = context.prompts_of_task
    turns = prompts.turns(ready.job.system.context, question, prompt)
    rendered = context.engine.show(prompt.request, turns, thinking=prompts.thinking)
    return PromptSample(
        task=ready.job.task,
        system=ready.job.system.id,
        question_id=question.id,
        messages=len(turns),
        **dataclasses.asdict(rendered),
    )
