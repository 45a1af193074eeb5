"""Accuracy against cost: both intervals, and who is unbeaten."""

from __future__ import annotations

from typing import Any

from harness.report.pictures.plot import Missing, Plot
from harness.report.pictures.value import accuracy_against_cost


def block(
    mean: float, cost: float | None, *, control: bool = False, ci: tuple[float, float] | None = None
) -> dict[str, Any]:
    return {
        "accuracy": {"mean": mean, "ci_low": mean - 0.1, "ci_high": mean + 0.1, "n": 50},
        "cost": {"per_query_usd": cost, "per_query_ci_usd": ci},
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


def test_both_intervals_are_those_of_the_results() -> None:
    found = rows(accuracy_against_cost(task(rag=block(0.5, 0.01, ci=(0.008, 0.012)), base=block(0.3, 0.02))))
    assert (found["rag"]["cost_low"], found["rag"]["cost_high"]) == (0.008, 0.012)
    assert (found["base"]["cost_low"], found["base"]["cost_high"]) == (0.02, 0.02)  # too few were timed
    assert (found["rag"]["low"], found["rag"]["high"]) == (0.4, 0.6)


def test_an_interval_from_nothing_on_still_fits_a_log_axis() -> None:
    found = rows(accuracy_against_cost(task(rag=block(0.5, 0.01, ci=(0.0, 0.03)), base=block(0.3, 0.02))))
    assert 0 < found["rag"]["cost_low"] < 0.01


def test_pareto_set_is_the_decisions_own() -> None:
    plot = accuracy_against_cost(
        task(rag=block(0.5, 0.01), base=block(0.3, 0.02), oracle=block(0.9, 0.1, control=True))
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
    plot = accuracy_against_cost(task(rag=block(0.5, None), base=block(0.3, 0.02)))
    assert isinstance(plot, Missing)
