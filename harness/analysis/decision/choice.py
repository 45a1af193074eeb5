"""Hard requirements first, then the highest expected value: one task, one setting, one choice.

The method is in docs/method.md, "Decision".

By value, where an error has a price and costs are known: the strategy with the least expected dollars a month,
running cost and wrong answers together. By accuracy otherwise: of the strategies that are not shown to be less
accurate than the best one, the cheapest. In both cases it is *recommended* only where the evidence rules out that
another one is better by more than a margin that matters; else the task is *undecided*, with the number of
questions that would tell.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.analysis.decision.candidates import Candidate
from harness.analysis.decision.pairs import NO_DIFFERENCE, Limit, Pairs
from harness.analysis.decision.requirements.table import Requirements, outcomes
from harness.analysis.results.decision import Basis, Setting, Verdict
from harness.analysis.results.requirements import Met, Outcome


@dataclass(frozen=True, slots=True)
class Appraisal:
    """A candidate at one setting. Dollars are a month's; None where its cost is not known."""

    candidate: Candidate
    accuracy: float
    monthly_usd: float | None
    total_usd: float | None
    """Running cost and the price of wrong answers; the running cost alone where an error has no price."""
    outcomes: tuple[Outcome, ...]

    @property
    def name(self) -> str:
        return self.candidate.name

    @property
    def feasible(self) -> bool:
        return all(outcome.status is not Met.MISSED for outcome in self.outcomes)

    @property
    def unchecked(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.status is Met.UNKNOWN)

    @property
    def missed(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.status is Met.MISSED)


@dataclass(frozen=True, slots=True)
class OpenRival:
    """The favourite against one rival that the evidence does not rule out.

    `threshold`: the difference in accuracy (the favourite's minus the rival's) at which the two are worth the same.
    `limits`: what the difference must be told from to rule the rival out or in; one is enough.
    `why`: `accuracy`, `value`, or `cost` (a cost is not known).
    """

    rival: str
    threshold: float
    limits: tuple[Limit, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What comes out. `favourite`: the best bet, recommended or not; None where no candidate is feasible."""

    status: Verdict
    basis: Basis
    favourite: Appraisal | None
    appraisals: tuple[Appraisal, ...]
    open: tuple[OpenRival, ...] = ()
    nearest: Appraisal | None = None
    """Where none is feasible: the one that misses least."""

    @property
    def winner(self) -> str | None:
        return self.favourite.name if self.favourite else None

    @property
    def feasible(self) -> tuple[Appraisal, ...]:
        return tuple(appraisal for appraisal in self.appraisals if appraisal.feasible)

    @property
    def weighed(self) -> bool:
        """Whether what every feasible candidate costs is known, so that costs took part in the choice."""
        return all(appraisal.monthly_usd is not None for appraisal in self.feasible)

    @property
    def useless(self) -> str | None:
        """Why the best is nothing to recommend, whatever one that is ruled out can do: all of them are wrong."""
        if not self.appraisals or any(appraisal.accuracy for appraisal in self.feasible):
            return None
        if not any(appraisal.accuracy for appraisal in self.appraisals):
            return "not one candidate gave a right answer"
        return "not one candidate that meets the requirements gave a right answer" if self.feasible else None


@dataclass(frozen=True)
class Rules:
    """What does not change with the setting."""

    needs: Requirements
    pairs: Pairs
    clusters: Mapping[str, str]
    """Question id → the label it shares with others that stand or fall together."""


def choose(candidates: Sequence[Candidate], rules: Rules, setting: Setting) -> Choice:
    """Choose among candidates at a setting. Ties go to the earlier candidate."""
    appraisals = tuple(
        appraise(candidate, rules.needs, setting) for candidate in candidates if candidate.scores
    )
    feasible = [appraisal for appraisal in appraisals if appraisal.feasible]
    basis = basis_of(feasible, setting)
    if not feasible:
        nearest = min(appraisals, key=_distance, default=None)
        return Choice(Verdict.NONE_FEASIBLE, basis, None, appraisals, nearest=nearest)
    by_value = basis is Basis.VALUE
    favourite, open_rivals = (
        _by_value(feasible, rules, setting) if by_value else _by_accuracy(feasible, rules)
    )
    settled = not open_rivals and not favourite.unchecked
    status = Verdict.RECOMMENDED if settled else Verdict.UNDECIDED
    return Choice(status, basis, favourite, appraisals, tuple(open_rivals))


def appraise(candidate: Candidate, needs: Requirements, setting: Setting) -> Appraisal:
    accuracy = candidate.accuracy
    assert accuracy is not None  # a candidate without scores cannot be chosen
    monthly = candidate.monthly_usd(setting)
    errors = (1 - accuracy) * setting.monthly_queries * (setting.error_price_usd or 0.0)
    total = None if monthly is None else monthly + errors
    return Appraisal(candidate, accuracy, monthly, total, outcomes(candidate, needs, setting))


def basis_of(feasible: Sequence[Appraisal], setting: Setting) -> Basis:
    """By value only where an error has a price and every feasible candidate a cost."""
    priced = all(appraisal.total_usd is not None for appraisal in feasible)
    return Basis.VALUE if setting.error_price_usd is not None and priced else Basis.ACCURACY


def _distance(appraisal: Appraisal) -> tuple[int, float]:
    """By how many requirements, and by how much in all, a candidate misses."""
    return len(appraisal.missed), sum(outcome.miss for outcome in appraisal.missed)


def pays(choice: Choice, setting: Setting) -> tuple[float | None, float | None]:
    """The lowest and highest price of a wrong answer at which the favourite has the least expected cost.

    The second is None where there is no end; both are None where it has at no price, or a cost is not known. Between
    two of them costs are level at H = (difference in cost a query) / (difference in accuracy).
    """
    favourite = choice.favourite
    if favourite is None or not choice.weighed:
        return None, None
    low, high = 0.0, math.inf
    for rival in choice.feasible:
        dearer = (_known(favourite.monthly_usd) - _known(rival.monthly_usd)) / setting.monthly_queries
        better = favourite.accuracy - rival.accuracy
        if better > 0:
            low = max(low, dearer / better)
        elif better < 0:
            high = min(high, dearer / better)
        elif dearer > 0:
            return None, None
    if low > high:
        return None, None
    return low, None if math.isinf(high) else high


# By value


def _by_value(
    feasible: Sequence[Appraisal], rules: Rules, setting: Setting
) -> tuple[Appraisal, list[OpenRival]]:
    favourite = min(feasible, key=lambda appraisal: (_known(appraisal.total_usd), -appraisal.accuracy))
    stake = setting.monthly_queries * (setting.error_price_usd or 0.0)
    slack = rules.needs.value_margin * _known(favourite.total_usd)
    open_rivals = []
    for rival in feasible:
        if rival is favourite:
            continue
        difference = rules.pairs.of(favourite.name, rival.name)
        cheaper = _known(rival.monthly_usd) - _known(favourite.monthly_usd)
        if cheaper + stake * difference.low >= -slack:
            continue  # even at the interval's end, the rival is not worth more than the margin
        threshold = -cheaper / stake
        limits = (Limit(threshold - slack / stake),)
        open_rivals.append(OpenRival(rival.name, threshold, limits, "value"))
    return favourite, open_rivals


def _known(value: float | None) -> float:
    assert value is not None  # the basis is `value` only where all costs are known
    return value


# By accuracy


def _by_accuracy(feasible: Sequence[Appraisal], rules: Rules) -> tuple[Appraisal, list[OpenRival]]:
    """The cheapest of those not shown to be less accurate than the best; settled where it is as good as they."""
    best = max(feasible, key=lambda appraisal: (appraisal.accuracy, -(appraisal.monthly_usd or 0.0)))
    level = [
        appraisal
        for appraisal in feasible
        if appraisal is best or not rules.pairs.of(best.name, appraisal.name).resolved
    ]
    if len(level) > 1 and any(appraisal.monthly_usd is None for appraisal in level):
        return best, [
            OpenRival(rival.name, 0.0, (NO_DIFFERENCE,), "cost") for rival in level if rival is not best
        ]
    cheapest = min(level, key=lambda appraisal: (appraisal.monthly_usd or 0.0, -appraisal.accuracy))
    margin = rules.needs.accuracy_margin
    others = [appraisal for appraisal in level if appraisal is not cheapest]
    if all(rules.pairs.of(cheapest.name, other.name).low > -margin for other in others):
        return cheapest, []
    # The best bet is the most accurate one; open is whether a cheaper one is as good, a dearer one better.
    return best, [
        _open_rival(best, rival, rules)
        for rival in level
        if rival is not best
        and (_cheaper(rival, best) or rules.pairs.of(best.name, rival.name).low <= -margin)
    ]


def _open_rival(best: Appraisal, rival: Appraisal, rules: Rules) -> OpenRival:
    """It ends where the best is shown to be better, or not to be better (worse) by the margin than what is cheaper
    (dearer)."""
    difference = rules.pairs.of(best.name, rival.name)
    other = rules.needs.accuracy_margin * (1 if _cheaper(rival, best) else -1)
    reachable = difference.delta is not None and (other < 0 or difference.delta < other)
    limits = (NO_DIFFERENCE, Limit(other)) if reachable else (NO_DIFFERENCE,)
    return OpenRival(rival.name, 0.0, limits, "accuracy")


def _cheaper(rival: Appraisal, best: Appraisal) -> bool:
    return (rival.monthly_usd or 0.0) < (best.monthly_usd or 0.0)
