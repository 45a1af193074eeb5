"""What the search for settings found: score on dev against the effort spent so far."""

from __future__ import annotations

from harness.analysis.results.tuning import Tuning
from harness.quantities import counted, percent, seconds
from harness.report.pictures import chart
from harness.report.pictures.plot import Missing, Plot, TaskView

EFFORT = "Score on dev against effort"


def score_against_effort(view: TaskView) -> Plot | Missing:
    """Each setting that was tried at the seconds spent until then; a line for the best so far."""
    searches = view.figures.effort.tuning.items()
    tuning = {name: row for name, row in searches if row.trials and name in view.looks}
    if not tuning:
        return Missing(EFFORT, "no settings were tried on dev (`--tune N`)")
    rows = [
        {"system": view.looks[name].label, **point}
        for name, search in tuning.items()
        for point in _points(search)
    ]
    looks = {view.looks[name].label: view.looks[name] for name in tuning}
    axes = chart.Axes(
        chart.number("seconds spent on the search, so far", tickCount=5),
        chart.number("score on dev", {"zero": False}, format=".0%", tickCount=5),
    )
    colour = chart.by("system", {label: look.colour for label, look in looks.items()}, chart.legend([*looks]))
    shape = chart.by("system", {label: look.shape for label, look in looks.items()}, chart.legend([*looks]))
    best = [row for row in rows if row["best"] is not None]
    layers = [
        axes.layer(
            chart.line(interpolate="step-after", strokeWidth=1.5), "spent", "best", rows=best, color=colour
        ),
        axes.layer(chart.point(size=60), "spent", "score", color=colour, shape=shape),
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
