"""A candidate at one setting: what it costs and misses there, and which of several is the cheaper and the simpler."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.analysis.decision.candidates import Candidate
from harness.analysis.decision.requirements.table import Requirements, outcomes
from harness.analysis.money.economics import MonthlyCost
from harness.analysis.results.requirements import Met, Outcome
from harness.analysis.results.setting import Setting


@dataclass(frozen=True, slots=True)
class Appraisal:
    """A candidate at one setting. Dollars are a month's; None where its cost is not known."""

    candidate: Candidate
    accuracy: float
    """That it is compared by."""
    lost: float
    """The part of the accuracy measured that changes of knowledge take away."""
    cost: MonthlyCost | None
    total_usd: float | None
    """Running cost and the price of wrong answers; the running cost alone where an error has no price."""
    outcomes: tuple[Outcome, ...]

    @property
    def name(self) -> str:
        return self.candidate.name

    @property
    def monthly_usd(self) -> float | None:
        return self.cost.usd if self.cost else None

    @property
    def feasible(self) -> bool:
        return all(outcome.status is not Met.MISSED for outcome in self.outcomes)

    @property
    def trivial(self) -> bool:
        """Whether it is not shown to do better than a reply that needs no model."""
        return self.candidate.beats_trivial is False

    @property
    def usd_per_right(self) -> float:
        """Dollars for a right answer, per query asked in a month: of use to compare two at one setting."""
        return known(self.monthly_usd) / self.accuracy if self.accuracy else math.inf

    @property
    def unchecked(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.status is Met.UNKNOWN)

    @property
    def missed(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.status is Met.MISSED)


def appraise(candidate: Candidate, needs: Requirements, setting: Setting) -> Appraisal:
    measured = candidate.measured
    accuracy = candidate.aged(measured, setting)
    assert measured is not None  # a candidate without scores cannot be chosen
    assert accuracy is not None
    cost = candidate.economics.cost_at(setting)
    errors = (1 - accuracy) * setting.monthly_queries * (setting.error_price_usd or 0.0)
    total = None if cost is None else cost.usd + errors
    return Appraisal(
        candidate, accuracy, measured - accuracy, cost, total, outcomes(candidate, needs, setting)
    )


def known(value: float | None) -> float:
    """The value of what is known by then."""
    assert value is not None  # asked only where all costs are known
    return value


def dearer(one: Appraisal, other: Appraisal) -> float:
    """Dollars a month by which one costs more than the other; 0 where that is within what is known of both."""
    if one.cost is None or other.cost is None or one is other:
        return 0.0
    difference = one.cost.minus(other.cost)
    return 0.0 if difference.alike else difference.usd


def simplest_of_the_cheapest(level: Sequence[Appraisal]) -> Appraisal:
    """The cheapest; of those that cost alike the simplest, then the more accurate."""
    cheapest = min(level, key=lambda appraisal: (appraisal.monthly_usd or 0.0, -appraisal.accuracy))
    alike = [appraisal for appraisal in level if not dearer(appraisal, cheapest)]
    return simplest(alike, lambda appraisal: -appraisal.accuracy)


def simplest(alike: Sequence[Appraisal], order: Callable[[Appraisal], float]) -> Appraisal:
    """The simplest strategy; of one strategy on models whose size is known the smallest model, then by `order`."""
    rank = min(appraisal.candidate.rank for appraisal in alike)
    level = [appraisal for appraisal in alike if appraisal.candidate.rank == rank]
    sizes = {appraisal.name: appraisal.candidate.parameters or 0 for appraisal in level}
    sized = all(sizes.values())
    return min(level, key=lambda appraisal: (sizes[appraisal.name] if sized else 0, order(appraisal)))
