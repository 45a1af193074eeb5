"""The ladder of accuracy: each step starts where the one before ended."""

from __future__ import annotations

from dataclasses import replace

from harness.analysis.results.figures import Waterfall, WaterfallStep
from harness.report.pictures.losses import waterfall, wrong
from harness.report.pictures.plot import Missing, Plot, TaskView


def ladder(view: TaskView, base: float, rag: float, oracle: float) -> TaskView:
    names, means = ("base", "rag", "oracle", "perfect"), (base, rag, oracle, 1.0)
    steps = tuple(
        WaterfallStep(name, mean, None if name == "base" else 0.0, None, 4)
        for name, mean in zip(names, means, strict=True)
    )
    bins = {"retrieval_missed": 3, "reader_failed": 1}
    return replace(view, figures=replace(view.figures, waterfall=Waterfall(steps, bins, 4)))


def test_steps_join_and_a_loss_is_called_one(view: TaskView) -> None:
    plot = waterfall(ladder(view, 0.2, 0.6, 0.5))
    assert isinstance(plot, Plot)
    rows = plot.spec["data"]["values"]
    assert [(row["start"], row["end"], row["kind"]) for row in rows] == [
        (0.0, 0.2, "reached"), (0.2, 0.6, "reached"), (0.6, 0.5, "lost"), (0.5, 1.0, "open"),
    ]  # fmt: skip
    assert [row["text"] for row in rows] == ["20.0 %", "+40.0 points", "−10.0 points", "+50.0 points"]


def test_wrong_answers_are_counted_by_reason(view: TaskView) -> None:
    plot = wrong(ladder(view, 0.2, 0.6, 0.5))
    assert isinstance(plot, Plot)
    rows = plot.spec["data"]["values"]
    assert [(row["n"], row["text"]) for row in rows] == [(3, "3 (75.0 %)"), (1, "1 (25.0 %)")]


def test_without_the_ladder_it_says_what_is_missing(view: TaskView) -> None:
    bare = Waterfall((WaterfallStep("base", 0.1, None, None, 4),), None, None)
    for picture in (waterfall, wrong):
        plot = picture(replace(view, figures=replace(view.figures, waterfall=bare)))
        assert isinstance(plot, Missing)
        assert "rag" in plot.reason
