"""Why: the sentences of a decision behind its first three (`headline.py`), each with the numbers in it.

Every function takes a decision whose figures are there, and gives the sentences of one topic. What the first three
say already is not said again.
"""

from __future__ import annotations

from harness.analysis.decision.case import Case
from harness.analysis.decision.caveats import (
    Figure,
    Reasons,
    excluded,
    headroom,
    joined,
    method_or_data,
    no_better_than_trivial,
    not_measured,
    over_trivial,
    reason,
    requirements,
    too_weak,
    warnings,
)
from harness.analysis.decision.rivals import NAMED, feasible_rivals, rivals, still_open
from harness.analysis.results.decision import CandidateFigures, Decision
from harness.analysis.results.reason import Reason
from harness.quantities import dollars, listed, percent


def reasons(case: Case, decision: Decision) -> tuple[Reason, ...]:
    """The most weighty first: what speaks against the choice, what decides it, then what it rests on."""
    weak = too_weak(case, decision)
    return (
        *over_trivial(case, decision),
        *_poor(case, decision),
        *(headroom(case, decision) if weak else ()),
        *_condition(decision),
        *still_open(decision),
        *excluded(case, decision),
        *requirements(decision),
        *rivals(case, decision),
        *(() if weak else headroom(case, decision)),
        *warnings(case, decision),
        *_money(decision),
        *method_or_data(case, decision),
        *no_better_than_trivial(decision),
        *not_measured(case, decision),
        *_prices_that_pay(decision),
        *_chances(decision),
    )


def _money(decision: Decision) -> Reasons:
    """What a month costs, with each rival; of people's time where that outweighs what was measured."""
    name = decision.favourite
    if name is None:
        return
    row = decision.candidates[name]
    figure = "total_usd" if decision.by_value else "monthly_usd"
    own = getattr(row, figure)
    if own is None:
        yield reason(f"What {name} costs is not known: {row.cost_reason}.")
        return
    others = {rival: getattr(decision.candidates[rival], figure) for rival in feasible_rivals(decision)}
    known = {rival: usd for rival, usd in others.items() if usd is not None}
    told = [f"{rival} {dollars(usd)}" for rival, usd in known.items()]
    figures: dict[str, Figure] = {"own_usd": own, **{f"{rival}_usd": usd for rival, usd in known.items()}}
    what = "A month with its wrong answers costs" if decision.by_value else "A month costs"
    if told:
        figures["more_rivals"] = max(0, len(told) - NAMED)
        yield joined(
            reason(f"{what} {dollars(own)} with {name}; {listed(told, NAMED)}.", **figures),
            *_people(row),
        )
    elif decision.by_value:
        yield joined(reason(f"{what} {dollars(own)}.", own_usd=own), *_people(row))
    else:
        yield from _people(row)


WEIGHTY = 0.1
"""The share of a cost from which on people's time is worth a word."""


def _people(row: CandidateFigures) -> Reasons:
    """The part of the cost that the price list takes for people, where it weighs."""
    if row.people_usd and row.monthly_usd and row.people_usd >= WEIGHTY * row.monthly_usd:
        yield reason(
            f"Of it {dollars(row.people_usd)} is people's time and labels, which the price list assumes: put in your "
            "own.",
            people_usd=row.people_usd,
        )


def _poor(case: Case, decision: Decision) -> Reasons:
    """The best of bad ones is called that; one without a right answer leads by what it costs alone."""
    name = decision.favourite
    if name is None:
        return
    accuracy = decision.candidates[name].accuracy
    best = max(row.accuracy for row in decision.candidates.values() if row.feasible)
    if accuracy == 0 and best:
        yield reason(
            f"None of the answers of {name} is right: it leads by its cost alone, which does not make it good enough."
        )
    elif 0 < accuracy < 0.5:
        poor = (
            f"The mean {case.graded} of {name} is below a half"
            if case.graded
            else f"{name} is wrong more often than right"
        )
        all_meet = all(row.feasible for row in decision.candidates.values())
        those = "these" if all_meet else "those that meet the requirements"
        good = f"That it is the best of {those} does not make it" if accuracy == best else "It may not be"
        yield reason(f"{poor}. {good} good enough.")


def _condition(decision: Decision) -> Reasons:
    """How sure the price of a wrong answer is from which on the dearer system is worth its cost."""
    if condition := decision.condition:
        yield reason(
            f"{condition.then} is right more often and costs more: it is worth that once a wrong answer costs "
            f"{dollars(condition.low_usd)} to {dollars(condition.high_usd)}.",
            low_usd=condition.low_usd,
            high_usd=condition.high_usd,
        )


def _prices_that_pay(decision: Decision) -> Reasons:
    """Where an error has no price: at which prices the favourite would be chosen for money's sake too."""
    feasible = [row for row in decision.candidates.values() if row.feasible]
    if decision.favourite is None or decision.by_value or len(feasible) < 2:
        return
    among = " of those that meet the requirements" if len(feasible) < len(decision.candidates) else ""
    low, high = decision.pays_from_usd, decision.pays_to_usd
    if low is None:
        if all(row.monthly_usd is not None for row in feasible):
            yield reason(
                f"At no price of a wrong answer does {decision.favourite} have the least expected cost{among}."
            )
        return
    yield reason(
        f"{decision.favourite} also has the least expected cost{among} {_span(low, high)}.",
        pays_from_usd=low or None,
        pays_to_usd=high,
    )


def _span(low: float, high: float | None) -> str:
    if low and high is not None:
        return f"where a wrong answer costs between {dollars(low)} and {dollars(high)}"
    if low:
        return f"where a wrong answer costs {dollars(low)} or more"
    if high is not None:
        return f"where a wrong answer costs {dollars(high)} or less"
    return "whatever a wrong answer costs"


def _chances(decision: Decision) -> Reasons:
    if decision.favourite is None or len(decision.candidates) < 2:
        return
    if decision.chances_reason:
        yield reason(f"The chance of each to be the best is not known: {decision.chances_reason}.")
        return
    row = decision.candidates[decision.favourite]
    if not decision.by_value and any(other.accuracy > row.accuracy for other in decision.candidates.values()):
        return  # it was chosen for its cost among those that are alike
    chance = row.probability_best
    best = "worth most" if decision.by_value else "the most accurate"
    yield reason(
        f"Were the questions drawn anew, {decision.favourite} would be {best} in {percent(chance)} of the cases.",
        probability_best=chance,
    )
