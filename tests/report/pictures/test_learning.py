"""What a fine-tune learned and forgot, as the evidence has it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from harness.analysis.results.comparison import Comparison, Forgetting
from harness.analysis.results.figures import Estimate
from harness.analysis.results.run import AdapterResult
from harness.records import LossPoint
from harness.report.pictures.learning import MOST_STEPS, forgetting, loss_curves, seen_and_unseen
from harness.report.pictures.plot import Missing, Plot, TaskView


def trained(view: TaskView, *adapters: dict[str, Any], steps: int = 20) -> TaskView:
    curve = tuple(LossPoint(i, i / steps, 1.0 / (i + 1), 0.5 if i % 10 == 0 else None) for i in range(steps))
    made = [
        AdapterResult(**{"task": "facts", "strategy": "lora", "loss_curve": curve, **more})
        for more in adapters
    ]
    return replace(view, adapters=made)


def test_a_curve_from_its_first_to_its_last_loss(view: TaskView) -> None:
    (plot,) = loss_curves(trained(view, {}))
    assert isinstance(plot, Plot)
    assert plot.title == "Loss while training: lora"
    assert "1.000 to 0.050" in plot.description
    assert "0.500 to 0.500" in plot.description


def test_seeds_are_named_where_there_are_several(view: TaskView) -> None:
    plots = loss_curves(trained(view, {}, {"seed": 1}, {"strategy": "lora+rag"}))
    assert [plot.title.partition(": ")[2] for plot in plots] == ["lora, seed 0", "lora, seed 1", "lora+rag"]


def test_long_curves_are_thinned(view: TaskView) -> None:
    (plot,) = loss_curves(trained(view, {}, steps=5_000))
    assert isinstance(plot, Plot)
    train = [row for row in plot.spec["data"]["values"] if row["series"] == "train"]
    assert MOST_STEPS / 2 < len(train) <= MOST_STEPS


def test_no_adapter_or_no_curve_says_so(view: TaskView) -> None:
    for without, reason in ((trained(view), "no adapter"), (trained(view, {}, steps=0), "no loss curve")):
        (plot,) = loss_curves(without)
        assert isinstance(plot, Missing)
        assert reason in plot.reason


def test_forgetting_says_what_is_not_resolved(view: TaskView) -> None:
    comparison = Comparison(
        "base",
        "lora@facts",
        "contains",
        50,
        -0.2,
        -0.3,
        -0.1,
        0.01,
        0.1,
        10,
        9,
        1,
        50,
        None,
        None,
        None,
        "a better",
    )
    row = Forgetting("lora@facts", "lora", "facts", 0.7, 0.5, comparison)
    other = replace(row, trained_for="x", comparison=replace(comparison, verdict="inconclusive"))
    plot = forgetting(replace(view, figures=replace(view.figures, forgetting=(row, other))))
    assert isinstance(plot, Plot)
    assert [(row["label"], row["text"]) for row in plot.spec["data"]["values"]] == [
        ("trained for facts", "−20.0 points"),
        ("trained for x", "−20.0 points, inconclusive"),
    ]
    assert isinstance(forgetting(replace(view, figures=replace(view.figures, forgetting=()))), Missing)


def test_seen_and_unseen_stand_apart(view: TaskView) -> None:
    def grouped(**groups: Estimate) -> TaskView:
        lora = replace(view.figures.strategies["lora"], groups=groups)
        return replace(view, figures=replace(view.figures, strategies={"lora": lora}))

    seen, unseen = Estimate(0.4, 0.0, 1.0, 7), Estimate(0.0, 0.0, 1.0, 3)
    plot = seen_and_unseen(grouped(fact_seen=seen, fact_unseen=unseen))
    assert isinstance(plot, Plot)
    assert [row["mean"] for row in plot.spec["data"]["values"]] == [0.4, 0.0]
    assert "40.0 %" in plot.description
    assert "7 in" in plot.caption
    assert "3 not in" in plot.caption
    assert isinstance(seen_and_unseen(grouped(fact_seen=seen)), Missing)
