"""Two strategies on the same questions: is one shown to be worse, or is it within error?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.analysis.accuracy import ScoredAnswer, differences


@dataclass(frozen=True, slots=True)
class Drop:
    """How `b` did against `a` on the `n` questions that both answered. `delta`: mean of b − a."""

    delta: float
    n: int
    lost: int
    gained: int

    @property
    def p(self) -> float:
        """One-sided p of so many questions lost, were losing and gaining equally likely (exact sign test).

        On right/wrong scores this is the one-sided exact McNemar test.
        """
        differ = self.lost + self.gained
        ways = sum(math.comb(differ, lost) for lost in range(self.lost, differ + 1))
        return ways / (1 << differ)


def drop(a: Sequence[ScoredAnswer], b: Sequence[ScoredAnswer], metric: str) -> Drop | None:
    """Compare two strategies question by question; None where no question was answered by both.

    Where a strategy answered a question under several seeds, its mean counts: a question is one observation.
    """
    changes = differences(a, b, metric).values()
    if not changes:
        return None
    lost, gained = sum(change < 0 for change in changes), sum(change > 0 for change in changes)
    return Drop(math.fsum(changes) / len(changes), len(changes), lost, gained)
