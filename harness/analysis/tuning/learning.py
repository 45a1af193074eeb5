"""Learning curves of a run: what each strategy that learns from examples would make of more of them."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from harness.analysis.accuracy import ScoredAnswers, estimate, per_question
from harness.analysis.evidence import Evidence
from harness.analysis.results.tuning import LearningCurve, LearningPoint
from harness.analysis.tuning.curve import FEWEST_SIZES, LIMIT, fit
from harness.analysis.tuning.effort import seconds_of
from harness.quantities import whole
from harness.run.tuning.fewer import learns, learnt_from, part_of
from harness.spec.system import System

Answered = Mapping[str, ScoredAnswers]
DRAWN = (1, 1.5, 2, 3, 5, 7, LIMIT)
"""At so many times the examples that there are the fitted curve is told, besides where it was measured."""


def curves(
    run: Evidence,
    task: str,
    metric: str | None,
    answered: Answered,
    clusters: Mapping[str, str],
    failed: Container[str],
) -> dict[str, LearningCurve]:
    """System → its curve, of those that were asked with fewer examples. `failed`: systems that no check passes."""
    train = run.manifest.tasks[task].train_questions
    if metric is None or not train:
        return {}
    systems = {name: one for name, one in run.systems(task).items() if not one.trained_elsewhere(task)}
    whole_scores = {name: per_question(answered[name], metric) for name in systems}
    rivals = {
        name: scores
        for name, scores in whole_scores.items()
        if scores and name not in failed and not (learns(systems[name]) or systems[name].control)
    }
    made = {}
    for name, system in systems.items():
        if run.learnt.get((task, system.id)):
            points, scores = _points(run, task, system, train, whole_scores[name], clusters)
            made[name] = _curve(points, scores, rivals, clusters)
    return made


Scores = Mapping[str, float]


def _points(
    run: Evidence, task: str, system: System, train: int, full: Scores, clusters: Mapping[str, str]
) -> tuple[tuple[LearningPoint, ...], dict[int, Scores]]:
    """The curve as measured, with the scores behind it by number of examples; the last is the system itself."""
    every_row = run.learnt[task, system.id]
    rows = [row for row in every_row if row.scores and row.examples and not row.unfinished]
    scores: dict[int, Scores] = {row.examples: row.scores for row in rows if row.examples}
    seconds = {row.examples: seconds_of([row]) for row in rows}
    names = {count: part_of(system, count).name for count in scores}
    if full:
        every = learnt_from(system, train)
        scores[every], names[every] = full, system.name
    points = tuple(
        LearningPoint(
            name=names[count],
            examples=count,
            accuracy=estimate(scores[count], clusters),
            seconds=seconds.get(count),
        )
        for count in sorted(scores)
    )
    return points, {count: scores[count] for count in sorted(scores)}


def _curve(
    points: tuple[LearningPoint, ...],
    scores: Mapping[int, Scores],
    rivals: Mapping[str, Scores],
    clusters: Mapping[str, str],
) -> LearningCurve:
    name = _rival(points, rivals)
    fitted = fit(scores, clusters, rivals[name] if name else None)
    if fitted is None:
        few = f"a curve takes {FEWEST_SIZES} sizes, and there are {len(points)}"
        return LearningCurve(points=points, reason=few)
    slopes = sorted(map(float, fitted.slopes[1:]))
    counts = sorted({*scores, *(round(times * fitted.examples) for times in DRAWN)})
    return LearningCurve(
        points=points,
        slope=float(fitted.slopes[0]),
        slope_low=slopes[round(0.025 * (len(slopes) - 1))],
        slope_high=slopes[round(0.975 * (len(slopes) - 1))],
        fitted=tuple(fitted.at(count) for count in counts),
        reach=fitted.reach(name) if name else None,
    )


def _rival(points: Sequence[LearningPoint], rivals: Mapping[str, Scores]) -> str | None:
    """The most accurate strategy that learns from no more labels; None where the curve's end is as accurate."""
    means = {name: sum(scores.values()) / len(scores) for name, scores in rivals.items()}
    best = max(means, key=lambda name: means[name], default=None)
    end = points[-1].accuracy.mean if points else None
    return best if best is not None and end is not None and means[best] > end else None


def in_words(name: str, curve: LearningCurve, usd_per_label: float | None) -> str:
    """What more labels would bring, a sentence: the number, its interval, and its price."""
    if not curve.points:
        return ""
    there = curve.points[-1].examples
    if curve.reason:
        return f"What more labels would bring {name} cannot be told: {curve.reason}."
    reach = curve.reach
    if reach is None:
        return f"{name} needs no more labels to be as accurate as the strategies that use none."
    if reach.more is None:
        sure = "" if reach.low is None else f", though {whole(reach.low)} more may be enough"
        up_to = f"up to {LIMIT} times the {whole(there)} there are"
        return f"No number of labels {up_to} would let {name} pass {reach.rival}{sure}."
    most = f"more than {whole((LIMIT - 1) * there)}" if reach.high is None else whole(reach.high)
    cost = ""
    if usd_per_label is not None:
        cost = f"; at ${usd_per_label:g} a label that is ${whole(usd_per_label * reach.more)}"
    labels = f"About {whole(reach.more)} ({whole(reach.low)}–{most}) more labels"
    return f"{labels} would let {name} pass {reach.rival}{cost}."
