"""A system that can be chosen: what it scored, what it costs, how long it takes, what it needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from harness.analysis.accuracy import PerQuestion, compared_means
from harness.analysis.money.economics import DAYS_PER_MONTH, Economics
from harness.analysis.results.figures import Estimate, Interval, Percentiles
from harness.analysis.results.run import SystemFigures
from harness.analysis.results.setting import Setting
from harness.analysis.statistics.intervals import mean


@dataclass(frozen=True, slots=True)
class Taught:
    """What a fine-tune makes of the facts that it was taught, and of others: accuracies on test questions.

    `changed_share`: of the facts that one change of knowledge touches (None: not known).
    """

    taught: Estimate
    untaught: Estimate
    changed_share: float | None

    def changed(self, setting: Setting) -> float:
        """The share of the facts that are other than at the start, on the average over the horizon.

        After k changes it is 1 − (1 − s)ᵏ; the mean over k from 0 to the number of changes in the horizon.
        """
        if setting.refresh_days is None or not self.changed_share:
            return 0.0
        changes = setting.horizon_months * DAYS_PER_MONTH / setting.refresh_days
        if self.changed_share >= 1:
            return 1.0
        rate = -math.log1p(-self.changed_share)
        return 1 + math.expm1(-rate * changes) / (rate * changes)


def taught_of(figures: SystemFigures, changed_share: float | None = None) -> Taught | None:
    """What a fine-tune makes of facts that training held and of others; None where it was not asked both."""
    seen, unseen = (figures.groups.get(name) for name in ("fact_seen", "fact_unseen"))
    if not figures.system.adapted or seen is None or unseen is None:
        return None
    return Taught(seen, unseen, changed_share)


@dataclass(frozen=True)
class Candidate:
    """One system of one task that one could deploy; controls are none.

    `scores`: question id → primary metric, averaged over seeds, in [0, 1]. `memory_gb`: what weights and index
    take, `memory_most_gb`: the peak of the whole run (None: not known). `update_s`: device seconds from changed
    documents to a system that knows them, `update_people_s`: seconds of an engineer's work beside them. `interval`:
    of the accuracy. `rank`: how simple it is, from 0 on, `parameters`: how large its model (None: not known).
    `beats_trivial`: whether it is shown to do better than the best reply that needs no model (None: there is none
    to compare with). `update_unknown`: nobody knows how long an update takes, as its adapter is made elsewhere.
    `leaves`: how data leave machines of one's own with it, a clause (None: they do not). `cites`: whether it has
    passages to cite; `cited`: the share of its answers that name right ones (None: not measured).
    `weights_elsewhere`: a service that bills tokens holds the weights. `compared`: the accuracy that it is
    compared by (None: its own, as all candidates answered the same questions).
    """

    name: str
    scores: Mapping[str, float]
    economics: Economics
    latency: Percentiles
    memory_gb: float | None = None
    memory_most_gb: float | None = None
    cites: bool = False
    cited: Estimate | None = None
    update_s: float | None = None
    update_people_s: float | None = None
    interval: Interval | None = None
    rank: float = 0
    parameters: int | None = None
    taught: Taught | None = None
    beats_trivial: bool | None = None
    update_unknown: bool = False
    leaves: str | None = None
    weights_elsewhere: bool = False
    compared: float | None = None

    @cached_property
    def accuracy(self) -> float | None:
        """Mean score; None where nothing was answered."""
        return self.scores.mean if isinstance(self.scores, PerQuestion) else mean(self.scores.values())

    @property
    def measured(self) -> float | None:
        """The accuracy that it is compared by (`accuracy.compared_means`)."""
        return self.accuracy if self.compared is None else self.compared

    def accuracy_at(self, setting: Setting) -> float | None:
        """The accuracy on all questions that it answered, once facts have changed."""
        return self.aged(self.accuracy, setting)

    def aged(self, accuracy: float | None, setting: Setting) -> float | None:
        """An accuracy with changed facts credited at what was measured on facts that training did not hold."""
        if accuracy is None or self.taught is None or self.taught.untaught.mean is None:
            return accuracy
        return accuracy - self.taught.changed(setting) * max(0.0, accuracy - self.taught.untaught.mean)

    def monthly_usd(self, setting: Setting) -> float | None:
        return self.economics.monthly_usd(
            setting.monthly_queries, setting.horizon_months, setting.refresh_days
        )

    @property
    def cost_reason(self) -> str:
        """Why its monthly cost is not known."""
        return self.economics.reason or "a part of its cost was not measured"


CandidatesAt = Callable[[Setting], Sequence[Candidate]]
"""The candidates of a task as they are priced at a setting."""


def on_the_same_questions(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The same, compared as if all had answered the same questions, so that nobody gains by what it left out."""
    means = compared_means({candidate.name: candidate.scores for candidate in candidates if candidate.scores})
    return [replace(candidate, compared=means.get(candidate.name)) for candidate in candidates]
