"""Two systems on the same questions: is one shown to be worse, or is it within error?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.analysis.accuracy import ScoredAnswers, per_question
from harness.analysis.statistics.clusters import Design, Floats, design_of
from harness.analysis.statistics.paired import compare


@dataclass(frozen=True, slots=True)
class Drop:
    """How `b` did against `a` on the `n` questions that both answered. `delta`: mean of b − a.

    `p`: one-sided, of a drop as large as this were the two alike; 1 where there is none. None: all questions
    share one cluster, and nothing shows it.
    """

    delta: float
    n: int
    lost: int
    gained: int
    p: float | None
    two_sided: float | None = None
    """p of a difference as large as this, either way."""

    @property
    def figures(self) -> dict[str, float]:
        """Every number of a check's sentence."""
        return {"difference": self.delta, "lost": self.lost, "gained": self.gained, "questions": self.n}


def drop(a: ScoredAnswers, b: ScoredAnswers, metric: str, clusters: Mapping[str, str]) -> Drop | None:
    """Compare two systems question by question; None where no question was answered by both.

    Where a system answered a question under several seeds, its mean counts: a question is one observation.
    """
    questions, changes = per_question(b, metric).minus(per_question(a, metric))
    return judged(changes, design_of(clusters, questions)) if questions else None


def judged(changes: Sequence[float] | Floats, design: Design) -> Drop:
    """One-sided: the test of the comparisons has a symmetric distribution, so one side has half of its p."""
    difference = compare(changes, design)
    delta = difference.delta or 0.0
    p = None if difference.p is None else difference.p / 2 if delta < 0 else 1.0
    counts = (difference.n, difference.a_higher, difference.b_higher)
    return Drop(delta, *counts, p, difference.p)
