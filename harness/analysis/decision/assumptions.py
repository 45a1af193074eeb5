"""What was not measured and not set, and a decision takes for granted: sentences, each with the numbers in it."""

from __future__ import annotations

from harness.analysis.decision.case import Case
from harness.analysis.decision.caveats import Reasons, reason
from harness.analysis.results.decision import Decision
from harness.analysis.results.reason import Reason
from harness.quantities import dollars, listed, months, percent, share, whole


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
    yield from _changed(decision)
    if setting.refresh_days is None:
        yield reason("The knowledge is assumed not to change.")
    if any(row.monthly_usd is not None for row in decision.candidates.values()):
        yield reason(
            "A cost is the mean of the timed queries. Two costs count as the same where they differ by no more than "
            "what the intervals of these means leave open and half of what they differ in people's hours, which are "
            "assumed."
        )
    yield from _timed(case, decision)
    yield from _served(case, decision)


def _changed(decision: Decision) -> Reasons:
    """That changed facts are credited as facts which training did not hold."""
    for name, row in decision.candidates.items():
        if row.accuracy < row.accuracy_measured:
            yield reason(
                f"With changes of knowledge {name} is credited with {percent(row.accuracy)}, not with the "
                f"{percent(row.accuracy_measured)} measured: facts that have changed count as facts that its training "
                "set does not hold.",
                accuracy=row.accuracy,
                accuracy_measured=row.accuracy_measured,
            )


def _served(case: Case, decision: Decision) -> Reasons:
    """How the favourite is served, and what that costs."""
    found = (one for one in case.candidates_at(case.setting) if one.name == decision.favourite)
    candidate = next(found, None)
    if candidate and (served := candidate.economics.served(decision.setting.monthly_queries)):
        yield Reason(f"{candidate.name} is served {served.text}.", served.figures)


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
        span = (
            "the same at both ends of"
            if dollars(low) == dollars(high)
            else f"{dollars(low)} to {dollars(high)} by"
        )
        yield reason(
            f"A query of {decision.favourite} costs {dollars(usd)}, and {span} what its {whole(cost.timed)} timed "
            "questions tell of its seconds.",
            per_query_usd=usd,
            ci_low=low,
            ci_high=high,
            timed=cost.timed,
        )
