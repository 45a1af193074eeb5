"""Accuracy against cost: both intervals, and who is unbeaten."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from harness.records import TimingRow
from harness.report.pictures.plot import Missing, Plot
from harness.report.pictures.value import accuracy_against_cost

SECONDS = (1.0, 2.0, 3.0, 4.0, 2.5, 1.5, 2.0, 3.5, 2.2, 2.3)


def block(mean: float, cost: float | None, *, control: bool = False) -> dict[str, Any]:
    return {
        "accuracy": {"mean": mean, "ci_low": mean - 0.1, "ci_high": mean + 0.1, "n": 50},
        "cost": {"per_query_usd": cost},
        "control": control,
    }


def task(**blocks: Any) -> dict[str, Any]:
    return {
        "strategies": blocks,
        "decision": {"candidates": {"rag": {"pareto": True}, "base": {"pareto": False}}},
    }


def rows(plot: Plot | Missing) -> dict[str, dict[str, Any]]:
    assert isinstance(plot, Plot)
    return {row["strategy"]: row for row in plot.spec["data"]["values"]}


def test_cost_interval_is_that_of_the_mean_time() -> None:
    """Student's interval of the mean from scipy, its relative half width taken on the log scale."""
    timed = {"rag": [TimingRow("t", "rag", "q", 0, 0, None, 0.1, s, 10, 5) for s in SECONDS]}
    found = rows(accuracy_against_cost(task(rag=block(0.5, 0.01), base=block(0.3, 0.02)), timed))
    low, high = stats.t.interval(0.95, len(SECONDS) - 1, loc=np.mean(SECONDS), scale=stats.sem(SECONDS))
    half = (high - low) / 2 / np.mean(SECONDS)
    assert found["rag"]["cost_high"] == pytest.approx(0.01 * math.exp(half))
    assert found["rag"]["cost_low"] == pytest.approx(0.01 * math.exp(-half))
    assert (found["base"]["cost_low"], found["base"]["cost_high"]) == (0.02, 0.02)  # too few were timed
    assert (found["rag"]["low"], found["rag"]["high"]) == (0.4, 0.6)


def test_pareto_set_is_the_decisions_own() -> None:
    plot = accuracy_against_cost(
        task(rag=block(0.5, 0.01), base=block(0.3, 0.02), oracle=block(0.9, 0.1, control=True)), {}
    )
    assert {name: row["pareto"] for name, row in rows(plot).items()} == {
        "rag": True,
        "base": False,
        "oracle": False,
    }
    assert isinstance(plot, Plot)
    assert "rag: 50.0 % right at $0.010 a query, unbeaten" in plot.told
    assert "oracle (control)" in plot.told


def test_without_two_costs_there_is_no_picture() -> None:
    plot = accuracy_against_cost(task(rag=block(0.5, None), base=block(0.3, 0.02)), {})
    assert isinstance(plot, Missing)
