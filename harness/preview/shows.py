"""What n questions can show: the smallest difference, before anything was answered."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from harness.analysis.statistics.clusters import Design, cluster_ids
from harness.analysis.statistics.power import ALPHA, Noise, detectable, questions, rounded_up
from harness.preview.case import Case

DISCORDANCE = 0.3
"""Share of the questions on which two strategies are taken to differ: one is right and the other wrong."""
SMALL = 0.1
"""A difference that people care for: how many questions would show it is said."""


@dataclass(frozen=True, slots=True)
class Shows:
    """The smallest difference that is shown with 80 % power between the best of `candidates` and another.

    `smallest`: where the questions of a group have nothing in common; `smallest_tied`: where they are right or wrong as
    one. None: so few show none. `questions_needed`: that show `SMALL`, were there no groups.
    """

    questions: int
    groups: int
    candidates: int
    smallest: float | None
    smallest_tied: float | None
    questions_needed: int | None


def in_points(difference: float) -> str:
    return f"{100 * difference:.0f} points"


def shows(case: Case, candidates: int) -> Shows:
    """What a task's test questions can show. `candidates`: strategies that may be recommended."""
    asked = {question.id: question for question in case.task.test}
    ids = cluster_ids(asked, len(case.corpus) if case.corpus else None)
    design = Design.of([ids[name] for name in asked])
    alpha = ALPHA / max(1, math.comb(candidates, 2))
    needed = questions(Noise(1000, 1000, DISCORDANCE, 1.0, DISCORDANCE, 1000, math.inf), SMALL, alpha)
    found = Shows(
        design.n, design.clusters, candidates, None, None, None if needed is None else rounded_up(needed)
    )
    if design.clusters < 2:
        return found
    loose = Noise(
        design.n,
        design.clusters,
        DISCORDANCE,
        1.0,
        float((1 - (1 - DISCORDANCE) ** design.sizes).mean()),
        design.effective,
        design.degrees if design.clustered else math.inf,
    )
    tied = replace(loose, variance=DISCORDANCE * design.n / design.effective, differing=DISCORDANCE)
    return replace(found, smallest=detectable(loose, alpha), smallest_tied=detectable(tied, alpha))
