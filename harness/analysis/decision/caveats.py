"""What else there is to say of a choice: what speaks against a system, and what the control shows."""

from __future__ import annotations

from collections.abc import Iterator

from harness.analysis.decision.case import Case
from harness.analysis.decision.requirements.table import rows
from harness.analysis.results.baselines import OverTrivial
from harness.analysis.results.checks import Status
from harness.analysis.results.decision import Against, Decision, Lead
from harness.analysis.results.reason import Reason
from harness.analysis.results.requirements import Met
from harness.quantities import listed, percent, points, signed_ends, whole

Figure = float | str | None
Reasons = Iterator[Reason]


def reason(text: str, **figures: Figure) -> Reason:
    return Reason(text, figures)


def joined(*parts: Reason, by: str = " ") -> Reason:
    """Several sentences as one; their figures have different names."""
    figures = {name: value for part in parts for name, value in part.figures.items()}
    return Reason(by.join(part.text for part in parts), figures)


def in_points(row: Against | Lead | OverTrivial) -> str:
    return points(row.delta, row.ci_low, row.ci_high)


def aged(decision: Decision, name: str) -> Reason:
    """That changes of knowledge have lowered an accuracy which is compared: a clause, nothing elsewhere."""
    row = decision.candidates[name]
    if row.accuracy >= row.accuracy_measured:
        return reason("")
    return Reason(
        f"{percent(row.accuracy_measured)} right as measured, less once facts change",
        {f"{name}: accuracy": row.accuracy_measured},
    )


def requirements(decision: Decision) -> Reasons:
    """One sentence per candidate: requirements that it misses, that cannot be checked, or that it may miss."""
    for name in decision.candidates:
        if name != decision.nearest:  # the headline says what that misses
            yield from outcomes(decision, name)


def outcomes(decision: Decision, name: str) -> Reasons:
    """`lora misses budget ($510.00 a month, required $100.00: missed by $410.00).`, and what else is not met."""
    row = decision.candidates[name]
    by_status = {
        status: [
            outcome
            for outcome in row.requirements
            if outcome.status is status and (status is not Met.MET or (outcome.unsure and row.feasible))
        ]
        for status in (Met.MISSED, Met.UNKNOWN, Met.MET)
    }
    figures: dict[str, Figure] = {
        f"{outcome.requirement}: {key}": value
        for told in by_status.values()
        for outcome in told
        for key, value in outcome.figures.items()
    }
    missed, unknown, unsure = (
        [(rows()[outcome.requirement].label, outcome.detail) for outcome in told]
        for told in by_status.values()
    )
    clauses = [
        f"misses {listed(f'{label} ({detail})' for label, detail in missed)}" if missed else "",
        *(f"{label} {detail}" for label, detail in unknown),
        *(f"meets {label}, but not for certain ({detail})" for label, detail in unsure),
    ]
    if any(clauses):
        yield Reason(
            f"{name}{':' if not missed and unknown else ''} {'; '.join(filter(None, clauses))}.", figures
        )


def over_trivial(case: Case, decision: Decision) -> Reasons:
    """How far the best is above a reply that needs no model, where that is not shown."""
    gap = case.systems[decision.favourite].over_trivial if decision.favourite else None
    if gap and not gap.beats and gap.delta is not None:
        yield reason(
            f"{decision.favourite} against the best constant reply, one text for every question: {in_points(gap)}.",
            over_trivial=gap.delta,
            over_trivial_low=gap.ci_low,
            over_trivial_high=gap.ci_high,
        )


def no_better_than_trivial(decision: Decision) -> Reasons:
    """Which systems are kept from being recommended by a reply that needs no model."""
    names = [name for name, row in decision.candidates.items() if row.beats_trivial is False]
    if names and len(names) < len(decision.candidates):
        are = "are" if len(names) > 1 else "is"
        yield reason(
            f"{listed(names)} {are} not shown to do better than the best constant reply, which needs no model, and so "
            "cannot be recommended."
        )


def warnings(case: Case, decision: Decision) -> Reasons:
    """Which checks warn of the favourite or a rival; what they found stands with the checks."""
    if decision.favourite is None:
        return
    feasible = {name for name, row in decision.candidates.items() if row.feasible}
    warned = {
        check.title: names
        for check in case.checks
        if check.status is Status.WARN and (names := [name for name in check.strategies if name in feasible])
    }
    if warned:
        told = listed((f"{title} ({listed(names)})" for title, names in warned.items()), apart="; ")
        yield reason(f"Checks warn: {told}.")


def not_measured(case: Case, decision: Decision) -> Reasons:
    """A fine-tune that leads while what it forgot was not measured."""
    best = decision.favourite
    if best is None or not case.systems[best].system.adapted:
        return
    if any(check.check == "forgetting" and check.status is Status.NOT_APPLICABLE for check in case.checks):
        yield reason(f"What {best} forgot was not measured: compare with --guard TASK.")


def excluded(case: Case, decision: Decision) -> Reasons:
    """Which systems are left out for which reason, unless the headline says it; one sentence per check."""
    said = () if decision.why_not else decision.unjudged
    for check in case.checks:
        names = [name for name in check.strategies if name in decision.excluded and name not in said]
        if check.status is Status.FAIL and names:
            each = ", each" if len(names) > 1 else ""
            yield reason(f"{listed(names)} left out{each} because {check.because}.")


# What the control with gold passages says

WEAK = 1 / 3
"""The share of answers lost with the right passages in the prompt from which on the generator is too weak."""


def too_weak(case: Case, decision: Decision) -> bool:
    """Whether the generator fails with the right passages, and not for want of room for its answers."""
    room = decision.headroom
    lost = room.answerable.lost if room.answerable else room.generator
    control = case.beside(decision.favourite).named("gold")
    cut = (check for check in case.checks if check.check == "cut_answers" and control in check.strategies)
    return (
        lost is not None
        and lost >= WEAK
        and not any(check.status in (Status.WARN, Status.FAIL) for check in cut)
    )


def headroom(case: Case, decision: Decision) -> Reasons:
    """Better retrieval, a better generator, or knowledge that was there already; all on one model."""
    case = case.beside(decision.favourite)
    room, control = decision.headroom, case.named("gold")
    weak = too_weak(case, decision)
    if weak:
        yield _generator(case, decision)
    if room.retrieval and control:
        found = case.named("retrieved")
        best, now = (case.systems[name].accuracy.mean for name in (control, found or control))
        right = f"the mean {case.graded} is {percent(best)}" if case.graded else f"{percent(best)} are right"
        gain = (
            "better retrieval could win"
            if room.retrieval.delta > 0
            else "nothing shows that better retrieval would help:"
        )
        both = "" if _same_count(case, control, found) else ", on the questions that both answered"
        told = reason(
            f"With the right passages ({control}) {right}, with the retrieved ones ({found}) {percent(now)}: {gain} "
            f"{in_points(room.retrieval)}{both}.",
            control=best,
            retrieved=now,
            delta=room.retrieval.delta,
            ci_low=room.retrieval.ci_low,
            ci_high=room.retrieval.ci_high,
        )
        yield joined(told, *_over_favourite(case, decision, control))
    if room.generator is not None and room.generator >= case.rules.margin and not weak:
        yield joined(_generator(case, decision), *_cut(case, str(control)))
    lead = room.knowledge
    if lead and lead.already:
        known = "the knowledge was there already, or the generator cannot use them"
        unknown = (
            "it is not shown that they help. Too few questions may be why, or knowledge that was there already, or a "
            "generator that cannot use them"
        )
        yield reason(
            f"The right passages bring {in_points(lead)} over the bare model: "
            f"{unknown if (lead.ci_low or 0) <= 0 else known}.",
            delta=lead.delta,
            ci_low=lead.ci_low,
            ci_high=lead.ci_high,
        )


def _same_count(case: Case, one: str, other: str | None) -> bool:
    return other is None or case.systems[one].accuracy.n == case.systems[other].accuracy.n


def _over_favourite(case: Case, decision: Decision, control: str) -> Reasons:
    """What the right passages win over the favourite, where that retrieves nothing: the gain of a better retriever."""
    favourite = decision.favourite
    if favourite is None or favourite not in case.systems or case.systems[favourite].system.retrieved:
        return
    over = case.rules.pairs.of(control, favourite).delta
    if over is not None:
        yield reason(f"{control} against {favourite}: {points(over)}.", over_favourite=over)


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
    if too_weak(case, decision):
        told = (
            f"The generator is too weak: with the right passages in the prompt, {percent(lost)} {what}{on}."
        )
        return reason(told, lost=lost, **figures)
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
        text += f" {in_points(lead)}."
    elif lead.delta > 0:
        text = f"Better method, not only more data: {tuned} wins {in_points(lead)} over {over}."
    else:
        text = (
            f"More data, not the better method: {over} is {points(-lead.delta)} ahead of {tuned}"
            f" ({signed_ends(*found.turned().interval)})."
        )
    yield reason(text, delta=lead.delta, ci_low=lead.ci_low, ci_high=lead.ci_high)
