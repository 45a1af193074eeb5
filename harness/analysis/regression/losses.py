"""The accuracy tier: is the run worse than the baseline by more than the margin, on these questions?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.analysis.accuracy import differences, per_question
from harness.analysis.regression.findings import (
    AccuracyFigures,
    Flip,
    Outcome,
    Ruling,
    not_applicable,
    outcome_of,
)
from harness.analysis.regression.pairing import Rerun
from harness.analysis.regression.replies import nearness, same_likelihoods
from harness.analysis.statistics import paired
from harness.analysis.statistics.clusters import design_of
from harness.analysis.statistics.intervals import mean
from harness.analysis.statistics.power import noise, questions, rounded_up
from harness.quantities import percent, points, share, whole


def accuracy(rerun: Rerun) -> Ruling:
    """Paired on the same questions: fail where the whole interval of the loss lies beyond the margin.

    Pass where it lies below it, where every reply is the same, so that there is nothing to infer, and where nothing was
    right before.
    """
    metric, margin = rerun.metric, rerun.margins.accuracy
    old, new = (rerun.scored(side) for side in rerun.sides)
    lost = differences(old, new, metric)
    if not lost:
        return not_applicable("no question was answered in both runs")
    judged = compared(lost, rerun.after.run.clusters(rerun.task))
    before, after = (mean(list(per_question(side, metric).values())) for side in (old, new))
    figures = AccuracyFigures(
        metric, judged.n, before, after, judged.delta, judged.ci_low, judged.ci_high,
        lost=judged.a_higher, won=judged.b_higher,
    )  # fmt: skip
    moved = f"{metric} {percent(before)} → {percent(after)}"
    if not before:
        return Ruling(
            Outcome.PASS, f"{moved}: nothing was right before, so nothing can be lost", figures, margin
        )
    if not any(lost.values()) and _same_replies(rerun):
        return Ruling(Outcome.PASS, f"{moved}: every reply is the same", figures, margin)
    flips = flipped(rerun)
    if judged.ci_low is None or judged.ci_high is None:
        return Ruling(Outcome.INCONCLUSIVE, f"{moved}: {judged.reason}", figures, margin, flips)
    moved += (
        f", {points(judged.delta, judged.ci_low, judged.ci_high)} on {judged.n}, "
        f"{judged.a_higher} lost, {judged.b_higher} won; margin {share(margin)}"
    )
    held = outcome_of(-judged.ci_high, -judged.ci_low, margin)  # a loss is below 0
    if held is Outcome.INCONCLUSIVE:
        moved += _would_tell(rerun, lost)
    return Ruling(held, moved, figures, margin, flips)


MOST_ASKED = 20_000
"""Questions beyond which nobody is told to ask more."""


def _would_tell(rerun: Rerun, lost: Mapping[str, float]) -> str:
    """`; about 480 questions like these would tell`, where so many can be asked."""
    clusters, margin = rerun.after.run.clusters(rerun.task), rerun.margins.accuracy
    values = np.array(list(lost.values()))
    sample = noise(values, design_of(clusters, lost), about=-margin)
    n = questions(sample, float(values.mean()) + margin) if sample else None
    if n is None or n > MOST_ASKED:
        return "; the loss is too near the margin for any number of questions to tell"
    return f"; about {whole(rounded_up(n))} questions like these would tell"


def compared(moved: Mapping[str, float], clusters: Mapping[str, str]) -> paired.Difference:
    """Question id → by how much its score moved, judged with the questions of one cluster together."""
    return paired.compare([*moved.values()], design_of(clusters, moved))


def flipped(rerun: Rerun) -> tuple[Flip, ...]:
    """The questions whose score changed, those that lost most first, with replies of the first seed that differ."""
    metric = rerun.metric
    old, new = (per_question(rerun.scored(side), metric) for side in rerun.sides)
    replies: dict[str, tuple[str, str]] = {}
    for before, after in reversed(rerun.answers):
        if before.prediction != after.prediction or after.question_id not in replies:
            replies[after.question_id] = (before.prediction, after.prediction)
    asked = rerun.after.run.questions[rerun.task]
    flips = [
        Flip(
            name, asked[name].question.question, asked[name].question.answers, *replies.get(name, ("", "")),
            old[name], new[name],
        )
        for name in rerun.questions
        if name in old and name in new and old[name] != new[name]
    ]  # fmt: skip
    return tuple(sorted(flips, key=lambda flip: flip.score_after - flip.score_before))


def _same_replies(rerun: Rerun) -> bool:
    """Whether all answers are the same under the same seeds, so that no other questions need be thought of.

    Likelihoods in other last bits are the same, as they are to the rule `answers`.
    """
    near = nearness(rerun)
    counts = {len(rerun.scored(side)) for side in rerun.sides}
    return counts == {len(rerun.answers)} and all(
        old.prediction == new.prediction and same_likelihoods(old, new, near) for old, new in rerun.answers
    )
