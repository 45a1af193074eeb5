"""Checks of fine-tunes: does the adapter act, was it trained, were its prompts the base's, what did it forget?"""

from __future__ import annotations

from harness.analysis.validity.check import (
    Case,
    Check,
    Finding,
    Limits,
    Status,
    absent,
    listed,
    verdict,
)
from harness.analysis.validity.paired import drop
from harness.quantities import counted, percent, points
from harness.records import AnswerRow
from harness.spec.strategy import Strategy

LOGIT_SHIFT = 1e-3
"""Mean absolute change of a logit below which an adapter changes nothing: float32 noise is near 1e-5."""
ENOUGH_ANSWERS = 20
"""From so many written answers on, not one of them changed is a failure and no coincidence."""
TRAIN_FIT = Limits(warn=0.5, fail=0.1)
"""Share of its own training answers that a fine-tune reproduces."""
FORGOTTEN = Limits(warn=-0.05, fail=-0.20)
"""Difference of the accuracy on a guard's questions, adapter − base.

Some forgetting is what fine-tuning costs, and an adapter serves its own task: it fails only where more than the
limit is shown to be lost, the whole interval lying beyond it.
"""
SURE = 0.05
"""p below which a drop is more than error."""
UNGUARDED = "Not measured: no guard was asked before and after this task's fine-tune (compare --guard TASK)."
UNSCORED = "Not measured: no answer to a guard has a score that could be compared with base's."
NO_ADAPTER = "No strategy with a fine-tune answered this task."


def changes_logits(case: Case) -> list[Check]:
    """Under the same prompts, an adapter that acts changes answers, and the likelihood of any choice."""
    name = "adapter_changes_logits"
    effects = [
        effect
        for strategy in case.adapted
        for seed in case.seeds(strategy)
        if (effect := _effect(case, strategy, seed))
    ]
    if not effects:
        reason = "No answers to the same prompts can be compared." if case.adapted else NO_ADAPTER
        return [absent(name, reason)]
    said = " ".join(sentence for _, sentence, _ in effects)
    figures = {key: value for _, _, some in effects for key, value in some.items()}
    return [verdict(name, [finding for finding, _, _ in effects], Limits(0.0, -1.0), said, figures)]


def _effect(case: Case, strategy: Strategy, seed: int) -> tuple[Finding, str, dict[str, float]] | None:
    """What one adapter did to the logits in training, and to answers, with the sentence's figures.

    None where neither is known.

    The figure is the share of answers that it changed, or the shift of the logits where that decides.
    """
    who = case.named(strategy, seed)
    record = case.adapters(strategy).get(seed, {})
    shift = record.get("logit_shift")
    if shift is not None and shift < LOGIT_SHIFT:
        said = f"{who} moved its logits by {shift:.2g} on average in training, which is nothing."
        return Finding(strategy.name, shift, Status.FAIL, LOGIT_SHIFT), said, {f"{who}: logit shift": shift}
    twin = case.twin(strategy)
    pairs = _same_prompts(case, twin, strategy, seed) if twin else []
    if not twin or not pairs:
        if shift is None:
            return None
        said = f"{who} moved its logits by {shift:.2g} on average in training."
        return Finding(strategy.name, shift, Status.PASS, LOGIT_SHIFT), said, {f"{who}: logit shift": shift}
    changed = sum(_differs(*pair) for pair in pairs)
    scored = any(row.choice_logprobs for _, row in pairs)  # equal likelihoods are never a coincidence
    silent = Status.FAIL if scored or len(pairs) >= ENOUGH_ANSWERS else Status.WARN
    said = (
        f"{who} changed {changed:,} of {counted(len(pairs), 'answer')} to prompts that {twin.name} read too."
    )
    figures = {f"{who}: changed": float(changed), f"{who}: answers": float(len(pairs))}
    return (
        Finding(strategy.name, changed / len(pairs), Status.PASS if changed else silent, 0.0),
        said,
        figures,
    )


def _same_prompts(
    case: Case, base: Strategy, adapted: Strategy, seed: int
) -> list[tuple[AnswerRow, AnswerRow]]:
    first = {one.row.question_id: one.row for one in case.own[base]}
    return [
        (before, one.row)
        for one in case.own[adapted]
        if one.row.seed == seed
        and (before := first.get(one.row.question_id))
        and before.prompt_sha256 == one.row.prompt_sha256
    ]


def _differs(before: AnswerRow, after: AnswerRow) -> bool:
    return (before.prediction, before.choice_logprobs) != (after.prediction, after.choice_logprobs)


def fits_training(case: Case) -> list[Check]:
    """A fine-tune that cannot give its own training answers was never trained."""
    name = "adapter_fits_training"
    if not case.metric:
        return [absent(name, "Whole texts are scored: there is no right answer that could be given again.")]
    figures: dict[str, float] = {}
    findings, parts = [], []
    for strategy in case.adapted:
        for seed, record in case.adapters(strategy).items():
            fit = record.get("train_fit")
            if fit is not None:
                findings.append(Finding(strategy.name, fit, *TRAIN_FIT.judge(fit)))
                parts.append(f"{case.named(strategy, seed)} {percent(fit)}")
                figures[f"{case.named(strategy, seed)}: reproduced"] = fit
    if not findings:
        return [absent(name, "No adapter was trained for this task.")]
    detail = f"Own training answers reproduced: {listed(parts)}."
    return [verdict(name, findings, TRAIN_FIT, detail, figures)]


def same_prompts(case: Case) -> list[Check]:
    """What only the weights shall tell apart must read the same bytes."""
    name = "same_prompts"
    limits = Limits(0.0, 0.0)
    figures: dict[str, float] = {}
    findings, parts = [], []
    for strategy in case.adapted:
        twin = case.twin(strategy)
        first = {one.row.question_id: one.row.prompt_sha256 for one in case.own[twin]} if twin else {}
        both = [one.row for one in case.own[strategy] if one.row.question_id in first]
        if not twin or not both:
            continue
        other = sum(row.prompt_sha256 != first[row.question_id] for row in both)
        differ = "differs" if other == 1 else "differ"
        prompts = counted(len(both), "prompt")
        parts.append(f"{other:,} of {prompts} of {strategy.name} {differ} from those of {twin.name}")
        figures |= {f"{strategy.name}: differ": float(other), f"{strategy.name}: prompts": float(len(both))}
        findings += [
            Finding(one.name, other / len(both), *limits.judge(other / len(both))) for one in (twin, strategy)
        ]
    if not findings:
        return [absent(name, "No two strategies differ in their weights alone.")]
    return [verdict(name, findings, limits, f"{listed(parts)}.", figures)]


def forgetting(case: Case) -> list[Check]:
    """What each of the task's adapters lost on the guards' questions; one check an adapter and guard."""
    name = "forgetting"
    if not case.adapted:
        return [absent(name, NO_ADAPTER)]
    asked = [
        _forgotten(name, Case(case.run, task, case.scores), strategy, guest)
        for strategy in case.adapted
        for task, guest in case.scores
        if guest == f"{strategy.name}@{case.task}"
    ]
    checks = [check for check in asked if check]
    return checks or [absent(name, UNSCORED if asked else UNGUARDED)]


def _forgotten(name: str, guard: Case, strategy: Strategy, guest: str) -> Check | None:
    base = guard.scores.get((guard.task, "base"), ())
    change = drop(base, guard.scores[guard.task, guest], guard.metric, guard.clusters)
    if change is None:
        return None
    sure = change.p is not None and change.p < SURE
    if change.high is not None and change.high < FORGOTTEN.fail:
        status, threshold = Status.FAIL, FORGOTTEN.fail
    else:
        # A large drop on few questions is no proof, but no reassurance either; a small one is error.
        warns = change.delta < (FORGOTTEN.warn if sure else FORGOTTEN.fail)
        status, threshold = (Status.WARN if warns else Status.PASS), FORGOTTEN.warn
    note = "" if change.delta >= 0 or sure else ", within error"
    detail = (
        f"{strategy.name} against base on {guard.task}: {points(change.delta)}{note} "
        f"({change.lost} lost, {change.gained} gained of {change.n})."
    )
    return Check(name, status, detail, change.delta, threshold, (strategy.name,), change.figures)
