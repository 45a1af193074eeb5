"""Hard requirements first, then the highest expected value: one task, one setting, one choice.

The method is in docs/method.md, "Decision".

By value, where an error has a price and costs are known: the strategy with the least expected dollars a month,
running cost and wrong answers together. By accuracy otherwise: of the strategies that are not shown to be less
accurate than the best one by what matters, the cheapest, and of those that cost alike the simplest. In both cases it
is *recommended* only where the evidence rules out that another one is better by more than a margin that matters; else
the task is *undecided*, with the number of questions that would tell. Where accuracy and cost pull apart and an error
has no price, the recommendation has a condition: up to which price of a wrong answer the cheaper one is better.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.analysis.decision.appraisal import (
    Appraisal,
    appraise,
    dearer,
    known,
    simplest,
    simplest_of_the_cheapest,
)
from harness.analysis.decision.candidates import Candidate
from harness.analysis.decision.pairs import NO_DIFFERENCE, Difference, Limit, Pairs
from harness.analysis.decision.requirements.table import Requirements
from harness.analysis.results.decision import Condition
from harness.analysis.results.setting import Setting
from harness.analysis.results.verdict import Basis, Verdict


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
    condition: Condition | None = None
    """From which price of a wrong answer on a dearer one, shown to be more accurate, is the better choice."""

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
        """Why the best is nothing to recommend, whatever one that is ruled out can do; a clause."""
        if not self.feasible:
            return None
        who = "not one candidate" if len(self.feasible) == len(self.appraisals) else NOT_ONE_FEASIBLE
        if not any(appraisal.candidate.accuracy for appraisal in self.feasible):
            return f"{who} gave a right answer"
        if all(appraisal.trivial for appraisal in self.feasible):
            return f"{who} is shown to do better than the best constant reply"
        return None


NOT_ONE_FEASIBLE = "not one candidate that meets the requirements"


@dataclass(frozen=True)
class Rules:
    """What does not change with the setting."""

    needs: Requirements
    pairs: Pairs
    clusters: Mapping[str, str]
    """Question id → the label it shares with others that stand or fall together."""
    least_error_usd: float = 0.0
    """What any wrong answer costs: a second of the person who reads it."""

    @property
    def margin(self) -> float:
        """The difference in accuracy from which on it matters."""
        return self.needs.accuracy_margin

    def difference(self, one: Appraisal, other: Appraisal) -> Difference:
        """Accuracy of one minus the other's at their setting."""
        return self.pairs.of(one.name, other.name).shifted(other.lost - one.lost)


def choose(candidates: Sequence[Candidate], rules: Rules, setting: Setting) -> Choice:
    """Choose among candidates at a setting. Of those that are alike the simpler one is taken, then the earlier one."""
    appraisals = tuple(
        appraise(candidate, rules.needs, setting) for candidate in candidates if candidate.scores
    )
    feasible = [appraisal for appraisal in appraisals if appraisal.feasible]
    basis = basis_of(feasible, setting)
    if not feasible:
        nearest = min(appraisals, key=_distance, default=None)
        return Choice(Verdict.NONE_FEASIBLE, basis, None, appraisals, nearest=nearest)
    # What does not beat a constant reply is never taken, and stays a rival that has to be ruled out.
    running = [appraisal for appraisal in feasible if not appraisal.trivial] or feasible
    by_value = basis is Basis.VALUE
    favourite, open_rivals = (
        _by_value(running, feasible, rules, setting) if by_value else _by_accuracy(running, feasible, rules)
    )
    settled = not open_rivals and not favourite.unchecked
    if not settled:
        return Choice(Verdict.UNDECIDED, basis, favourite, appraisals, tuple(open_rivals))
    condition = None if by_value else _condition(favourite, running, rules, setting)
    if condition:
        favourite = next(appraisal for appraisal in running if appraisal.name == condition.below)
    return Choice(Verdict.RECOMMENDED, basis, favourite, appraisals, condition=condition)


def basis_of(feasible: Sequence[Appraisal], setting: Setting) -> Basis:
    """By value only where an error has a price and every feasible candidate a cost."""
    priced = all(appraisal.total_usd is not None for appraisal in feasible)
    return Basis.VALUE if setting.error_price_usd is not None and priced else Basis.ACCURACY


def _distance(appraisal: Appraisal) -> tuple[int, float, float]:
    """By how many requirements, and by how much in all, a candidate misses; of equals the more accurate is nearer."""
    return len(appraisal.missed), sum(outcome.miss for outcome in appraisal.missed), -appraisal.accuracy


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
        dearer = (known(favourite.monthly_usd) - known(rival.monthly_usd)) / setting.monthly_queries
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
    running: Sequence[Appraisal], feasible: Sequence[Appraisal], rules: Rules, setting: Setting
) -> tuple[Appraisal, list[OpenRival]]:
    """The one with the least expected dollars, or a simpler one that is as accurate and costs alike."""
    least = min(running, key=lambda appraisal: (known(appraisal.total_usd), -appraisal.accuracy))
    alike = [
        appraisal
        for appraisal in running
        if appraisal is least
        or (
            rules.difference(least, appraisal).within(rules.margin)
            and dearer(appraisal, least) <= 0
            and known(appraisal.total_usd) <= known(least.total_usd) * (1 + rules.needs.value_margin)
        )
    ]
    favourite = simplest(alike, lambda appraisal: appraisal is not least)
    stake = setting.monthly_queries * (setting.error_price_usd or 0.0)
    slack = rules.needs.value_margin * known(favourite.total_usd)
    open_rivals = []
    for rival in feasible:
        if rival in alike:
            continue
        difference = rules.difference(favourite, rival)
        cheaper = -dearer(favourite, rival)
        if cheaper + stake * difference.least >= -slack:
            continue  # even at the interval's end, the rival is not worth more than the margin
        threshold = -cheaper / stake if stake else 0.0
        limits = (Limit(threshold - slack / stake),) if stake else ()  # no accuracy outweighs a cost then
        open_rivals.append(
            OpenRival(rival.name, threshold, limits, "accuracy" if difference.few else "value")
        )
    return favourite, open_rivals


# By accuracy


def _by_accuracy(
    running: Sequence[Appraisal], feasible: Sequence[Appraisal], rules: Rules
) -> tuple[Appraisal, list[OpenRival]]:
    """The cheapest of those not shown to be worse than the best by what matters; settled if it is as good as they."""
    best = max(running, key=lambda appraisal: (appraisal.accuracy, -(appraisal.monthly_usd or 0.0)))
    level = [
        appraisal
        for appraisal in feasible
        if appraisal is best or not rules.difference(best, appraisal).ahead(rules.margin)
    ]
    if len(level) > 1 and any(appraisal.monthly_usd is None for appraisal in level):
        return best, [
            OpenRival(rival.name, 0.0, _told_apart(best, rival, rules), "cost")
            for rival in level
            if rival is not best
        ]
    cheapest = simplest_of_the_cheapest([one for one in level if one in running])
    others = [appraisal for appraisal in level if appraisal is not cheapest]
    if all(rules.difference(cheapest, other).rules_out(rules.margin) for other in others):
        return cheapest, []
    # The best bet is the most accurate one; open is whether a cheaper one is as good, a dearer one better.
    open_rivals = [_open_rival(best, rival, rules) for rival in level if rival is not best]
    return best, [open_rival for open_rival in open_rivals if open_rival]


def _told_apart(best: Appraisal, rival: Appraisal, rules: Rules) -> tuple[Limit, ...]:
    """What would end it where costs are not known: that the two differ; nothing where they are alike."""
    return () if rules.difference(best, rival).within(rules.margin) else (NO_DIFFERENCE,)


def _open_rival(best: Appraisal, rival: Appraisal, rules: Rules) -> OpenRival | None:
    """It ends where the best is shown to be better, or not to be better (worse) by the margin than what is cheaper
    (dearer)."""
    difference = rules.difference(best, rival)
    preferred = simplest_of_the_cheapest([best, rival]) is rival
    if not preferred and difference.rules_out(rules.margin):
        return None
    other = rules.margin if preferred else -rules.margin
    reachable = difference.delta is not None and (other < 0 or difference.delta < other)
    limits = (NO_DIFFERENCE, Limit(other)) if reachable else (NO_DIFFERENCE,)
    return OpenRival(rival.name, 0.0, limits, "accuracy")


# The condition


def _condition(
    best: Appraisal, running: Sequence[Appraisal], rules: Rules, setting: Setting
) -> Condition | None:
    """Up to which price of a wrong answer a cheaper, less accurate system is the better choice.

    None where that price is below what any wrong answer costs. A rival that pays more for a right answer than the best
    does not count either: an answer worth so little would not be worth asking for. Of several rivals the one that
    stays ahead up to the highest price.
    """
    if any(appraisal.monthly_usd is None for appraisal in running):
        return None
    found = []
    for rival in running:
        saved = dearer(best, rival) / setting.monthly_queries
        difference = rules.difference(best, rival)
        if saved <= 0 or not difference.ahead(rules.margin) or rival.usd_per_right >= best.usd_per_right:
            continue
        assert difference.delta is not None  # it is known to be above 0
        least, most = saved / difference.high, saved / difference.low
        found.append(Condition(rival.name, best.name, saved / difference.delta, least, most))
    highest = max(found, key=lambda condition: condition.error_price_usd, default=None)
    return highest if highest and highest.error_price_usd > rules.least_error_usd else None
