"""Replies that need no model, and how far a system is above the best of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.analysis.results.figures import Estimate


@dataclass(frozen=True, slots=True)
class Baseline:
    """A trivial baseline: one reply to every question, without any model (`analysis/baselines.py`).

    `name`: a key of `TRIVIAL`; `reply`: the answer, the label, the refusal or "option 2".
    `estimate` is by `metric`, the primary one; `metrics` holds every metric of the task.
    """

    name: str
    reply: str
    metric: str
    estimate: Estimate
    metrics: dict[str, Estimate]

    @property
    def label(self) -> str:
        """What stands in a table: `always “14 days”`, a long reply cut."""
        if self.name == "constant_option":
            return f"always {self.reply}"
        long = len(self.reply) > LONGEST_REPLY
        return f"always “{self.reply[: LONGEST_REPLY - 1].rstrip() + '…' if long else self.reply}”"

    @property
    def in_words(self) -> str:
        """What stands in a sentence: `the majority label (always “yes”)`."""
        return f"{TRIVIAL[self.name]} ({self.label})"


TRIVIAL = {
    "constant_answer": "one answer to every question",
    "majority_label": "the majority label",
    "constant_refusal": "a refusal of every question",
    "constant_option": "the same option of every question",
}
"""Kinds of trivial baselines, as sentences name them."""


LONGEST_REPLY = 48
"""Characters of a constant reply in a table."""


def best_baseline(baselines: Sequence[Baseline]) -> Baseline | None:
    """The one with the highest mean, of equals the first; None of none."""
    return max(baselines, key=lambda row: row.estimate.mean or 0.0, default=None)


@dataclass(frozen=True, slots=True)
class OverTrivial:
    """A system − the best trivial baseline, by `metric`, on the `n` questions that the system answered.

    `beats`: the whole 95 % interval lies above 0. `p`: two-sided, in no family of comparisons.
    `questions_more`: so many further ones would show that it is above (None: they do already, or no number would).
    """

    baseline: str
    metric: str
    n: int
    delta: float | None
    ci_low: float | None
    ci_high: float | None
    p: float | None
    beats: bool
    questions_more: int | None = None
