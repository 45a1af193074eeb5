"""What a fine-tune learned and forgot, as the evidence has it."""

from __future__ import annotations

from typing import Any

from harness.report.pictures.learning import MOST_STEPS, forgetting, loss_curves, seen_and_unseen
from harness.report.pictures.plot import Missing, Plot


def curve(steps: int) -> list[dict[str, Any]]:
    return [
        {"step": i, "train_loss": 1.0 / (i + 1), "dev_loss": 0.5 if i % 10 == 0 else None}
        for i in range(steps)
    ]


def record(**more: Any) -> dict[str, Any]:
    return {"task": "facts", "strategy": "lora", "loss_curve": curve(20), "seed": 0, **more}


def test_curve_of_the_tasks_own_adapters() -> None:
    results = {"adapters": [record(), record(task="other")]}
    (plot,) = loss_curves(results, "facts")
    assert isinstance(plot, Plot)
    assert plot.title == "Loss while training: lora"
    assert plot.told == "Train loss from 1.000 to 0.050; dev loss from 0.500 to 0.500."


def test_seeds_are_told_apart() -> None:
    titles = [plot.title for plot in loss_curves({"adapters": [record(), record(seed=1)]}, "facts")]
    assert titles == ["Loss while training: lora, seed 0", "Loss while training: lora, seed 1"]


def test_long_curves_are_thinned() -> None:
    (plot,) = loss_curves({"adapters": [record(loss_curve=curve(5_000))]}, "facts")
    assert isinstance(plot, Plot)
    train = [row for row in plot.spec["data"]["values"] if row["series"] == "train"]
    assert MOST_STEPS / 2 < len(train) <= MOST_STEPS


def test_no_adapter_or_no_curve_says_so() -> None:
    for adapters, why in (([], "no adapter"), ([record(loss_curve=[])], "no loss curve")):
        (plot,) = loss_curves({"adapters": adapters}, "facts")
        assert isinstance(plot, Missing)
        assert why in plot.reason


def test_forgetting_says_what_is_not_resolved() -> None:
    row = {
        "name": "lora@facts",
        "strategy": "lora",
        "trained_for": "facts",
        "base": 0.7,
        "adapter": 0.5,
        "delta": -0.2,
    }
    plot = forgetting(
        {
            "forgetting": [
                {**row, "verdict": "a better"},
                {**row, "trained_for": "x", "verdict": "cannot be resolved"},
            ]
        }
    )
    assert isinstance(plot, Plot)
    assert plot.told == (
        "trained for facts: from 70.0 % to 50.0 %, −20.0 points; "
        "trained for x: from 70.0 % to 50.0 %, −20.0 points, not resolved."
    )
    assert isinstance(forgetting({"forgetting": []}), Missing)


def test_seen_and_unseen_stand_apart() -> None:
    def mean(value: float, n: int) -> dict[str, Any]:
        return {"mean": value, "ci_low": 0.0, "ci_high": 1.0, "n": n}

    groups = {"fact_seen": mean(0.4, 7), "fact_unseen": mean(0.0, 3)}
    plot = seen_and_unseen({"strategies": {"lora": {"groups": groups}}})
    assert isinstance(plot, Plot)
    assert plot.told == "lora, in the training set: 40.0 %; lora, not in it: 0.0 %."
    assert "7 in the training set, 3 not in it" in plot.caption
    one = {"fact_seen": groups["fact_seen"]}
    assert isinstance(seen_and_unseen({"strategies": {"lora": {"groups": one}}}), Missing)
