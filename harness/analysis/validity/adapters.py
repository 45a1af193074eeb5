"""Checks of fine-tunes: does the adapter act, was it trained, were its prompts the base's, what did it forget?"""

from __future__ import annotations

from dataclasses import dataclass

from harness.analysis.answers import Answers
from harness.analysis.results.checks import Check, FigureKind, Status
from harness.analysis.statistics.power import ALPHA
from harness.analysis.validity.check import Case, Finding, Rule
from harness.analysis.validity.paired import drop
from harness.quantities import counted, points
from harness.spec.system import System

LOGIT_SHIFT = 1e-3
"""Mean absolute change of a logit below which an adapter changes nothing: float32 noise is near 1e-5."""
ENOUGH_ANSWERS = 20
"""Where as many written answers all stayed the same, that is a failure and no coincidence."""
LARGE = -0.20
"""A loss that warns even where it may be error."""
NOT_ASKED = (
    "Not measured: no task for forgetting was asked before and after this task's fine-tune "
    "(compare --guard TASK)."
)
UNSCORED = "Not measured: no answer to a task for forgetting has a score that could be compared with base's."
NO_ADAPTER = "No strategy with a fine-tune answered this task."


@dataclass(frozen=True, slots=True)
class Effect:
    """What one adapter did to logits and answers, with its sentence and the figures in it."""

    finding: Finding
    text: str
    figures: dict[str, float]


def changes_logits(case: Case, rule: Rule) -> list[Check]:
    """Under the same prompts, an adapter that acts changes answers, and the likelihood of any choice."""
    effects = [
        effect
        for system in case.adapted
        for seed in case.seeds(system)
        if (effect := _effect(case, system, seed))
    ]
    if not effects:
        return rule.absent("No answers to the same prompts can be compared." if case.adapted else NO_ADAPTER)
    figures = {key: value for effect in effects for key, value in effect.figures.items()}
    text = " ".join(effect.text for effect in effects)
    return rule.verdict([effect.finding for effect in effects], text, figures)


def _effect(case: Case, system: System, seed: int) -> Effect | None:
    """None where neither the shift in training nor answers to the same prompts are known.

    The figure is the share of answers that it changed, or the shift of the logits where that decides.
    """
    who = case.named(system, seed)
    trained = case.adapters(system).get(seed)
    shift = trained.logit_shift if trained else None
    twin = case.twin(system)
    idle = shift is not None and shift < LOGIT_SHIFT
    pairs = _same_prompts(case, twin, system, seed) if twin and not idle else []
    if not twin or not pairs:
        if shift is None:
            return None
        status, nothing = (Status.FAIL, ", which is nothing") if idle else (Status.PASS, "")
        return Effect(
            Finding(system.name, shift, status, LOGIT_SHIFT, FigureKind.ABSOLUTE),
            f"{who} moved its logits by {shift:.2g} on average in training{nothing}.",
            {f"{who}: logit shift": shift},
        )
    before, after = case.own[twin], case.own[system]
    changed = sum(_reply(before.answers, one) != _reply(after.answers, other) for one, other in pairs)
    # Equal likelihoods are never a coincidence.
    scored = any(after.answers.choice_logprobs[other] for _, other in pairs)
    # A right answer gives an adapter nothing to change.
    values = before.by(case.metric)
    wrong = sum((values[one] or 0.0) < 1 for one, _ in pairs)
    unchanged = Status.FAIL if scored or wrong >= ENOUGH_ANSWERS else Status.WARN
    answers = counted(len(pairs), "answer")
    return Effect(
        Finding(system.name, changed / len(pairs), Status.PASS if changed else unchanged, 0.0),
        f"{who} changed {changed:,} of {answers} to prompts that {twin.name} read too.",
        {f"{who}: changed": float(changed), f"{who}: answers": float(len(pairs))},
    )


def _same_prompts(case: Case, base: System, adapted: System, seed: int) -> list[tuple[int, int]]:
    """The places of answers of both to the same prompt, under a seed."""
    before, after = case.own[base].answers, case.own[adapted].answers
    places = {name: place for place, name in enumerate(before.question_id)}
    both = [
        (places[name], place)
        for place, (name, of) in enumerate(zip(after.question_id, after.seed, strict=True))
        if of == seed and name in places
    ]
    return [(one, other) for one, other in both if before.prompt_sha256[one] == after.prompt_sha256[other]]


def _reply(answers: Answers, place: int) -> tuple[str, tuple[float, ...] | None]:
    return answers.prediction[place], answers.choice_logprobs[place]


def same_prompts(case: Case, rule: Rule) -> list[Check]:
    """What only the weights shall tell apart must read the same bytes."""
    figures: dict[str, float] = {}
    findings, parts = [], []
    for system in case.adapted:
        if (twin := case.twin(system)) is None:
            continue
        bare, answers = case.own[twin].answers, case.own[system].answers
        first = dict(zip(bare.question_id, bare.prompt_sha256, strict=True))
        read = zip(answers.question_id, answers.prompt_sha256, strict=True)
        both = [sha256 != first[name] for name, sha256 in read if name in first]
        if not both:
            continue
        other = sum(both)
        differ = "differs" if other == 1 else "differ"
        prompts = counted(len(both), "prompt")
        parts.append(f"{other:,} of {prompts} of {system.name} {differ} from those of {twin.name}")
        figures |= {f"{system.name}: differ": float(other), f"{system.name}: prompts": float(len(both))}
        findings += [rule.finding(side, other / len(both)) for side in (twin, system)]
    if not findings:
        return rule.absent("No two strategies differ in their weights alone.")
    return rule.verdict(findings, f"{', '.join(parts)}.", figures)


def forgetting(case: Case, rule: Rule) -> list[Check]:
    """What each of the task's adapters lost on other tasks' questions; one check per adapter and task.

    It never fails: an adapter serves its own task, and what it lost elsewhere says nothing about its answers there.
    """
    if not case.adapted:
        return rule.absent(NO_ADAPTER)
    others = [
        Case(case.run, task, case.scores)
        for task in dict.fromkeys(task for task, _ in case.scores)
        if task != case.task
    ]
    asked = [
        _forgotten(rule, other, system, guest)
        for system in case.adapted
        for other in others
        for guest in other.answers
        if (guest.model, guest.adapter) == (system.model, system.adapter)
    ]
    checks = [check for check in asked if check]
    return checks or rule.absent(UNSCORED if asked else NOT_ASKED)


def _forgotten(rule: Rule, other: Case, system: System, guest: System) -> Check | None:
    bare = next((own for own in other.own if own.bare and own.model == system.model), None)
    if bare is None:
        return None
    change = drop(other.own[bare], other.answers[guest], other.metric, other.clusters)
    if change is None:
        return None
    sure = change.p is not None and change.p < ALPHA
    # A large drop on few questions is no proof, but no reassurance either; a small one is error.
    warns = change.delta < (rule.limits.warn if sure else LARGE)
    note = "" if change.delta >= 0 or sure else ", within error"
    detail = (
        f"{system.name} against {bare.name} on {other.task}: {points(change.delta)}{note} "
        f"({change.lost} lost, {change.gained} gained of {change.n})."
    )
    status = Status.WARN if warns else Status.PASS
    return rule.check(status, detail, change.delta, rule.limits.warn, (system.name,), change.figures)
