"""What a run shows of itself before the first answer: what may be learnt from, and one prompt of each job.

A report can then tell whether a test question stood in training, and whether the chat template was applied once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from harness.engines.chat import skeleton
from harness.records import PromptSample
from harness.run.folder import RunFolder
from harness.run.prepare import ReadyJob
from harness.spec.task import Task

FIRST_TOKENS = 8


def write_samples(folder: RunFolder, tasks: Iterable[Task], jobs: Sequence[ReadyJob]) -> None:
    """Write `training.jsonl` and `prompts.jsonl`, each whole: a resumed run writes the same lines, once."""
    folder.write_whole("training.jsonl", training_rows(tasks))
    one_a_name = {(job.job.task, job.job.name): job for job in reversed(jobs)}  # seeds share their prompts
    samples = (asdict(sample(job)) for job in reversed(one_a_name.values()) if job.prompts)
    folder.write_whole("prompts.jsonl", samples)


def training_rows(tasks: Iterable[Task]) -> Iterator[dict[str, Any]]:
    """Every train and dev question as the run uses them, with its task and split."""
    for task in tasks:
        for split, questions in (("train", task.train), ("dev", task.dev)):
            for question in questions:
                yield {"task": task.name, "split": split, **asdict(question)}


def sample(ready: ReadyJob) -> PromptSample:
    """The first prompt of a job beside what its template alone would write for such a conversation."""
    prompt, question, context = ready.prompts[0], ready.questions[0], ready.context
    turns = context.wording.messages(ready.job.strategy, question, prompt)
    return PromptSample(
        task=ready.job.task,
        strategy=ready.job.name,
        question_id=question.id,
        messages=len(turns),
        text=prompt.text,
        skeleton=skeleton(context.chat, turns) if turns else "",
        first_tokens=prompt.tokens[:FIRST_TOKENS],
        added_tokens=context.chat.encode(""),
    )
