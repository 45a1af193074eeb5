"""The ladder of accuracy: each step starts where the one before ended."""

from __future__ import annotations

from typing import Any

from harness.report.pictures.losses import waterfall, wrong
from harness.report.pictures.plot import Missing, Plot


def task(base: float, rag: float, oracle: float) -> dict[str, Any]:
    names, means = ("base", "rag", "oracle", "perfect"), (base, rag, oracle, 1.0)
    steps = [
        {"step": name, "mean": mean, "gain": None if name == "base" else 0.0}
        for name, mean in zip(names, means, strict=True)
    ]
    return {"waterfall": {"steps": steps, "bins": {"retrieval_missed": 3, "reader_failed": 1}, "n_wrong": 4}}


def test_steps_join_and_a_loss_is_called_one() -> None:
    plot = waterfall(task(0.2, 0.6, 0.5))
    assert isinstance(plot, Plot)
    rows = plot.spec["data"]["values"]
    assert [(row["start"], row["end"], row["kind"]) for row in rows] == [
        (0.0, 0.2, "reached"), (0.2, 0.6, "reached"), (0.6, 0.5, "lost"), (0.5, 1.0, "open"),
    ]  # fmt: skip
    assert [row["label"] for row in rows] == ["20.0 %", "+40.0 points", "−10.0 points", "+50.0 points"]


def test_wrong_answers_are_counted_by_reason() -> None:
    plot = wrong(task(0.2, 0.6, 0.5))
    assert isinstance(plot, Plot)
    assert plot.told == "retrieval missed: 3 (75.0 %); reader failed: 1 (25.0 %)."


def test_without_the_ladder_it_says_what_is_missing() -> None:
    bare = {
        "waterfall": {"steps": [{"step": "base", "mean": 0.1, "gain": None}], "bins": None, "n_wrong": None}
    }
    for plot in (waterfall(bare), wrong(bare)):
        assert isinstance(plot, Missing)
        assert "rag" in plot.reason
