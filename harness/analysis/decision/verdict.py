"""One task's decision: the choice, its figures, its reasons, what would change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

from harness.analysis.decision import chances, change_words, headline, words
from harness.analysis.decision.appraisal import Appraisal
from harness.analysis.decision.assumptions import assumptions
from harness.analysis.decision.case import Case
from harness.analysis.decision.choice import Choice, OpenRival, pays
from harness.analysis.decision.limits import limit_changes
from harness.analysis.decision.literature import literature
from harness.analysis.decision.next_steps import next_steps
from harness.analysis.decision.pairs import TRAININGS_DIFFER, Difference, Need, Power
from harness.analysis.decision.requirements.table import Requirements, rows
from harness.analysis.decision.sensitivity import Outcome, changes, decision_map, outcome_of, price_bands
from harness.analysis.results.checks import Check
from harness.analysis.results.decision import Against, CandidateFigures, Decision, Headroom, Lead, Lost
from harness.analysis.results.setting import Setting
from harness.analysis.results.unfinished import not_decided
from harness.analysis.results.verdict import Basis, Standing, Verdict


def verdict(case: Case) -> Decision:
    """The decision, the same for the same case. Break-evens are added by whoever knows them."""
    choice = case.choice_at(case.setting)
    decision = _measured(case, choice)
    if not decision.why_not:
        decision = _looking_ahead(case, choice, decision)
    return replace(
        decision,
        what_to_do=headline.what_to_do(case, decision),
        how_sure=headline.how_sure(case, decision),
        caveats=headline.caveats(case, decision),
        what_would_change=headline.what_would_change(case, decision),
        reasons=words.reasons(case, decision),
        assumptions=() if decision.why_not else tuple(assumptions(case, decision)),
        literature=literature(case, decision),
        next_steps=next_steps(case, decision),
    )


def standing(case: Case, choice: Choice | None = None) -> Standing:
    """The decision in short: a thousandth of the work of the whole. `choice`: at the case's setting, if at hand."""
    choice = choice or case.choice_at(case.setting)
    status, why_not = _status(case, choice)
    return Standing(
        status=status,
        recommended=choice.winner if status is Verdict.RECOMMENDED else None,
        favourite=None if why_not else choice.winner,
        why_not=why_not,
        unfit=case.unfit or choice.useless,
    )


def _status(case: Case, choice: Choice) -> tuple[Verdict, str]:
    """The status, and where nothing can be chosen, why."""
    names = [appraisal.name for appraisal in choice.appraisals]
    if case.waiting:
        return Verdict.NOT_COMPUTED, not_decided(case.waiting)
    if not names and case.excluded:
        return Verdict.UNDECIDED, headline.none_left(case.excluded)
    if not names:
        return Verdict.NOT_COMPUTED, "No candidate has an accuracy here, so there is nothing to choose."
    if len(names) > 1 or choice.status is Verdict.NONE_FEASIBLE:
        return choice.status, ""
    if case.excluded:
        return Verdict.UNDECIDED, f"Only {names[0]} is left to choose, and one system alone decides nothing."
    return (
        Verdict.NOT_COMPUTED,
        f"Only {names[0]} is a candidate here, so there is nothing to choose between.",
    )


def _measured(case: Case, choice: Choice) -> Decision:
    """The decision with the figures of the setting as it is."""
    rules = case.rules
    best = chances.probability_best(
        choice.appraisals, rules.clusters, case.setting, choice.basis, rules.pairs.trained
    )
    dimensions, front = chances.pareto(choice.appraisals)
    against = _against(case, choice)
    still = [row for row in against.values() if row.open]
    known = bool(still) and all(row.questions is not None for row in still)
    return Decision(
        **asdict(standing(case, choice)),
        basis=choice.basis,
        n=max((len(appraisal.candidate.scores) for appraisal in choice.appraisals), default=0),
        setting=case.setting,
        requirements=_required(case.rules.needs),
        candidates={
            appraisal.name: _candidate(case, appraisal, best.of.get(appraisal.name), appraisal.name in front)
            for appraisal in choice.appraisals
        },
        chances_reason=best.reason,
        excluded={name: _why_excluded(checks) for name, checks in case.excluded.items()},
        unjudged=case.unjudged(choice, case.setting),
        condition=choice.condition,
        against=against,
        nearest=choice.nearest.name if choice.nearest else None,
        headroom=_headroom(case.beside(choice.winner)),
        pareto_dimensions=dimensions,
        questions_needed=max(row.questions or 0 for row in still) if known else None,
        questions_more=max(row.questions_more or 0 for row in still) if known else None,
        questions_reason=next((row.questions_reason for row in still if row.questions_reason), None),
    )


def _why_excluded(checks: Sequence[Check]) -> str:
    """Which checks a system failed, and why it cannot be judged: a clause."""
    found = "; ".join(f"{check.because} ({check.title})" for check in checks)
    return f"{found}."


def _required(needs: Requirements) -> dict[str, float | str | bool]:
    """All that the decision goes by, without what was left at nothing."""
    values = {name: getattr(needs, name) for name in rows(type(needs))}
    return {name: value for name, value in values.items() if value is not None and value is not False}


def _candidate(
    case: Case, appraisal: Appraisal, probability_best: float | None, pareto: bool
) -> CandidateFigures:
    monthly, total, setting = appraisal.monthly_usd, appraisal.total_usd, case.setting
    economics = appraisal.candidate.economics
    people = economics.people_monthly_usd(setting.horizon_months, setting.refresh_days)
    return CandidateFigures(
        accuracy=appraisal.accuracy,
        accuracy_measured=appraisal.candidate.measured or 0.0,
        beats_trivial=appraisal.candidate.beats_trivial,
        monthly_usd=monthly,
        people_usd=None if monthly is None else people,
        cost_reason=appraisal.candidate.cost_reason if monthly is None else None,
        monthly_ci_usd=economics.monthly_ci_usd(
            setting.monthly_queries, setting.horizon_months, setting.refresh_days
        ),
        errors_usd=None if total is None or monthly is None else total - monthly,
        total_usd=total,
        feasible=appraisal.feasible,
        requirements=appraisal.outcomes,
        probability_best=probability_best,
        pareto=pareto,
    )


def _against(case: Case, choice: Choice) -> dict[str, Against]:
    """The favourite against every other candidate."""
    favourite = choice.favourite
    if favourite is None:
        return {}
    open_rivals = {open_rival.rival: open_rival for open_rival in choice.open}
    power = Power(case.rules.clusters)
    found = {}
    for rival in choice.appraisals:
        if rival is favourite:
            continue
        difference = case.rules.difference(favourite, rival)
        row = Against(
            difference.delta,
            *difference.interval,
            difference.resolved,
            difference.within(case.rules.margin),
            difference.reason,
            at_risk_usd=_at_risk(case, choice, rival, difference.low),
        )
        if open_rival := open_rivals.get(rival.name):
            need = _needed(case, power, favourite, open_rival, rival, difference)
            row = replace(
                row,
                open=open_rival.why,
                threshold=open_rival.threshold,
                questions=None
                if need.questions is None
                else len(favourite.candidate.scores) + need.questions,
                questions_more=need.questions,
                clusters_more=need.clusters,
                questions_reason=need.reason,
            )
        found[rival.name] = row
    return found


def _needed(
    case: Case, power: Power, favourite: Appraisal, rival: OpenRival, other: Appraisal, difference: Difference
) -> Need:
    """How many more questions would end it; none would where other trainings might change more than they leave open."""
    if (
        difference.delta is not None
        and difference.trainings**2 > ((difference.high - difference.low) / 2) ** 2 / 2
    ):
        return Need(None, reason=TRAININGS_DIFFER)
    if not rival.limits:
        return Need(None, reason="more questions do not tell what they cost")
    level = case.rules.pairs.level(favourite.name, other.name)
    return power.needed(favourite.candidate, other.candidate, rival.limits, level)


def _at_risk(case: Case, choice: Choice, rival: Appraisal, low: float) -> float | None:
    """By how much a month the rival would be cheaper in all, were the difference in accuracy `low`; None if not."""
    own = choice.favourite.monthly_usd if choice.favourite else None
    if choice.basis is not Basis.VALUE or not rival.feasible or own is None or rival.monthly_usd is None:
        return None
    stake = case.setting.monthly_queries * (case.setting.error_price_usd or 0.0)
    risk = own - rival.monthly_usd - stake * low
    return risk if risk > 0 else None


def _headroom(case: Case) -> Headroom:
    """What the control with gold passages says; nothing where the runs it needs are missing or not fair."""
    control = case.named("gold")
    right = case.systems[control].accuracy.mean if control else None
    if control is None or right is None or control in case.excluded:
        return Headroom()
    knowledge = _lead(case, control, case.named())
    if knowledge and knowledge.ci_low is not None:
        margin = 0.0 if case.setting.error_price_usd else case.rules.margin  # with a price every point counts
        knowledge = replace(knowledge, already=knowledge.ci_low <= 0 or knowledge.delta < margin)
    groups = case.systems[control].groups
    some = groups["answerable"] if {"answerable", "unanswerable"} <= groups.keys() else None
    return Headroom(
        retrieval=_lead(case, control, case.named("retrieved")),
        generator=1 - right,
        knowledge=knowledge,
        answerable=Lost(None if some.mean is None else 1 - some.mean, some.n) if some else None,
    )


def _lead(case: Case, control: str, other: str | None) -> Lead | None:
    """The control's lead over another system; None where that did not run, or not fairly."""
    if other is None or other in case.excluded:
        return None
    found = case.rules.pairs.of(control, other)
    return None if found.delta is None else Lead(found.delta, *found.interval)


def _looking_ahead(case: Case, choice: Choice, decision: Decision) -> Decision:
    """The decision with what would change it, by asking the same function at other settings."""

    def outcome(case: Case, setting: Setting) -> Outcome:
        """What `decide` would say there: where one candidate is left, nothing is to be chosen."""
        choice = case.choice_at(setting)
        found = standing(case, choice)
        return replace(outcome_of(choice), winner=found.favourite, status=found.status)

    def outcome_at(setting: Setting) -> Outcome:
        return outcome(case, setting)

    def outcome_under(needs: Requirements) -> Outcome:
        return outcome(case.under(needs), case.setting)

    needs = case.rules.needs
    latencies = [one.candidate.latency.at(needs.latency_percentile) for one in choice.appraisals]
    known = [value for value in latencies if value is not None]
    slowest = max(known) if known and len(known) == len(latencies) else None
    moved = (*changes(outcome_at, case.setting), *limit_changes(outcome_under, needs, slowest))
    low, high = pays(choice, case.setting)
    return replace(
        decision,
        would_change=tuple(map(change_words.with_words, moved)),
        error_price=price_bands(outcome_at, case.setting),
        pays_from_usd=low,
        pays_to_usd=high,
        map=decision_map(case.choice_at, case.setting),
    )
