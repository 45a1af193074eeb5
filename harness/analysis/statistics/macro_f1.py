"""Macro-F1: a figure of all answers together, and no mean over questions. Its 95 % interval.

How much it hangs on each question is measured by leaving that one out (the jackknife's pseudo-values; Tukey 1958).
Their variance makes a score interval as that of scores does, clusters and all (`intervals.figure_interval`).
docs/method.md has the simulation by which this was chosen over bootstraps.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from harness.analysis.results.figures import Interval
from harness.analysis.statistics.clusters import Design
from harness.analysis.statistics.intervals import figure_interval

Cells = Mapping[tuple[str, str], float]
"""(right label, label of the reply) → how many answers of a question; of several seeds, parts of one."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many answers each label was right for, was the reply of, and both."""

    asked: Mapping[str, float]
    given: Mapping[str, float]
    both: Mapping[str, float]

    @classmethod
    def of(cls, questions: Iterable[Cells]) -> Tally:
        asked, given, both = (defaultdict[str, float](float) for _ in range(3))
        for cells in questions:
            for (right, reply), count in cells.items():
                asked[right] += count
                given[reply] += count
                both[right] += count if right == reply else 0.0
        return cls(asked, given, both)

    def f1(self, label: str, less: Tally | None = None) -> float | None:
        """2 · right ÷ (questions + replies) of a label, without what is in `less`; None where no question has it."""
        asked, given, both = (
            counts.get(label, 0.0) - (out.get(label, 0.0) if out else 0.0)
            for counts, out in (
                (self.asked, less and less.asked),
                (self.given, less and less.given),
                (self.both, less and less.both),
            )
        )
        return 2 * both / (asked + given) if asked > _NOTHING else None


_NOTHING = 1e-9


def macro_f1(questions: Mapping[str, Cells], clusters: Mapping[str, str]) -> tuple[float, Interval | None]:
    """The mean of F1 over the labels that are right for some question, with its interval. Needs a question.

    `questions`: id → its cells. The interval is None where all of several questions are one cluster.
    """
    tally = Tally.of(questions.values())
    whole = {label: score for label in tally.asked if (score := tally.f1(label)) is not None}
    total, n = math.fsum(whole.values()), len(questions)
    mean = total / len(whole)
    known: dict[tuple[tuple[tuple[str, str], float], ...], float] = {}

    def without(cells: Cells) -> float:
        """The figure without a question; that of a label which only it has falls away with it."""
        less = Tally.of([cells])
        touched = {*less.asked, *less.given} & {*whole}
        left = [score for label in touched if (score := tally.f1(label, less)) is not None]
        labels = len(whole) - len(touched) + len(left)
        rest = total - math.fsum(whole[label] for label in touched) + math.fsum(left)
        return rest / labels if labels else mean

    values = []
    for cells in questions.values():
        key = tuple(sorted(cells.items()))
        if key not in known:
            known[key] = n * mean - (n - 1) * without(cells)
        values.append(known[key])
    right = [sum(count for (a, b), count in cells.items() if a == b) for cells in questions.values()]
    design = Design.of([clusters[name] for name in questions])
    return mean, figure_interval(mean, np.array(values), np.array(right), design)
