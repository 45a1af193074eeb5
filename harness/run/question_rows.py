"""The questions of a run as its evidence keeps them: with what was found out about each."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from harness.records import QuestionRow
from harness.run.control_tokens import ControlTokens, control_tokens_of
from harness.run.prepare import ReadyJob, fact_seen
from harness.spec.task import Task


def question_rows(
    task: Task, jobs: Sequence[ReadyJob], lengths: Mapping[str, int], found: Mapping[str, bool], seed: int
) -> list[QuestionRow]:
    """The test questions of a task.

    `jobs`: of the task. `lengths`: question id → tokens that the embedder would read of it. `found`: question id →
    whether an answer stands in its gold documents.
    """
    in_prompts: dict[str, list[ControlTokens]] = {}
    for job in jobs:
        for place, held in job.prompts.control_tokens.items():
            in_prompts.setdefault(job.questions[place].id, []).append(held)
    return [
        QuestionRow(
            **dataclasses.asdict(question),
            **dataclasses.asdict(control_tokens_of(question, in_prompts.get(question.id, ()))),
            task=task.name,
            fact_seen=fact_seen(task, question, seed),
            query_tokens=lengths.get(question.id),
            answer_in_gold=found.get(question.id),
        )
        for question in task.test
    ]
