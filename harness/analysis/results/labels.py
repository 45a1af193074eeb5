"""What classification and JSON answers come to besides their accuracy: labels by label, objects by field."""

from __future__ import annotations

from dataclasses import dataclass

from harness.analysis.results.figures import Estimate, ShareEstimate
from harness.ranges import Count, Share

NO_LABEL = ""
"""Stands for replies that are none of the labels; no label is empty."""


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """One label: `n` questions that it is right for; of these the share that got it (`recall`), of the replies that are
    it the share that is right (`precision`; None: no reply is), and 2 · right ÷ (n + replies) (`f1`)."""

    n: Count
    precision: Share | None
    recall: Share
    f1: Share


@dataclass(frozen=True, slots=True)
class LabelResult:
    """How a system classifies. `macro_f1`: the mean of F1 over the labels that are right for some question, with a 95 %
    interval. `by_label`: these, as the task file orders them. `confusion`: right label → label of the reply (`""`: none
    of them) → answers, of all seeds."""

    macro_f1: ShareEstimate
    by_label: dict[str, LabelFigures]
    confusion: dict[str, dict[str, Count]]

    @property
    def confused(self) -> dict[tuple[str, str], int]:
        """(right label, other label) → how many replies gave the other one."""
        return {
            (right, given): count
            for right, row in self.confusion.items()
            for given, count in row.items()
            if given != right
        }


@dataclass(frozen=True, slots=True)
class FieldFigures:
    """One key of JSON answers. `accuracy`: over the questions whose right answer has it; `invented`: over the others,
    the share of replies that have it all the same."""

    accuracy: Estimate
    invented: Estimate
