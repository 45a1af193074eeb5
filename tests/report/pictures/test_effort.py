"""Pictures of effort: what the search found, and what more examples bring."""

from __future__ import annotations

from dataclasses import replace

from harness.analysis.results.figures import Estimate
from harness.analysis.results.tuning import (
    Effort,
    FittedPoint,
    LearningCurve,
    LearningPoint,
    Reach,
    Trial,
    Tuning,
)
from harness.report.pictures.effort import learning_curves, score_against_effort
from harness.report.pictures.plot import Missing, Plot, TaskView, draw


def trial(score: float | None, *, dropped: bool = False) -> Trial:
    return Trial(
        settings={}, label="", score=score, n=64, seconds=50.0, train_s=0.0, prompt_tokens=1, completion_tokens=1,
        dropped=dropped,
    )  # fmt: skip


def with_effort(view: TaskView, effort: Effort) -> TaskView:
    return replace(view, figures=replace(view.figures, effort=effort))


def test_the_best_so_far_leaves_out_what_was_dropped(view: TaskView) -> None:
    trials = (trial(0.4), trial(0.9, dropped=True), trial(None), trial(0.6))
    search = Tuning(
        why="better", said="", p=0.01, questions=64, from_train=False, trials=trials, seconds=200.0, usd=None
    )
    plot = score_against_effort(with_effort(view, Effort(budget=4, tuning={"rag": search})))
    assert isinstance(plot, Plot)
    points = [(row["spent"], row["score"], row["best"]) for row in plot.spec["data"]["values"]]
    assert points == [(50.0, 0.4, 0.4), (100.0, 0.9, 0.4), (200.0, 0.6, 0.6)]
    assert plot.description == "rag: 4 settings in 200 s, default 40.0 %, best 90.0 %."
    draw(plot)


def test_a_curve_is_drawn_with_its_fit_and_its_rival(view: TaskView) -> None:
    points = tuple(
        LearningPoint(name=f"lora[n={n}]", examples=n, accuracy=Estimate(n / 400, 0.1, 0.9, 100))
        for n in (25, 50, 100)
    )
    fitted = tuple(FittedPoint(examples=n, mean=0.5, low=0.4, high=0.6) for n in (25, 100, 1000))
    reach = Reach(rival="rag", more=300, low=100, high=None)
    curve = LearningCurve(points=points, slope=0.3, fitted=fitted, reach=reach)
    plot = learning_curves(with_effort(view, Effort(learning={"lora": curve})))
    assert isinstance(plot, Plot)
    assert plot.description == "lora: 6.2 % of 25 to 25.0 % of 100 questions."
    assert "rag" in draw(plot)


def test_without_either_the_reason_is_said(view: TaskView) -> None:
    for picture in (score_against_effort(view), learning_curves(view)):
        assert isinstance(picture, Missing)
        assert picture.reason[0].islower()
