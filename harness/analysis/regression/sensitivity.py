"""What the accuracy rule can tell with so many questions, before anything is measured.

Assumed: of all answers one in twenty changes its score by itself, half of these for the better; and a loss takes single
questions. Questions that hang together count for less.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.analysis.evidence import Evidence
from harness.analysis.regression.terms import Gate
from harness.analysis.statistics.clusters import cluster_ids
from harness.analysis.statistics.power import Noise, questions
from harness.run.plan import sample
from harness.spec.task import Task

MOVED = 0.05
"""Share of the answers that change their score by themselves."""
LOSS = 0.10
"""The loss that a gate should catch; with a margin over half of it, twice the margin."""
STEP = 0.005
"""Losses are looked at in steps of half a point."""


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What `n` questions of a task, in so many clusters, can tell of a loss beyond a margin, with about 80 % power.

    `caught`: the smallest loss that fails the check. `loss`: one worth catching, for which `to_catch` questions are
    needed. `to_pass`: questions with which a run that lost nothing passes though replies changed. None: more than 10⁷.
    """

    task: str
    n: int
    clusters: int
    margin: float
    caught: float | None
    loss: float
    to_catch: int | None
    to_pass: int | None


def of_tasks(tasks: Iterable[Task], limit: int | None, gate: Gate) -> list[Sensitivity]:
    """What a run of these tasks will tell. `limit`: the number of questions that it will ask of each; None: all."""
    asked = {task.name: {question.id: question for question in sample(task.test, limit, 0)} for task in tasks}
    return _each({name: cluster_ids(questions) for name, questions in asked.items()}, gate)


def of_run(run: Evidence, gate: Gate) -> list[Sensitivity]:
    """What runs with the questions of this one tell."""
    return _each({task: run.clusters(task) for task in run.tasks}, gate)


def _each(tasks: Mapping[str, Mapping[str, str]], gate: Gate) -> list[Sensitivity]:
    """`tasks`: name → question id → cluster."""
    return [
        sensitivity(name, len(clusters), len(set(clusters.values())), gate.margins(name, "").accuracy)
        for name, clusters in tasks.items()
    ]


def sensitivity(task: str, n: int, clusters: int, margin: float) -> Sensitivity:
    """`margin`: the loss that does not matter, a share."""
    loss = max(LOSS, 2 * margin)
    steps = (margin + STEP * step for step in range(1, math.ceil((1 - margin) / STEP)))
    caught = next((tried for tried in steps if (needed := to_catch(tried, margin)) and needed <= n), None)
    return Sensitivity(task, n, clusters, margin, caught, loss, to_catch(loss, margin), to_catch(0.0, margin))


def to_catch(loss: float, margin: float) -> int | None:
    """Questions that tell a loss from the margin: one beyond it fails the check, a smaller one passes."""
    variance = MOVED + loss - loss**2
    sample = Noise(
        n=1,
        clusters=1,
        variance=variance,
        typical=1.0,
        differing=MOVED + loss,
        effective=1.0,
        degrees=math.inf,
    )
    return questions(sample, loss - margin)
