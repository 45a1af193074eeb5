"""Why: the sentences of a decision, each with the numbers in it.

Every function takes a decision whose figures are there, and gives the sentences of one topic.
"""

from __future__ import annotations

from harness.analysis.decision.case import Case
from harness.analysis.decision.caveats import Reasons, caveats, ends, headroom, joined, outcomes, reason
from harness.analysis.results.decision import Against, CandidateFigures, Decision, Reason, headline
from harness.analysis.results.requirements import Met
from harness.quantities import dollars, listed, months, percent, points, share, whole


def reasons(case: Case, decision: Decision) -> tuple[Reason, ...]:
    """The verdict, rivals, what is open, caveats, what the control shows, chances: in this order."""
    return (
        *_verdict(case, decision),
        *_rivals(case, decision),
        *_prices_that_pay(decision),
        *_still_open(decision),
        *caveats(case, decision),
        *headroom(case, decision),
        *_chances(decision),
    )


# The verdict


def _verdict(case: Case, decision: Decision) -> Reasons:
    if decision.unfit:
        yield reason(f"Nothing is recommended: {decision.unfit}.")
    if decision.nearest:  # which is there where no candidate is feasible
        yield reason(f"{headline(decision.status, None, decision.nearest)}:")
        yield from outcomes(decision, decision.nearest, Met.MISSED)
        return
    if decision.favourite is None:
        yield reason(decision.why_not)
        return
    row = decision.candidates[decision.favourite]
    opening = headline(decision.status, decision.favourite)
    first = reason(
        f"{opening}: {_mean(case, row.accuracy)} on {whole(decision.n)} questions.",
        accuracy=row.accuracy,
        questions=decision.n,
    )
    yield joined(first, *_money(decision, row))
    yield from _poor(case, decision, row.accuracy)
    if any(outcome.status is Met.UNKNOWN for outcome in row.requirements):
        yield reason(
            f"{decision.favourite} cannot be recommended before what is required of it has been checked."
        )


def _money(decision: Decision, row: CandidateFigures) -> Reasons:
    """The monthly cost, and the part of it that the price list takes for people, which outweighs what was measured."""
    if row.monthly_usd is None:
        yield reason(f"What it costs is not known: {row.cost_reason}.")
    elif decision.by_value:
        yield reason(
            f"It is expected to cost {dollars(row.total_usd)} a month, {dollars(row.errors_usd)} of them for wrong "
            "answers.",
            total_usd=row.total_usd,
            errors_usd=row.errors_usd,
        )
    else:
        volume = decision.setting.monthly_queries
        yield reason(
            f"It costs {dollars(row.monthly_usd)} a month at {whole(volume)} queries.",
            monthly_usd=row.monthly_usd,
            monthly_queries=volume,
        )
    if row.people_usd:
        yield reason(
            f"{dollars(row.people_usd)} of it is people's time and labels, which the price list assumes; put in your "
            "own.",
            people_usd=row.people_usd,
        )


def _poor(case: Case, decision: Decision, accuracy: float) -> Reasons:
    """The best of bad ones is called that; one without a right answer leads by what it costs alone."""
    others = any(row.feasible and row.accuracy for row in decision.candidates.values())
    if accuracy == 0 and others:
        yield reason(
            "None of its answers is right: it leads by its cost alone, which does not make it good enough."
        )
    elif 0 < accuracy < 0.5:
        poor = (
            f"Its mean {case.graded} is below a half" if case.graded else "It is wrong more often than right"
        )
        yield reason(f"{poor}. That it is the best of these does not make it good enough.")


# Rivals


def _rivals(case: Case, decision: Decision) -> Reasons:
    """The favourite against each feasible rival: accuracy with its interval, then money."""
    for rival, against in decision.against.items():
        row = decision.candidates[rival]
        if not row.feasible or against.delta is None:
            continue
        apart = reason(
            f"Against {rival} ({_mean(case, row.accuracy)}): {points(against.delta)}{ends(against)}, "
            f"{_resolved(against)}.",
            accuracy=row.accuracy,
            delta=against.delta,
            ci_low=against.ci_low,
            ci_high=against.ci_high,
        )
        yield joined(apart, *_costs_of_both(decision, rival), *_as_good(decision, rival, against))


def _mean(case: Case, accuracy: float) -> str:
    """A mean of the primary metric; where an answer can be partly right, it is no share of right answers."""
    return f"a mean {case.graded} of {percent(accuracy)}" if case.graded else f"{percent(accuracy)} right"


def _resolved(against: Against) -> str:
    if against.resolved:
        return "significant"
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
        yield reason(
            f"{decision.favourite} is not less accurate by {share(float(margin))} or more, and no dearer.",
            margin=margin,
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
    chance = decision.candidates[decision.favourite].probability_best
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
    yield reason("Costs are taken as measured; only what the questions leave open counts as uncertain.")
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
            "A wrong answer has no price, so accuracy comes first: of the strategies not shown to be less accurate "
            "than the best, the cheapest is recommended, if its interval against each of the others rules out that "
            f"they are better by {share(float(margin))} or more.",
            margin=margin,
        )
    else:
        unknown = [name for name, row in decision.candidates.items() if row.monthly_usd is None]
        yield reason(f"The price of an error could not be used: the cost of {listed(unknown)} is not known.")


def _timed(case: Case, decision: Decision) -> Reasons:
    """What a firm cost rests on: how far the favourite's may be off, or of which system that is not known."""
    candidates = case.candidates_at(case.setting)
    costs = {row.name: row.economics for row in candidates if row.economics.timed and row.economics.hosting}
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
