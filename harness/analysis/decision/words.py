"""Why: the sentences of a decision, each with the numbers in it.

Every function takes a decision whose figures are there, and gives the sentences of one topic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.analysis.decision.candidates import Candidate
from harness.analysis.decision.literature import named
from harness.analysis.requirements.rules import Met, Outcome
from harness.analysis.requirements.table import rows
from harness.analysis.results.decision import (
    Against,
    Decision,
    Lead,
    Reason,
    Verdict,
)
from harness.analysis.results.figures import Check, Status
from harness.analysis.results.run import SystemFigures
from harness.quantities import dollars, listed, months, percent, points, share, signed, whole
from harness.scoring.table import is_graded

Figure = float | str | None
Reasons = Iterator[Reason]


def reason(text: str, **figures: Figure) -> Reason:
    return Reason(text, figures)


def joined(*parts: Reason, by: str = " ") -> Reason:
    """Several sentences as one; their figures have different names."""
    figures = {name: value for part in parts for name, value in part.figures.items()}
    return Reason(by.join(part.text for part in parts), figures)


@dataclass(frozen=True)
class Told:
    """What sentences speak of. `candidates`: as they are priced at the decision's setting."""

    decision: Decision
    systems: Mapping[str, SystemFigures]
    checks: Sequence[Check]
    candidates: Sequence[Candidate]
    metric: str | None

    @property
    def graded(self) -> str | None:
        """The primary metric, where an answer can be partly right by it; its mean is no share of right answers."""
        return self.metric if is_graded(self.metric) else None

    def mean(self, accuracy: float) -> str:
        return f"a mean {self.graded} of {percent(accuracy)}" if self.graded else f"{percent(accuracy)} right"

    @property
    def favourite(self) -> str:
        """Asked for only where there is one."""
        assert self.decision.favourite is not None
        return self.decision.favourite


def reasons(told: Told) -> tuple[Reason, ...]:
    """In this order: the verdict, rivals, what is open, requirements, warnings, who is left out, mechanism, chances."""
    topics = [_unfit, _verdict, _rivals, _prices_that_pay, _still_open, _requirements, _warnings]
    topics += [_not_measured, _excluded, _headroom, _chances]
    return tuple(reason for topic in topics for reason in topic(told))


# The verdict


def _unfit(told: Told) -> Reasons:
    if told.decision.unfit:
        yield reason(f"Nothing is recommended: {told.decision.unfit}.")


def _verdict(told: Told) -> Reasons:
    decision = told.decision
    if decision.status is Verdict.NONE_FEASIBLE:
        yield from _none_feasible(decision)
        return
    if decision.favourite is None:
        yield reason(decision.why_not)
        return
    row = decision.candidates[decision.favourite]
    recommended = decision.status is Verdict.RECOMMENDED
    opening = "is recommended" if recommended else "is the best bet so far, not a recommendation"
    first = reason(
        f"{decision.favourite} {opening}: {told.mean(row.accuracy)} on {whole(decision.n)} questions.",
        accuracy=row.accuracy,
        questions=decision.n,
    )
    yield joined(first, *_money(decision, decision.favourite))
    yield from _poor(told, row.accuracy)
    if any(outcome.status is Met.UNKNOWN for outcome in row.requirements):
        yield reason(
            f"{decision.favourite} cannot be recommended before what is required of it has been checked."
        )


def _none_feasible(decision: Decision) -> Reasons:
    if decision.nearest is None:
        yield reason("No candidate answered this task.")
        return
    yield reason(f"No strategy meets the requirements. The nearest is {decision.nearest}:")
    yield from _outcomes(decision, decision.nearest, Met.MISSED)


def _money(decision: Decision, name: str) -> Reasons:
    """The monthly cost, and the part of it that the price list takes for people, which outweighs what was measured."""
    row = decision.candidates[name]
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


def _poor(told: Told, accuracy: float) -> Reasons:
    """The best of bad ones is called that; one without a right answer leads by what it costs alone."""
    others = any(row.feasible and row.accuracy for row in told.decision.candidates.values())
    if accuracy == 0 and others:
        yield reason(
            "Not one of its answers is right: it leads by its cost alone, and is not thereby good enough."
        )
    elif 0 < accuracy < 0.5:
        poor = (
            f"Its mean {told.graded} is below a half" if told.graded else "It is wrong more often than right"
        )
        yield reason(f"{poor}: the best of these, and not thereby good enough.")


# Rivals


def _rivals(told: Told) -> Reasons:
    """The favourite against each feasible rival: accuracy with its interval, then money."""
    decision = told.decision
    for rival, against in decision.against.items():
        row = decision.candidates[rival]
        if not row.feasible or against.delta is None:
            continue
        apart = reason(
            f"Against {rival} ({told.mean(row.accuracy)}): {points(against.delta)}{_ends(against)}, "
            f"{_resolved(against)}.",
            accuracy=row.accuracy,
            delta=against.delta,
            ci_low=against.ci_low,
            ci_high=against.ci_high,
        )
        yield joined(apart, *_costs_of_both(told, rival), *_as_good(told, rival, against))


def _ends(row: Against | Lead) -> str:
    """Both ends of an interval in brackets, nothing where the questions show none."""
    return "" if row.ci_low is None else f" ({signed(row.ci_low)} to {signed(row.ci_high)})"


def _resolved(against: Against) -> str:
    if against.resolved:
        return "the difference is resolved"
    if against.ci_low is None:
        return "with no interval, as these questions do not show how much others would differ"
    return "the difference is not resolved"


def _costs_of_both(told: Told, rival: str) -> Reasons:
    rows = [told.decision.candidates[name] for name in (told.favourite, rival)]
    by_value = told.decision.by_value
    own, other = (row.total_usd if by_value else row.monthly_usd for row in rows)
    if own is not None and other is not None:
        what = "With wrong answers" if by_value else "Running it"
        yield reason(
            f"{what}: {dollars(own)} against {dollars(other)} a month.", own_usd=own, rival_usd=other
        )


def _as_good(told: Told, rival: str, against: Against) -> Reasons:
    """Why an unresolved difference does not keep the favourite from being recommended: it is below the margin."""
    decision = told.decision
    if against.open:
        return
    if decision.by_value:
        margin = decision.requirements["value_margin"]
        if against.at_risk_usd is not None:
            yield reason(
                f"At the interval's end {rival} would be cheaper in all by {dollars(against.at_risk_usd)} a month, "
                f"which the margin of {percent(float(margin))} covers.",
                at_risk_usd=against.at_risk_usd,
                margin=margin,
            )
        return
    own, other = (decision.candidates[name].monthly_usd for name in (told.favourite, rival))
    if not against.resolved and own is not None and other is not None and own <= other:
        margin = decision.requirements["accuracy_margin"]
        yield reason(
            f"{told.favourite} is not less accurate by {share(float(margin))} or more, and no dearer.",
            margin=margin,
        )


def _prices_that_pay(told: Told) -> Reasons:
    """Where an error has no price: at which prices the favourite would be chosen for money's sake too."""
    decision = told.decision
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


def _still_open(told: Told) -> Reasons:
    """What keeps a rival in the race, and how many questions would end it."""
    for rival, against in told.decision.against.items():
        if against.open:
            yield _why_open(told, rival, against)
            yield _questions(rival, against)


def _why_open(told: Told, rival: str, against: Against) -> Reason:
    if against.open == "cost":
        return reason(
            f"{told.favourite} and {rival} are not told apart by accuracy, and a cost that could tell is not known."
        )
    if against.open == "value":
        return reason(
            f"At the interval's end {rival} would be cheaper in all by {dollars(against.at_risk_usd)} a month; the two "
            f"are worth the same where the difference in accuracy is {points(against.threshold)}.",
            at_risk_usd=against.at_risk_usd,
            threshold=against.threshold,
        )
    margin = told.decision.requirements["accuracy_margin"]
    return reason(
        f"Whether {told.favourite} or {rival} should be chosen is open: the questions neither show that they differ "
        f"nor rule out a difference of {share(float(margin))} or more, which would matter.",
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


# What speaks against a candidate


def _requirements(told: Told) -> Reasons:
    """What is missed, what could not be checked, and what is met, but not for certain; the nearest has been told."""
    decision = told.decision
    for name, row in decision.candidates.items():
        if decision.status is not Verdict.NONE_FEASIBLE or name != decision.nearest:
            yield from _outcomes(decision, name, Met.MISSED)
        yield from _outcomes(decision, name, Met.UNKNOWN)
        if row.feasible:
            yield from _outcomes(decision, name, Met.MET)


def _outcomes(decision: Decision, name: str, status: Met) -> Reasons:
    """A candidate's outcomes of one status, a sentence each; of those that are met, the ones that may not be."""
    for outcome in decision.candidates[name].requirements:
        if outcome.status is status and (status is not Met.MET or outcome.unsure):
            yield Reason(_outcome(name, outcome), dict(outcome.figures))


def _outcome(name: str, outcome: Outcome) -> str:
    met = "met, but not for certain: " if outcome.status is Met.MET else ""
    return f"{name}: {rows()[outcome.requirement].label}: {met}{outcome.detail}."


def _warnings(told: Told) -> Reasons:
    """Checks with a warning about the favourite or a rival, a sentence each."""
    if told.decision.favourite is None:
        return
    feasible = {name for name, row in told.decision.candidates.items() if row.feasible}
    for check in told.checks:
        names = [name for name in check.strategies if name in feasible]
        if check.status is Status.WARN and names:
            text = f"Warning for {listed(names)} ({check.title}): {check.clause}."
            yield Reason(text, dict(check.figures))


def _not_measured(told: Told) -> Reasons:
    """A fine-tune that leads while nobody looked at what it forgot."""
    best = told.decision.favourite
    if best is None or not told.systems[best].system.adapted:
        return
    for check in told.checks:
        if check.check == "forgetting" and check.status is Status.NOT_APPLICABLE:
            yield reason(f"What {best} forgot was {check.clause}.")


def _excluded(told: Told) -> Reasons:
    """Which systems are left out, and the figures of the checks that they failed."""
    for name, why in told.decision.excluded.items():
        failed = [check for check in told.checks if check.status is Status.FAIL and name in check.strategies]
        figures: dict[str, Figure] = {
            f"{check.check}: {figure}": value for check in failed for figure, value in check.figures.items()
        }
        yield Reason(f"{name} is left out, and nothing here speaks for or against it: {why}", figures)


# What the control with gold passages says


def _headroom(told: Told) -> Reasons:
    """Better retrieval, a better generator, or knowledge that was there already."""
    room, control = told.decision.headroom, named(told.systems, "gold")
    if room.retrieval and control:
        found = named(told.systems, "retrieved")
        best, now = (told.systems[name].accuracy.mean for name in (control, found or control))
        right = f"the mean {told.graded} is {percent(best)}" if told.graded else f"{percent(best)} are right"
        yield reason(
            f"With the right passages ({control}) {right}, with the passages found ({found}) {percent(now)}: better "
            f"retrieval could win {points(room.retrieval.delta)}{_ends(room.retrieval)}.",
            control=best,
            retrieved=now,
            delta=room.retrieval.delta,
            ci_low=room.retrieval.ci_low,
            ci_high=room.retrieval.ci_high,
        )
    if room.generator is not None:
        yield joined(_generator(told), *_cut(told, str(control)))
    lead = room.knowledge
    if lead and lead.already:
        known = "the knowledge was there already, or the generator cannot use them"
        unknown = (
            "it is not shown that they help. Too few questions may be why, or knowledge that was there already, or a "
            "generator that cannot use them"
        )
        yield reason(
            f"The right passages bring {points(lead.delta)}{_ends(lead)} over the bare model: "
            f"{unknown if (lead.ci_low or 0) <= 0 else known}.",
            delta=lead.delta,
            ci_low=lead.ci_low,
            ci_high=lead.ci_high,
        )


def _generator(told: Told) -> Reason:
    """What is lost with the right passages in the prompt, on questions that have such passages."""
    room = told.decision.headroom
    lost, on, figures = room.generator, "", {}
    if room.answerable:
        lost, n = room.answerable.lost, room.answerable.n
        on, figures = f" on the {whole(n)} questions with an answer", {"questions": n}
    what = (
        f"{percent(lost)} of {told.graded} is still missing"
        if told.graded
        else f"{percent(lost)} are still wrong"
    )
    return reason(
        f"With the right passages in the prompt, {what}{on}: the generator loses {'it' if told.graded else 'them'}, a "
        "matter for fine-tuning or a larger model.",
        lost=lost,
        **figures,
    )


def _cut(told: Told, control: str) -> Reasons:
    """Where the control's answers were cut often enough to warn: the limit does that, not the generator."""
    for check in told.checks:
        if check.check == "cut_answers" and check.status is Status.WARN and control in check.strategies:
            cut = check.figures[f"{control}: share"]
            yield reason(
                f"Of all answers of {control}, {percent(cut)} were cut by the token limit before they were right.",
                cut=cut,
            )


def _chances(told: Told) -> Reasons:
    decision = told.decision
    if decision.favourite is None or len(decision.candidates) < 2:
        return
    if decision.chances_reason:
        yield reason(f"How likely each is the best cannot be told: {decision.chances_reason}.")
        return
    chance = decision.candidates[decision.favourite].probability_best
    best = "is worth most" if decision.by_value else "is the most accurate"
    yield reason(
        f"Resampling the questions, {decision.favourite} {best} in {percent(chance)} of the draws, which are not "
        "adjusted for the number of pairs.",
        probability_best=chance,
    )


# What is assumed


def assumptions(told: Told) -> tuple[Reason, ...]:
    """What nobody said and the decision takes for granted."""
    setting = told.decision.setting
    found = []
    if setting.monthly_queries_assumed:
        found.append(
            reason(
                f"No volume was named: {whole(setting.monthly_queries)} queries a month are assumed, over "
                f"{months(setting.horizon_months)}.",
                monthly_queries=setting.monthly_queries,
                horizon_months=setting.horizon_months,
            )
        )
    found += _rule(told)
    if setting.refresh_days is None:
        found.append(reason("The knowledge is taken not to change."))
    found.append(
        reason("Costs are taken as measured; only what the questions leave open counts as uncertain.")
    )
    return (*found, *_timed(told))


def _rule(told: Told) -> Reasons:
    """By what the choice was made, and which margin counts as no difference."""
    decision = told.decision
    if decision.by_value:
        margin = decision.requirements["value_margin"]
        yield reason(
            "A wrong answer has a price, so expected cost comes first: the strategy with the least is recommended, if "
            f"at the interval's end no other is cheaper by more than {percent(float(margin))} of its cost.",
            margin=margin,
        )
        if told.graded:
            yield reason(
                f"An answer with half of {told.graded} is taken to cost half of what a wrong one costs."
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


def _timed(told: Told) -> Reasons:
    """What a firm cost rests on: how far the favourite's may be off, or of which system nobody can say that."""
    costs = {one.name: one.economics for one in told.candidates if one.economics.timed}
    costs = {name: cost for name, cost in costs.items() if cost.per_query_usd is not None}
    if not costs:
        return
    least = min(costs, key=lambda name: costs[name].timed)
    if costs[least].per_query_ci_usd is None:
        n = costs[least].timed
        what = "question, which is" if n == 1 else "questions, which are"
        yield reason(
            f"What {least} costs rests on {whole(n)} timed {what} too few to say how far it may be off.",
            timed=n,
        )
    elif told.decision.favourite in costs:
        cost = costs[told.favourite]
        low, high = cost.per_query_ci_usd or (None, None)
        yield reason(
            f"A query of {told.favourite} costs {dollars(cost.per_query_usd)}, and {dollars(low)} to {dollars(high)} "
            f"as far as its {whole(cost.timed)} timed questions tell.",
            per_query_usd=cost.per_query_usd,
            ci_low=low,
            ci_high=high,
            timed=cost.timed,
        )
