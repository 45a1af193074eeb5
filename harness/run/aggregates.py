"""What a task makes of all its answers together, kept with the run, since only the task's code can tell."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from harness.progress import Progress
from harness.quantities import listed
from harness.run.facts import Aggregate
from harness.run.folder import RunFolder
from harness.run.prepare import ReadyJob


def keep_aggregates(folder: RunFolder, jobs: Sequence[ReadyJob], progress: Progress) -> None:
    """Keep which metrics turned out as shares, and what tasks make of all their answers together."""
    tasks = dict(folder.manifest.tasks)
    own = [asked for asked in jobs if asked.context.task.prompts]
    scores = folder.scores({asked.job.task for asked in own})
    rows = [scores.get((asked.job.task, asked.job.system.id, asked.job.seed), {}) for asked in own]
    for asked, given in zip(own, rows, strict=True):
        facts, shares = tasks[asked.job.task], asked.context.prompts_of_task.shares(given)
        if unfit := [name for name in facts.metrics if name not in shares]:
            tasks[asked.job.task] = dataclasses.replace(facts, unfit=(*facts.unfit, *unfit))
            progress.note(
                f"  {asked.job.task}: {listed(unfit)} gave scores that are no shares, and is kept as lm-eval's own "
                "figure of all answers"
            )
    aggregates = [
        Aggregate(
            task=asked.job.task, system=asked.job.system.id, seed=asked.job.seed, metric=metric, value=value
        )
        for asked, given in zip(own, rows, strict=True)
        for metric, value in asked.context.prompts_of_task.aggregates(
            given, tasks[asked.job.task].metrics
        ).items()
    ]
    folder.update(aggregates=tuple(aggregates), tasks=tasks)
