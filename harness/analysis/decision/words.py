"""Why: the sentences of a decision behind its first three (`headline.py`), each with the numbers in it.

Every function takes a decision whose figures are there, and gives the sentences of one topic. What the first three
say already is not said again.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.analysis.decision.case import Case
from harness.analysis.decision.caveats import (
    Figure,
    Reasons,
    ends,
    excluded,
    headroom,
    joined,
    method_or_data,
    no_better_than_trivial,
    not_measured,
    reason,
    requirements,
    too_weak,
    warnings,
)
from harness.analysis.results.decision import Against, CandidateFigures, Decision, Reason
from harness.quantities import dollars, listed, percent, points, share, whole

NAMED = 4
"""So many rivals are named in one sentence."""


def reasons(case: Case, decision: Decision) -> tuple[Reason, ...]:
    """The most weighty first: what speaks against the choice, what decides it, then what it rests on."""
    weak = too_weak(case, decision)
    return (
        *_poor(case, decision),
        *(headroom(case, decision) if weak else ()),
        *_condition(decision),
        *_still_open(decision),
        *excluded(case, decision),
        *requirements(decision),
        *_rivals(case, decision),
        *(() if weak else headroom(case, decision)),
        *warnings(case, decision),
        *_money(decision),
        *method_or_data(case, decision),
        *no_better_than_trivial(decision),
        *_changed(decision),
        *not_measured(case, decision),
        *_prices_that_pay(decision),
        *_chances(decision),
    )


# The favourite


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
    others = {rival: getattr(decision.candidates[rival], figure) for rival in _feasible(decision)}
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


def _changed(decision: Decision) -> Reasons:
    """That changed facts are credited as facts which training did not hold."""
    name = decision.favourite
    row = decision.candidates[name] if name else None
    if row and row.accuracy < row.accuracy_measured:
        yield reason(
            f"With changes of knowledge {name} is credited with {percent(row.accuracy)}, not with the "
            f"{percent(row.accuracy_measured)} measured: facts that have changed count as facts that its training set "
            "does not hold.",
            accuracy=row.accuracy,
            accuracy_measured=row.accuracy_measured,
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
        good = "That it is the best of these does not make it" if accuracy == best else "It may not be"
        yield reason(f"{poor}. {good} good enough.")


# Rivals


def _feasible(decision: Decision) -> list[str]:
    """The favourite's feasible rivals, the most accurate first."""
    rows = decision.candidates
    names = [name for name in decision.against if rows[name].feasible]
    return sorted(names, key=lambda name: -rows[name].accuracy)


def _rivals(case: Case, decision: Decision) -> Reasons:
    """The favourite against all others at once: a sentence for those behind it, ahead of it, alike, not told apart."""
    name, kinds = decision.favourite, ("more", "less", "alike", "open")
    groups: dict[str, list[str]] = {kind: [] for kind in kinds}
    for rival in _feasible(decision):
        if (against := decision.against[rival]).delta is not None:
            groups[_kind(against)].append(rival)
    right = f"has a {{}} mean {case.graded} than" if case.graded else "is right {} often than"
    higher, lower = ("higher", "lower") if case.graded else ("more", "less")
    as_often = f"has about the same mean {case.graded} as" if case.graded else "is right about as often as"
    margin = float(decision.requirements["accuracy_margin"])
    if groups["more"]:
        yield _gaps(decision, groups["more"], f"{name} {right.format(higher)}")
    if groups["less"]:
        yield _gaps(decision, groups["less"], f"{name} {right.format(lower)}")
    if groups["alike"]:
        alike = _gaps(decision, groups["alike"], f"{name} {as_often}")
        yield joined(alike, reason(f"Less than {share(margin)} does not matter.", margin=margin))
    for kind in ("more", "less", "alike"):
        for rival in groups[kind]:
            yield from _at_risk(decision, rival, decision.against[rival])
    for rival in groups["open"]:
        if not decision.against[rival].open:
            yield _not_shown(decision, rival)


def _kind(against: Against) -> str:
    if against.alike:
        return "alike"
    if not against.resolved or against.delta is None:
        return "open"
    return "more" if against.delta > 0 else "less"


def _gaps(decision: Decision, rivals: Sequence[str], lead: str) -> Reason:
    """`rag is right more often than lora (+55.0 points) and base (+80.0).`"""
    told: list[str] = []
    figures: dict[str, Figure] = {"more_rivals": max(0, len(rivals) - NAMED)}
    for rival in rivals:
        row = decision.candidates[rival]
        delta = decision.against[rival].delta
        aged = row.accuracy < row.accuracy_measured
        since = f" once facts change, {percent(row.accuracy_measured)} right as measured" if aged else ""
        told.append(f"{rival} ({points(delta)}{since})")
        figures |= {f"{rival}: delta": delta}
        figures |= {f"{rival}: accuracy": row.accuracy_measured} if aged else {}
    return Reason(f"{lead} {listed(told, NAMED)}.", figures)


def _not_shown(decision: Decision, rival: str) -> Reason:
    """A difference that may be chance, and why it does not keep the favourite from being recommended."""
    against = decision.against[rival]
    apart = reason(
        f"{decision.favourite} against {rival}: {points(against.delta)}{ends(against)}, {_doubt(against)}.",
        delta=against.delta,
        ci_low=against.ci_low,
        ci_high=against.ci_high,
    )
    return joined(apart, *_as_good(decision, rival, against))


BLIND = "without an interval, as these questions do not show how much others would differ"


def _doubt(against: Against) -> str:
    """Why it may be chance, a clause."""
    if against.reason:
        return f"which may be chance, as {against.reason}"
    if against.ci_low is not None and against.ci_high is not None and against.ci_low * against.ci_high > 0:
        return "which may be chance, as several pairs were looked at"
    if against.ci_low is None:
        return BLIND
    return "which may be chance"


def _at_risk(decision: Decision, rival: str, against: Against) -> Reasons:
    """What the margin of value covers."""
    if against.at_risk_usd is not None and not against.open:
        margin = decision.requirements["value_margin"]
        yield reason(
            f"At the interval's end {rival} would be cheaper in all by {dollars(against.at_risk_usd)} a month, "
            f"which the margin of {percent(float(margin))} covers.",
            at_risk_usd=against.at_risk_usd,
            margin=margin,
        )


def _as_good(decision: Decision, rival: str, against: Against) -> Reasons:
    """Why an unresolved difference does not keep the favourite from being recommended: it is below the margin."""
    own, other = (row.monthly_usd for row in _both(decision, rival))
    if against.at_risk_usd is not None:
        yield from _at_risk(decision, rival, against)
    elif not (decision.by_value or against.resolved or own is None or other is None) and own <= other:
        margin = decision.requirements["accuracy_margin"]
        if against.ci_low is not None and against.ci_low < 0:
            yield reason(
                f"{rival} could win {share(-against.ci_low)} at most, less than the {share(float(margin))} that "
                f"matter, and {decision.favourite} costs no more.",
                at_most=-against.ci_low,
                margin=margin,
            )


def _condition(decision: Decision) -> Reasons:
    """How sure the price of a wrong answer is from which on the dearer system is worth its cost."""
    if condition := decision.condition:
        yield reason(
            f"{condition.then} is right more often and costs more: it is worth that once a wrong answer costs "
            f"{dollars(condition.low_usd)} to {dollars(condition.high_usd)}.",
            low_usd=condition.low_usd,
            high_usd=condition.high_usd,
        )


def _both(decision: Decision, rival: str) -> tuple[CandidateFigures, CandidateFigures]:
    return decision.candidates[str(decision.favourite)], decision.candidates[rival]


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


def _still_open(decision: Decision) -> Reasons:
    """What keeps a rival in the race, and what is known of how many questions would end it."""
    for rival, against in decision.against.items():
        if against.open and not decision.unfit:
            yield joined(_why_open(decision, rival, against), *_questions(decision, rival, against))


def _why_open(decision: Decision, rival: str, against: Against) -> Reason:
    if against.open == "cost":
        return reason(
            f"Accuracy does not decide between {decision.favourite} and {rival}, and a cost that would is not known."
        )
    if against.open == "value":
        return reason(
            f"At the interval's end {rival} would be cheaper in all by {dollars(against.at_risk_usd)} a month; the two "
            f"are worth the same where the difference in accuracy is {points(against.threshold)}.",
            at_risk_usd=against.at_risk_usd,
            threshold=against.threshold,
        )
    margin = decision.requirements["accuracy_margin"]
    why = f" ({against.reason})" if against.reason else f" ({BLIND})" if against.ci_low is None else ""
    return reason(
        f"{decision.favourite} against {rival} ({points(against.delta)}): the questions show neither a difference nor "
        f"that it is within {share(float(margin))}{why}.",
        delta=against.delta,
        margin=margin,
    )


def _questions(decision: Decision, rival: str, against: Against) -> Reasons:
    """Nothing where the headline has said all that there is to say."""
    if against.questions_more is None:
        if against.questions_reason != decision.questions_reason:
            yield reason(
                f"How many questions would decide against {rival} is not known: {against.questions_reason}."
            )
        return
    clusters = against.clusters_more
    where = f", on about {whole(clusters)} further documents or clusters," if clusters else ""
    yield reason(
        f"About {whole(against.questions_more)} more{where} would decide in four cases of five if the difference is as "
        "it looks; a smaller one takes more.",
        questions_more=against.questions_more,
        clusters_more=clusters,
    )


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
