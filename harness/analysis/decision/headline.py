"""The three sentences that a decision opens with: what to do, how sure that is, and what would change it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from harness.analysis.accuracy import answered_most
from harness.analysis.decision.candidates import taught_of
from harness.analysis.decision.case import Case
from harness.analysis.decision.caveats import Figure, Reasons, aged, in_points, joined, reason
from harness.analysis.decision.change_words import beyond, is_switch, tightens, write
from harness.analysis.decision.pairs import apart
from harness.analysis.decision.requirements.table import rows
from harness.analysis.decision.sensitivity import UNKNOWN_COST
from harness.analysis.results.checks import Check
from harness.analysis.results.decision import Decision
from harness.analysis.results.reason import Reason
from harness.analysis.results.requirements import Met
from harness.analysis.results.run import SystemFigures
from harness.analysis.results.turns import Change, Turn
from harness.analysis.results.verdict import Verdict
from harness.analysis.statistics.paired import AMONG_MANY, UNCONFIRMED
from harness.quantities import capitalised, counted, dollars, listed, percent, queries, share, whole

# What to do


def what_to_do(case: Case, decision: Decision) -> Reason:
    """What to take and on which condition, between what it is undecided, or why nothing can be chosen."""
    if decision.why_not:
        return reason(decision.why_not)
    if decision.status is Verdict.UNDECIDED:
        return _undecided(case, decision)
    left = [unjudged(name, case.excluded[name]) for name in decision.unjudged]
    if decision.status is Verdict.NONE_FEASIBLE:
        return _closed(joined(_nearest(decision, str(decision.nearest)), *left, by="; "))
    taken = _closed(joined(_take(case, decision), *left, by="; "))
    return joined(taken, *_volume(case, decision))


def _closed(words: Reason) -> Reason:
    return Reason(f"{words.text}.", words.figures)


def _nearest(decision: Decision, name: str) -> Reason:
    missed = [row for row in decision.candidates[name].requirements if row.status is Met.MISSED]
    clauses = listed(f"its {rows()[row.requirement].label} ({row.detail})" for row in missed)
    figures: dict[str, Figure] = {
        f"{row.requirement}: {key}": value for row in missed for key, value in row.figures.items()
    }
    return Reason(f"No strategy meets the requirements: nearest is {name}, which misses {clauses}", figures)


def _take(case: Case, decision: Decision) -> Reason:
    first = str(decision.favourite)
    among = ""
    if decision.status is Verdict.BEST_OF_JUDGED:
        among = f"of {listed(decision.candidates)}, "
    taken = joined(reason(f"{among}take {first}"), taught(case.systems[first], case.rules.margin), by="")
    if condition := decision.condition:
        price = reason(
            f", unless a wrong answer costs you more than {dollars(condition.error_price_usd)}: then {condition.then}",
            error_price_usd=condition.error_price_usd,
        )
        taken = joined(taken, price, taught(case.systems[condition.then], case.rules.margin), by="")
    return Reason(capitalised(taken.text), taken.figures)


def _volume(case: Case, decision: Decision) -> Reasons:
    """What a month of it costs, at which volume and how served, where costs took part."""
    if any(row.monthly_usd is None for row in decision.candidates.values() if row.feasible):
        return
    name, volume = str(decision.favourite), decision.setting.monthly_queries
    usd = decision.candidates[name].monthly_usd
    if not (decision.condition or decision.unjudged):
        name = "It"
    found = next(one for one in case.candidates_at(case.setting) if one.name == decision.favourite)
    served = found.economics.served(volume)
    how = (
        f" {served.text.partition(' (')[0]}" if served else ""
    )  # what that costs stands among what is assumed
    yield Reason(
        f"{name} costs {dollars(usd)} a month at {queries(volume)}{how}.",
        {"monthly_queries": volume, "monthly_usd": usd, **(served.figures if served else {})},
    )


def taught(system: SystemFigures, margin: float) -> Reason:
    """That a fine-tune answers the facts it was taught and not others, where that is shown; nothing elsewhere."""
    facts = taught_of(system)
    if not facts or not apart(facts.taught, facts.untaught).ahead(margin):
        return reason("")
    return reason(
        f" for facts of its training set only (right on {percent(facts.taught.mean)} of them, and on "
        f"{percent(facts.untaught.mean)} of {whole(facts.untaught.n)} others)",
        taught=facts.taught.mean,
        untaught=facts.untaught.mean,
        untaught_questions=facts.untaught.n,
    )


def unjudged(name: str, failed: Sequence[Check]) -> Reason:
    """That a system could not be judged, and why: a clause."""
    return reason(f"{name} could not be judged: {_because(failed)}")


def none_left(excluded: Mapping[str, Sequence[Check]]) -> str:
    """That nothing can be chosen, since no system could be judged: those with the same reason together."""
    by_reason: dict[str, list[str]] = {}
    for name, failed in excluded.items():
        by_reason.setdefault(_because(failed), []).append(name)
    clauses = (
        f"{listed(names)} could not be judged{', each because' if len(names) > 1 else ':'} {why}"
        for why, names in by_reason.items()
    )
    return f"Nothing can be chosen: {'; '.join(clauses)}."


def _because(failed: Sequence[Check]) -> str:
    return listed(dict.fromkeys(check.because for check in failed))


def _undecided(case: Case, decision: Decision) -> Reason:
    best = str(decision.favourite)
    if decision.unfit:
        return reason(f"Nothing is recommended: {decision.unfit}.")
    rivals = [name for name, row in decision.against.items() if row.open]
    if not rivals:
        unknown = [row for row in decision.candidates[best].requirements if row.status is Met.UNKNOWN]
        labels = [rows()[row.requirement].label for row in unknown]
        return reason(
            f"{best} is ahead, but cannot be recommended before this has been checked: {listed(labels)}."
        )
    told = {name: taught(case.systems[name], case.rules.margin) for name in (best, *rivals)}
    between = f"Undecided between {listed(f'{name}{words.text}' for name, words in told.items())}"
    figures = {
        f"{name}: {figure}": value for name, words in told.items() for figure, value in words.figures.items()
    }
    if decision.questions_more:
        figures["questions_more"] = decision.questions_more
        ends = f"about {whole(decision.questions_more)} more questions would decide"
    elif costless := [name for name in told if decision.candidates[name].monthly_usd is None]:
        cost = f"{listed(costless)} cost{'s' if len(costless) == 1 else ''}"
        ends = f"what {'they cost' if len(costless) == len(told) else cost} is not known"
    else:
        ends = decision.questions_reason or "the questions do not tell them apart"
    return Reason(f"{between}: {ends}.", figures)


# How sure


def how_sure(case: Case, decision: Decision) -> Reason:
    """The accuracy and its interval, the difference from the next best, and what else the verdict leans on."""
    name = decision.favourite or decision.nearest
    if decision.why_not or name is None:
        return reason("")
    parts = [_accuracy(case, name), *_next_best(case, decision), *_leans_on(case, decision)]
    return joined(*parts)


def _accuracy(case: Case, name: str) -> Reason:
    """On all questions that it answered, whatever the others did."""
    found = case.systems[name].accuracy
    mean = found.mean
    figures: dict[str, Figure] = {"accuracy": mean, "questions": found.n}
    interval = ""
    if found.interval:
        low, high = found.interval
        interval = f" (95 % interval {percent(low)} to {percent(high)})"
        figures |= {"ci_low": low, "ci_high": high, "confidence_percent": 95}
    what = f"has a mean {case.graded} of {percent(mean)}" if case.graded else f"is right on {percent(mean)}"
    of = "on" if case.graded else "of"
    return Reason(f"{name} {what} {of} {counted(found.n, 'question')}{interval}.", figures)


def _next_best(case: Case, decision: Decision) -> Reasons:
    """The favourite against the system that the condition names, or against the best of the others."""
    rival = decision.rival
    if rival is None:
        return
    row = decision.against[rival]
    assert row.delta is not None
    margin = case.rules.margin
    if row.alike:
        what, figures = f"alike within {share(margin)}", {"margin": margin}
    elif row.resolved:
        what, figures = "which is significant", {}
    else:
        why = f", as {row.reason}" if row.reason in (AMONG_MANY, UNCONFIRMED) else ""
        what, figures = f"which is inconclusive{why}", {}
    trained = (
        ", other trainings included" if case.rules.pairs.of(str(decision.favourite), rival).trainings else ""
    )
    since = aged(decision, rival)
    yield reason(
        f"Against {rival}{since.text and f' ({since.text})'}: {in_points(row)}{trained}, {what}.",
        delta=row.delta,
        delta_low=row.ci_low,
        delta_high=row.ci_high,
        **figures,
        **since.figures,
    )


def caveats(case: Case, decision: Decision) -> Reason:
    """What the verdict leans on besides its figures, which stand beside it: the end of how sure it is."""
    return joined(*(() if decision.why_not else _leans_on(case, decision)))


def _leans_on(case: Case, decision: Decision) -> Reasons:
    """A single training or the spread of several, what was left out, a volume that nobody named."""
    named = {decision.favourite, decision.condition.then if decision.condition else None}
    tuned = [name for name in case.systems if name in named and case.systems[name].system.adapted]
    if once := [name for name in tuned if case.systems[name].seeds is None]:
        yield reason(f"{listed(once)} trained with one seed: another may differ.")
    for name in tuned:
        seeds = case.systems[name].seeds
        if seeds and seeds.ci_low is not None:
            wide = f"{percent(seeds.ci_low)} to {percent(seeds.ci_high)}"
            yield Reason(
                f"Over further trainings too, the interval of {name} is {wide}.",
                {f"{name}: trainings_low": seeds.ci_low, f"{name}: trainings_high": seeds.ci_high},
            )
    if decision.excluded:
        yield reason(f"{listed(decision.excluded)} left out, having failed a check.")
    yield from _left_out(case)
    yield from _cites(case, decision.favourite)
    if decision.setting.monthly_queries_assumed:
        yield reason("The volume is assumed.")


def _left_out(case: Case) -> Reasons:
    """How candidates are compared, where not all of them answered the same questions."""
    scores = {one.name: one.scores for one in case.candidates_at(case.setting) if one.compared is not None}
    if most := answered_most(scores):
        n = len(scores[most])
        yield reason(
            f"Not every candidate answered every question: the choice, and dollars for wrong answers, credit each with "
            f"the accuracy of {most}, which answered {whole(n)}, and its difference from {most} on what both answered.",
            questions_answered=n,
        )


def _cites(case: Case, name: str | None) -> Reasons:
    """Where answers have to be able to name their source: how often they name it, or that nobody knows."""
    if not case.rules.needs.citations or name is None:
        return
    found = case.systems[name].citations
    if found is None or found.gold.mean is None:
        yield reason(f"Whether {name} names the right passages was not measured.")
    else:
        yield reason(
            f"{name} names a right passage, and no other, in {percent(found.gold.mean)} of its answers.",
            right_citations=found.gold.mean,
        )


# What would change it


def what_would_change(case: Case, decision: Decision) -> Reason:
    """The input whose value has to move least, as a ratio, before another system is ahead; or that none does.

    A price that no wrong answer is below changes nothing. Nothing is said where no setting makes anything fit to be
    recommended.
    """
    if decision.why_not or decision.unfit or not decision.would_change:
        return reason("")
    searched = [change for change in decision.would_change if change.searched_low is not None]
    if not searched:
        return reason(f"This {UNKNOWN_COST}.")
    least = case.rules.least_error_usd
    moved = [
        (change, turn, way)
        for change in searched
        for turn, way in _turns(decision, change)
        if change.input != "error_price_usd" or turn.value > least
    ]
    if not moved:
        tried = [change for change in searched if not is_switch(change.input)]
        if not tried:
            return reason(f"This {UNKNOWN_COST}.")
        labels = listed(change.label for change in tried if not any(_turns(decision, change)))
        return reason(f"No single input changes it. Tried, far up and down: {labels}.")
    change, turn, way = min(moved, key=lambda found: _distance(found[0], found[1]))
    now = "" if change.current is None else f" (now {write(change.input, change.current)})"
    return reason(
        f"{_where(change, turn, way, now)}: {turn.in_words}.",
        current=change.current,
        value=turn.value,
        error_price_usd=turn.error_price_usd,
    )


def _where(change: Change, turn: Turn, way: str, now: str) -> str:
    """`If the volume (now 10,000 queries a month) is 3,333 queries a month or less`."""
    value = write(change.input, turn.value)
    if is_switch(change.input):
        return f"With {change.label} {value}{now}"
    if tightens(change.input, way):
        return f"If {change.label}{now} is {'set ' if change.current is None else ''}{beyond(way)} {value}"
    return f"If {change.label}{now} is {value} or {'less' if way == 'down' else 'more'}"


def _turns(decision: Decision, change: Change) -> Iterator[tuple[Turn, str]]:
    """Where another system is ahead, either way; else where the status changes. The condition is said already."""
    if decision.condition and change.input == "error_price_usd":
        return
    pairs = ((change.down, change.verdict_down, "down"), (change.up, change.verdict_up, "up"))
    for winner, verdict, way in pairs:
        if turn := winner or verdict:
            yield turn, way


def _distance(change: Change, turn: Turn) -> float:
    """How far an input has to move, as the logarithm of a ratio; one that is not set comes last."""
    if not change.current or not turn.value:
        return math.inf
    return abs(math.log(turn.value / change.current))
