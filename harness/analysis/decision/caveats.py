"""What else there is to say of a choice: what speaks against a system, and what the control shows."""

from __future__ import annotations

from collections.abc import Iterator

from harness.analysis.decision.case import Case
from harness.analysis.decision.requirements.table import rows
from harness.analysis.results.decision import Against, Decision, Lead, Reason
from harness.analysis.results.figures import Status
from harness.analysis.results.requirements import Met
from harness.quantities import listed, percent, points, signed, whole

Figure = float | str | None
Reasons = Iterator[Reason]


def reason(text: str, **figures: Figure) -> Reason:
    return Reason(text, figures)


def joined(*parts: Reason, by: str = " ") -> Reason:
    """Several sentences as one; their figures have different names."""
    figures = {name: value for part in parts for name, value in part.figures.items()}
    return Reason(by.join(part.text for part in parts), figures)


def ends(row: Against | Lead) -> str:
    """Both ends of an interval in brackets, nothing where the questions show none."""
    return "" if row.ci_low is None else f" ({signed(row.ci_low)} to {signed(row.ci_high)})"


def caveats(case: Case, decision: Decision) -> Reasons:
    """Requirements that are missed or may be, checks that warn, and which systems are left out."""
    for name, row in decision.candidates.items():
        yield from outcomes(decision, name, Met.MISSED)
        yield from outcomes(decision, name, Met.UNKNOWN)
        if row.feasible:
            yield from outcomes(decision, name, Met.MET)
    yield from _no_better_than_trivial(decision)
    yield from _warnings(case, decision)
    yield from _not_measured(case, decision)
    yield from _excluded(case, decision)


def outcomes(decision: Decision, name: str, status: Met) -> Reasons:
    """A candidate's outcomes of one status, a sentence each; of those that are met, the ones that may not be."""
    for outcome in decision.candidates[name].requirements:
        if outcome.status is status and (status is not Met.MET or outcome.unsure):
            met = "met, but not for certain: " if status is Met.MET else ""
            label = rows()[outcome.requirement].label
            yield Reason(f"{name}: {label}: {met}{outcome.detail}.", dict(outcome.figures))


def _no_better_than_trivial(decision: Decision) -> Reasons:
    """Which systems are kept from being recommended by a reply that needs no model."""
    names = [name for name, row in decision.candidates.items() if row.beats_trivial is False]
    if names and len(names) < len(decision.candidates):
        are = "are" if len(names) > 1 else "is"
        yield reason(
            f"{listed(names)} {are} not shown to do better than the best constant reply, which needs no model, and so "
            "cannot be recommended."
        )


def _warnings(case: Case, decision: Decision) -> Reasons:
    """Checks with a warning about the favourite or a rival, a sentence each."""
    if decision.favourite is None:
        return
    feasible = {name for name, row in decision.candidates.items() if row.feasible}
    for check in case.checks:
        names = [name for name in check.strategies if name in feasible]
        if check.status is Status.WARN and names:
            yield Reason(f"Warning for {listed(names)} ({check.title}): {check.clause}.", dict(check.figures))


def _not_measured(case: Case, decision: Decision) -> Reasons:
    """A fine-tune that leads while what it forgot was not measured."""
    best = decision.favourite
    if best is None or not case.systems[best].system.adapted:
        return
    for check in case.checks:
        if check.check == "forgetting" and check.status is Status.NOT_APPLICABLE:
            yield reason(f"What {best} forgot was {check.clause}.")


def _excluded(case: Case, decision: Decision) -> Reasons:
    """Which systems are left out by which failed check, a sentence a check."""
    for check in case.checks:
        names = [name for name in check.strategies if name in decision.excluded]
        if check.status is Status.FAIL and names:
            text = f"{listed(names)} left out ({check.title}): {check.clause}."
            yield Reason(text, dict(check.figures))


# What the control with gold passages says


def headroom(case: Case, decision: Decision) -> Reasons:
    """Better retrieval, a better generator, or knowledge that was there already; all on one model."""
    case = case.beside(decision.favourite)
    room, control = decision.headroom, case.named("gold")
    if room.retrieval and control:
        found = case.named("retrieved")
        best, now = (case.systems[name].accuracy.mean for name in (control, found or control))
        right = f"the mean {case.graded} is {percent(best)}" if case.graded else f"{percent(best)} are right"
        gain = (
            f"better retrieval could win {points(room.retrieval.delta)}"
            if room.retrieval.delta > 0
            else f"nothing shows that better retrieval would help ({points(room.retrieval.delta)})"
        )
        told = reason(
            f"With the right passages ({control}) {right}, with the retrieved ones ({found}) {percent(now)}: {gain}"
            f"{ends(room.retrieval)}.",
            control=best,
            retrieved=now,
            delta=room.retrieval.delta,
            ci_low=room.retrieval.ci_low,
            ci_high=room.retrieval.ci_high,
        )
        yield joined(told, *_over_favourite(case, decision, control))
    if room.generator is not None and room.generator >= case.rules.margin:
        yield joined(_generator(case, decision), *_cut(case, str(control)))
    lead = room.knowledge
    if lead and lead.already:
        known = "the knowledge was there already, or the generator cannot use them"
        unknown = (
            "it is not shown that they help. Too few questions may be why, or knowledge that was there already, or a "
            "generator that cannot use them"
        )
        yield reason(
            f"The right passages bring {points(lead.delta)}{ends(lead)} over the bare model: "
            f"{unknown if (lead.ci_low or 0) <= 0 else known}.",
            delta=lead.delta,
            ci_low=lead.ci_low,
            ci_high=lead.ci_high,
        )


def _over_favourite(case: Case, decision: Decision, control: str) -> Reasons:
    """What the right passages win over the favourite, where that retrieves nothing: the gain of a better retriever."""
    favourite = decision.favourite
    if favourite is None or favourite not in case.systems or case.systems[favourite].system.retrieved:
        return
    over = case.rules.pairs.of(control, favourite).delta
    if over is not None:
        yield reason(f"Over {favourite} the right passages win {points(over)}.", over_favourite=over)


def _generator(case: Case, decision: Decision) -> Reason:
    """What is lost with the right passages in the prompt, on questions that have such passages."""
    lost, on, figures = decision.headroom.generator, "", {}
    if some := decision.headroom.answerable:
        lost, on, figures = (
            some.lost,
            f" on the {whole(some.n)} questions with an answer",
            {"questions": some.n},
        )
    if not lost:
        return reason(f"With the right passages in the prompt every answer{on} is right.", **figures)
    if lost == 1:
        return reason(f"Even with the right passages in the prompt no answer{on} is right.", **figures)
    what, them = (f"of {case.graded} is still missing", "it") if case.graded else ("are still wrong", "them")
    return reason(
        f"With the right passages in the prompt, {percent(lost)} {what}{on}: the generator loses {them}, a matter for "
        "fine-tuning or a larger model.",
        lost=lost,
        **figures,
    )


def _cut(case: Case, control: str) -> Reasons:
    """Where the control's answers were cut often enough to warn: the limit does that, not the generator."""
    for check in case.checks:
        if check.check == "cut_answers" and check.status is Status.WARN and control in check.strategies:
            cut = check.figures[f"{control}: share"]
            yield reason(
                f"Of all answers of {control}, {percent(cut)} were cut by the token limit before they were right.",
                cut=cut,
            )


# What the control with the training text says


def method_or_data(case: Case, decision: Decision) -> Reasons:
    """Whether a fine-tune is the better method, or only saw more: against retrieval over the text that it learnt."""
    case = case.beside(decision.favourite)
    tuned, control = case.named(adapted=True), case.named("learnt")
    if tuned is None or control is None or {tuned, control} & case.excluded.keys():
        return
    found = case.rules.pairs.of(tuned, control)
    if found.delta is None:
        return
    lead = Lead(found.delta, *found.interval)
    over = f"retrieval over the text that it was trained on ({control})"
    if not found.resolved:
        text = f"Whether {tuned} is the better method or only saw more is not shown: over {over} it wins"
        text = f"{text} {points(lead.delta)}{ends(lead)}."
    elif lead.delta > 0:
        text = (
            f"Better method, not only more data: {tuned} wins {points(lead.delta)}{ends(lead)} over {over}."
        )
    else:
        text = (
            f"More data, not the better method: {over} is {points(-lead.delta)} ahead of {tuned}"
            f"{ends(Lead(-lead.delta, *found.turned().interval))}."
        )
    yield reason(text, delta=lead.delta, ci_low=lead.ci_low, ci_high=lead.ci_high)
