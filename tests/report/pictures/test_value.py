"""Accuracy against cost: both intervals, and who is unbeaten."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from harness.analysis.results.figures import Estimate
from harness.report.pictures.money import accuracy_against_cost
from harness.report.pictures.plot import Missing, Plot, TaskView

Costs = dict[str, tuple[float | None, tuple[float, float] | None]]


def priced(view: TaskView, costs: Costs) -> TaskView:
    """The systems named alone, each half right, at a cost with its interval."""
    half = Estimate(0.5, 0.4, 0.6, 50)
    strategies = {
        name: replace(
            view.figures.strategies[name],
            accuracy=half,
            cost=replace(view.figures.strategies[name].cost, per_query_usd=usd, per_query_ci_usd=ci),
        )
        for name, (usd, ci) in costs.items()
    }
    return replace(view, figures=replace(view.figures, strategies=strategies))


def rows(plot: Plot | Missing) -> dict[str, dict[str, Any]]:
    assert isinstance(plot, Plot)
    return {row["label"]: row for row in plot.spec["data"]["values"]}


def test_both_intervals_are_those_of_the_results(view: TaskView) -> None:
    found = rows(accuracy_against_cost(priced(view, {"rag": (0.01, (0.008, 0.012)), "base": (0.02, None)})))
    assert (found["rag"]["cost_low"], found["rag"]["cost_high"]) == (8.0, 12.0)
    assert (found["base"]["cost_low"], found["base"]["cost_high"]) == (20.0, 20.0)  # too few were timed
    assert (found["rag"]["low"], found["rag"]["high"]) == (0.4, 0.6)


def test_an_interval_from_nothing_on_still_fits_a_log_axis(view: TaskView) -> None:
    found = rows(accuracy_against_cost(priced(view, {"rag": (0.01, (0.0, 0.03)), "base": (0.02, None)})))
    assert 0 < found["rag"]["cost_low"] < 10


def test_the_unbeaten_are_the_decisions_own(view: TaskView) -> None:
    (one, *_) = view.figures.decision.candidates.values()
    candidates = {"rag": replace(one, pareto=True), "base": replace(one, pareto=False)}
    decision = replace(view.figures.decision, candidates=candidates)
    plot = accuracy_against_cost(replace(view, figures=replace(view.figures, decision=decision)))
    assert [label for label, row in rows(plot).items() if row["unbeaten"]] == ["rag"]


def test_without_two_costs_there_is_no_picture(view: TaskView) -> None:
    assert isinstance(
        accuracy_against_cost(priced(view, {"rag": (None, None), "base": (0.02, None)})), Missing
    )
