"""What effort brings: the score on dev over the time of the search, the accuracy over the training questions."""

from __future__ import annotations

from harness.analysis.results.tuning import LearningCurve, Tuning
from harness.quantities import counted, percent, seconds
from harness.report.effort import TUNE
from harness.report.pictures import chart
from harness.report.pictures.plot import Missing, Plot, Spec, TaskView
from harness.steps import Step

EFFORT = "Score on dev against effort"
CURVES = "Accuracy against training questions"
FEWER = Step("Ask with fewer examples as well", "--learning-curve")


def score_against_effort(view: TaskView) -> Plot | Missing:
    """Each setting that was tried at the seconds spent until then; a line for the best so far."""
    searches = view.figures.effort.tuning.items()
    tuning = {name: row for name, row in searches if row.trials and name in view.looks}
    if not tuning:
        return Missing(EFFORT, "no settings were tried on dev", TUNE)
    rows = [
        {"system": view.looks[name].label, **point}
        for name, search in tuning.items()
        for point in _points(search)
    ]
    look = chart.by_look("system", {view.looks[name].label: view.looks[name] for name in tuning})
    axes = chart.Axes(
        chart.number("seconds spent on the search, so far", tickCount=5),
        chart.number("score on dev", {"zero": False}, format=".0%", tickCount=5),
    )
    best = [row for row in rows if row["best"] is not None]
    layers = [
        axes.layer(
            chart.line(interpolate="step-after", strokeWidth=1.5),
            "spent",
            "best",
            rows=best,
            color=look["color"],
        ),
        axes.layer(chart.point(size=60), "spent", "score", **look),
    ]
    caption = (
        "A dot is a setting that was tried; the first of each strategy is its default. The line is the best so far: "
        "where it is flat, more effort brought nothing."
    )
    descriptions = (
        f"{name}: {counted(row.tried, 'setting')} in {seconds(row.seconds)}, "
        f"default {percent(row.trials[0].score)}, best {percent(_best(row))}"
        for name, row in tuning.items()
    )
    return chart.plot(EFFORT, caption, descriptions, layers, height=220, rows=rows)


def learning_curves(view: TaskView) -> Plot | Missing:
    """Each strategy that learns from examples, over how many it learnt from: measured, fitted, and beyond."""
    curves = {
        name: row for name, row in view.figures.effort.learning.items() if row.points and name in view.looks
    }
    if not curves:
        return Missing(CURVES, "no strategy was asked with fewer examples", FEWER)
    look = chart.by_look("system", {view.looks[name].label: view.looks[name] for name in curves})
    measured = [row for name, curve in curves.items() for row in _measured(view.looks[name].label, curve)]
    fitted = [row for name, curve in curves.items() for row in _fitted(view.looks[name].label, curve)]
    rivals = [
        {"rival": name, "accuracy": view.figures.strategies[name].accuracy.mean}
        for name in dict.fromkeys(row.reach.rival for row in curves.values() if row.reach)
    ]
    ends = [row["examples"] for row in (*measured, *fitted)]
    axes = chart.Axes(
        chart.log("training questions", _ticks(min(ends), max(ends)), domain=(min(ends), max(ends))),
        chart.share("accuracy"),
    )
    layers = [*_beyond(axes, fitted, look["color"]), *_rivals(axes, rivals), *_dots(axes, look)]
    caption = (
        "Points are measured, with 95 % intervals; the dashed line is fitted and goes on to ten times the questions "
        "there are, its band what the test questions leave open. Beyond the last point it is a guess."
        if fitted
        else "Points are measured, with 95 % intervals."
    )
    if rivals:
        caption += " The dotted line is the best strategy that learns from none."
    descriptions = (
        f"{name}: {percent(row.points[0].accuracy.mean)} of {row.points[0].examples} to "
        f"{percent(row.points[-1].accuracy.mean)} of {counted(row.points[-1].examples, 'question')}"
        for name, row in curves.items()
    )
    return chart.plot(CURVES, caption, descriptions, layers, height=240, rows=measured)


def _measured(system: str, curve: LearningCurve) -> list[Spec]:
    return [
        {"system": system, "examples": point.examples, **chart.interval(point.accuracy)}
        for point in curve.points
    ]


def _fitted(system: str, curve: LearningCurve) -> list[Spec]:
    return [
        {"system": system, "examples": point.examples, "fit": point.mean, "from": point.low, "to": point.high}
        for point in curve.fitted
    ]


def _beyond(axes: chart.Axes, fitted: list[Spec], colour: Spec) -> list[Spec]:
    """The fitted curve in its band."""
    band = chart.mark("area", fillOpacity=0.15)
    return [
        axes.layer(band, "examples", ("from", "to"), rows=fitted, color=colour),
        axes.layer(chart.line(strokeDash=[6, 3]), "examples", "fit", rows=fitted, color=colour),
    ]


def _rivals(axes: chart.Axes, rivals: list[Spec]) -> list[Spec]:
    """A dotted line under its name."""
    name = chart.text(align="left", dy=-7, color=chart.SOFT)
    return [
        axes.layer(chart.rule(strokeDash=[2, 2], color=chart.SOFT), None, "accuracy", rows=rivals),
        axes.layer(name, {"value": 4}, "accuracy", rows=rivals, text="rival"),
    ]


def _dots(axes: chart.Axes, look: Spec) -> list[Spec]:
    """What was measured, with its interval."""
    return [
        axes.layer(chart.rule(strokeWidth=2), "examples", ("low", "high"), color=look["color"]),
        axes.layer(chart.point(size=70), "examples", "mean", **look),
    ]


def _ticks(low: float, high: float) -> list[float]:
    """Twice as many each time, from the first size on."""
    ticks = [low]
    while ticks[-1] * 2 <= high:
        ticks.append(ticks[-1] * 2)
    return ticks if len(ticks) <= chart.MOST_TICKS else ticks[::2]


def _points(search: Tuning) -> list[dict[str, float | None]]:
    spent, best = 0.0, None
    points: list[dict[str, float | None]] = []
    for trial in search.trials:
        spent += trial.seconds
        if trial.score is None:
            continue
        if not trial.dropped:
            best = trial.score if best is None else max(best, trial.score)
        points.append({"spent": round(spent, 3), "score": round(trial.score, 4), "best": best})
    return points


def _best(search: Tuning) -> float | None:
    return max((trial.score for trial in search.trials if trial.score is not None), default=None)
