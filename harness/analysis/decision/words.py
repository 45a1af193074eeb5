"""Why: the sentences of a decision behind its first three (`headline.py`), each with the numbers in it.

Every function takes a decision whose figures are there, and gives the sentences of one topic.
"""

from __future__ import annotations

from harness.analysis.decision.case import Case
from harness.analysis.decision.caveats import Reasons, caveats, ends, headroom, joined, method_or_data, reason
from harness.analysis.results.decision import Against, CandidateFigures, Decision, Reason
from harness.quantities import dollars, listed, months, percent, points, share, whole


def reasons(case: Case, decision: Decision) -> tuple[Reason, ...]:
    """Money, rivals, what is open, caveats, what the controls show, chances: in this order."""
    return (
        *_favourite(case, decision),
        *_rivals(case, decision),
        *_condition(decision),
        *_prices_that_pay(decision),
        *_still_open(decision),
        *caveats(case, decision),
        *headroom(case, decision),
        *method_or_data(case, decision),
        *_chances(decision),
    )


# The favourite


def _favourite(case: Case, decision: Decision) -> Reasons:
    if decision.favourite is None:
        return
    name, row = decision.favourite, decision.candidates[decision.favourite]
    yield joined(*_money(decision, name, row))
    yield from _changed(name, row)
    yield from _poor(case, name, decision, row.accuracy)


def _money(decision: Decision, name: str, row: CandidateFigures) -> Reasons:
    """The monthly cost, and the part of it that the price list takes for people, which outweighs what was measured."""
    if row.monthly_usd is None:
        yield reason(f"What {name} costs is not known: {row.cost_reason}.")
    elif decision.by_value:
        yield reason(
            f"{name} is expected to cost {dollars(row.total_usd)} a month, {dollars(row.errors_usd)} of them for wrong "
            "answers.",
            total_usd=row.total_usd,
            errors_usd=row.errors_usd,
        )
    else:
        volume = decision.setting.monthly_queries
        yield reason(
            f"{name} costs {dollars(row.monthly_usd)} a month at {whole(volume)} queries.",
            monthly_usd=row.monthly_usd,
            monthly_queries=volume,
        )
    if row.people_usd:
        yield reason(
            f"{dollars(row.people_usd)} of it is people's time and labels, which the price list assumes; put in your "
            "own.",
            people_usd=row.people_usd,
        )


def _changed(name: str, row: CandidateFigures) -> Reasons:
    """That changed facts are credited as facts which training did not hold."""
    if row.accuracy < row.accuracy_measured:
        yield reason(
            f"With changes of knowledge {name} is credited with {percent(row.accuracy)}, not with the "
            f"{percent(row.accuracy_measured)} measured: facts that have changed count as facts that its training set "
            "does not hold.",
            accuracy=row.accuracy,
            accuracy_measured=row.accuracy_measured,
        )


def _poor(case: Case, name: str, decision: Decision, accuracy: float) -> Reasons:
    """The best of bad ones is called that; one without a right answer leads by what it costs alone."""
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


def _rivals(case: Case, decision: Decision) -> Reasons:
    """The favourite against each feasible rival: accuracy with its interval, then money."""
    for rival, against in decision.against.items():
        row = decision.candidates[rival]
        if not row.feasible or against.delta is None:
            continue
        aged = row.accuracy < row.accuracy_measured
        since = f", since facts change; {percent(row.accuracy_measured)} measured" if aged else ""
        apart = reason(
            f"Against {rival} ({_mean(case, row.accuracy)}{since}): {points(against.delta)}{ends(against)}, "
            f"{_resolved(against)}.",
            accuracy=row.accuracy,
            accuracy_measured=row.accuracy_measured if aged else None,
            delta=against.delta,
            ci_low=against.ci_low,
            ci_high=against.ci_high,
        )
        yield joined(apart, *_costs_of_both(decision, rival), *_as_good(decision, rival, against))


def _mean(case: Case, accuracy: float) -> str:
    """A mean of the primary metric; where an answer can be partly right, it is no share of right answers."""
    return f"a mean {case.graded} of {percent(accuracy)}" if case.graded else f"{percent(accuracy)} right"


def _resolved(against: Against) -> str:
    if against.alike:
        return "alike within the margin"
    if against.resolved:
        return "significant"
    if against.reason:
        return f"inconclusive, as {against.reason}"
    if against.ci_low is not None and against.ci_high is not None and against.ci_low * against.ci_high > 0:
        return "significant by itself, but not after adjusting for the other pairs"
    if against.ci_low is None:
        return "without an interval, as these questions do not show how much others would differ"
    return "inconclusive"


def _costs_of_both(decision: Decision, rival: str) -> Reasons:
    figure = "total_usd" if decision.by_value else "monthly_usd"
    own, other = (getattr(row, figure) for row in _both(decision, rival))
    if own is not None and other is not None:
        what = "With wrong answers" if decision.by_value else "Running it"
        yield reason(
            f"{what}: {dollars(own)} against {dollars(other)} a month.", own_usd=own, rival_usd=other
        )


def _as_good(decision: Decision, rival: str, against: Against) -> Reasons:
    """Why an unresolved difference does not keep the favourite from being recommended: it is below the margin."""
    own, other = (row.monthly_usd for row in _both(decision, rival))
    if against.open:
        return
    if against.at_risk_usd is not None:
        margin = decision.requirements["value_margin"]
        yield reason(
            f"At the interval's end {rival} would be cheaper in all by {dollars(against.at_risk_usd)} a month, "
            f"which the margin of {percent(float(margin))} covers.",
            at_risk_usd=against.at_risk_usd,
            margin=margin,
        )
    elif not (decision.by_value or against.resolved or own is None or other is None) and own <= other:
        margin = decision.requirements["accuracy_margin"]
        if against.ci_low is not None and against.ci_low < 0:
            yield reason(
                f"{rival} could win {points(-against.ci_low)} at most, less than the margin of "
                f"{share(float(margin))}, and {decision.favourite} costs no more.",
                at_most=-against.ci_low,
                margin=margin,
            )


def _condition(decision: Decision) -> Reasons:
    """From which price of a wrong answer on the dearer system is worth its cost, and how sure that price is."""
    if condition := decision.condition:
        yield reason(
            f"{condition.then} costs more and is right more often: it is worth it where a wrong answer costs more than "
            f"{dollars(condition.error_price_usd)} ({dollars(condition.low_usd)} to {dollars(condition.high_usd)} over "
            "the interval of the difference in accuracy).",
            error_price_usd=condition.error_price_usd,
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
    """What keeps a rival in the race, and how many questions would end it."""
    for rival, against in decision.against.items():
        if against.open:
            yield _why_open(decision, rival, against)
            yield _questions(rival, against)


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
    return reason(
        f"Whether {decision.favourite} or {rival} should be chosen is open: the questions neither show that they "
        f"differ nor rule out a difference of {share(float(margin))} or more, which would matter.",
        margin=margin,
    )


def _questions(rival: str, against: Against) -> Reason:
    if against.questions_more is None:
        return reason(
            f"How many questions would decide against {rival} is not known: {against.questions_reason}."
        )
    clusters = against.clusters_more
    where = f", on about {whole(clusters)} further documents or clusters," if clusters else ""
    return reason(
        f"About {whole(against.questions_more)} more questions{where} would decide against {rival} (80 % power, if the "
        "difference is as observed; a smaller one takes more).",
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
    best = "is worth most" if decision.by_value else "is the most accurate"
    yield reason(
        f"Resampling the questions, {decision.favourite} {best} in {percent(chance)} of the draws, which are not "
        "adjusted for the number of pairs.",
        probability_best=chance,
    )


# What is assumed


def assumptions(case: Case, decision: Decision) -> Reasons:
    """What was not measured and not set, and the decision takes for granted."""
    setting = decision.setting
    if setting.monthly_queries_assumed:
        yield reason(
            f"No volume was named: {whole(setting.monthly_queries)} queries a month are assumed, over "
            f"{months(setting.horizon_months)}.",
            monthly_queries=setting.monthly_queries,
            horizon_months=setting.horizon_months,
        )
    yield from _rule(case, decision)
    if setting.refresh_days is None:
        yield reason("The knowledge is assumed not to change.")
    yield reason(
        "A cost is the mean of the timed queries. Differences that their interval may explain, or people's hours, "
        "which are assumed, count as none."
    )
    yield from _timed(case, decision)


def _rule(case: Case, decision: Decision) -> Reasons:
    """By what the choice was made, and which margin counts as no difference."""
    if decision.by_value:
        margin = decision.requirements["value_margin"]
        yield reason(
            "A wrong answer has a price, so expected cost comes first: the strategy with the least is recommended, if "
            f"at the interval's end no other is cheaper by more than {percent(float(margin))} of its cost.",
            margin=margin,
        )
        if case.graded:
            yield reason(
                f"An answer with half of {case.graded} is taken to cost half of what a wrong one costs."
            )
    elif decision.setting.error_price_usd is None:
        margin = decision.requirements["accuracy_margin"]
        yield reason(
            f"A wrong answer has no price, so accuracy comes first, and differences within {share(float(margin))} do "
            "not matter. Of the strategies that may be as accurate as the best the cheapest is taken, and of those "
            "that cost alike the simplest. It is recommended once no other can be better by the margin.",
            margin=margin,
        )
    else:
        unknown = [name for name, row in decision.candidates.items() if row.monthly_usd is None]
        yield reason(f"The price of an error could not be used: the cost of {listed(unknown)} is not known.")


def _timed(case: Case, decision: Decision) -> Reasons:
    """What a firm cost rests on: how far the favourite's may be off, or of which system that is not known."""
    candidates = case.candidates_at(case.setting)
    costs = {
        row.name: row.economics
        for row in candidates
        if row.economics.timed and row.economics.hosting and not row.economics.by_token
    }
    if not costs:
        return
    least = min(costs, key=lambda name: costs[name].timed)
    if costs[least].seconds_ci is None:
        n = costs[least].timed
        what = "question, which is" if n == 1 else "questions, which are"
        yield reason(
            f"What {least} costs rests on {whole(n)} timed {what} too few to say how far it may be off.",
            timed=n,
        )
    elif decision.favourite in costs:
        cost, volume = costs[decision.favourite], case.setting.monthly_queries
        usd, (low, high) = cost.per_query_usd(volume), cost.per_query_ci_usd(volume) or (None, None)
        yield reason(
            f"A query of {decision.favourite} costs {dollars(usd)}, and {dollars(low)} to "
            f"{dollars(high)} as far as its {whole(cost.timed)} timed questions tell.",
            per_query_usd=usd,
            ci_low=low,
            ci_high=high,
            timed=cost.timed,
        )
