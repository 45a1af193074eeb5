"""The drawn lines of cost are the ones that the results compute, and they cross where the break-even lies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.analysis.results import crossover
from harness.analysis.results.hosting import Hosting
from harness.analysis.results.turns import DecisionMap
from harness.analysis.results.verdict import Basis, Verdict
from harness.report.pictures.gallery import views
from harness.report.pictures.money import Line, crossing, decision_map, lines, monthly, short
from harness.report.pictures.plot import Missing, Plot, TaskView
from harness.spec.tariff import Tariff
from tests.analysis.decided import elected

A_DOLLAR = Hosting(tariff=Tariff.SHARED, machine="box", usd_per_hour=3600.0)
"""A dollar a second."""
KEPT = Hosting(tariff=Tariff.KEPT_UP, machine="box", usd_per_hour=1.0, hours=100.0)


def costing(view: TaskView, hosting: Hosting, **usd: tuple[float, float]) -> TaskView:
    """Systems that cost so much a month whatever the volume, and take so many seconds a query."""
    task = view.figures
    like, total = task.strategies["base"], task.cost_totals[0]
    rows = {
        name: replace(like, cost=replace(like.cost, hosting=hosting, seconds=seconds))
        for name, (_, seconds) in usd.items()
    }
    totals = tuple(
        replace(total, strategy=name, standing_usd=standing) for name, (standing, _) in usd.items()
    )
    return replace(view, figures=replace(task, strategies={**task.strategies, **rows}, cost_totals=totals))


def test_lines_are_the_totals_of_a_run(view: TaskView) -> None:
    drawn = {line.system: line for line in lines(view.figures)}
    known = [row for row in view.figures.cost_totals if row.monthly_usd is not None]
    assert known
    for row in known:
        assert drawn[row.strategy].at(row.monthly_queries) == pytest.approx(row.monthly_usd, rel=1e-9)


def test_crossings_are_the_break_evens_of_a_run(view: TaskView) -> None:
    task = view.figures
    drawn = {line.system: line for line in lines(task)}
    cycles = task.strategies["lora"].cost.assumptions.tuning_cycles
    rows = [row for row in task.decision.break_even if row.cycles == cycles and row.status != "unknown"]
    assert {row.status for row in rows} >= {"reached", "never"}
    for row in rows:
        met = crossing(drawn[row.a], drawn[row.b])
        assert (met is not None) == (row.status == "reached")
        if met:
            assert (met.dearer, met.queries) == (row.a, pytest.approx(row.monthly_queries))


def test_parallel_and_parting_lines_do_not_cross() -> None:
    def line(name: str, standing: float, seconds: float) -> Line:
        return Line(name, crossover.Line(A_DOLLAR, seconds, standing))

    assert crossing(line("a", 1.0, 0.5), line("b", 2.0, 0.5)) is None
    assert crossing(line("a", 1.0, 0.5), line("b", 2.0, 0.7)) is None
    met = crossing(line("a", 1.0, 0.7), line("b", 2.0, 0.5))
    assert met is not None
    assert (met.pair, met.queries, met.usd) == ("b = a", pytest.approx(5.0), pytest.approx(4.5))


def test_break_evens_are_told_in_words(view: TaskView) -> None:
    """$100 a month and $0.01, against $0.02 a query: equal at 10,000 queries, $200."""
    plot = monthly(costing(view, A_DOLLAR, lora=(100.0, 0.01), rag=(0.0, 0.02)))
    assert isinstance(plot, Plot)
    assert "lora = rag at 10,000" in plot.description
    assert "lora = rag at 10 k" in plot.caption


def test_machines_that_are_kept_up_are_stairs(view: TaskView) -> None:
    """$100 a machine of 360,000 seconds a month; rag needs the third where lora still needs one."""
    shown = costing(view, KEPT, lora=(150.0, 0.1), rag=(0.0, 10.0))
    _, rag = sorted(lines(shown.figures), key=lambda line: line.system)
    assert [rag.at(queries) for queries in (1, 36_000, 36_001)] == [100.0, 100.0, 200.0]
    plot = monthly(shown)
    assert isinstance(plot, Plot)
    assert "lora = rag at 72 k" in plot.caption
    assert "machines kept up" in plot.caption


def test_one_line_is_no_comparison(view: TaskView) -> None:
    assert isinstance(monthly(costing(view, KEPT, base=(1.0, 10.0))), Missing)


def test_the_map_has_a_field_for_each_setting(tmp_path: Path) -> None:
    run = read_run(elected(tmp_path, {"facts": ("knowledge", {"base": 0.05, "rag": 0.6, "lora": 0.32})}))
    view = views(derive(run), {})["facts"]
    grid = view.figures.decision.map
    plot = decision_map(view)
    assert isinstance(plot, Plot)
    assert grid is not None
    cells = plot.spec["data"]["values"]
    assert [cell["winner"] for cell in cells] == [winner or "none" for row in grid.winners for winner in row]


def mapped(view: TaskView, winner: str | None, price: float | None) -> TaskView:
    """A map with two fields, in one of which `base` is ahead, where anybody is."""
    status = Verdict.UNDECIDED if winner else Verdict.NONE_FEASIBLE
    winners, fields = (winner, winner and "base"), 2
    grid = DecisionMap(
        (100.0, 1e3),
        (None,),
        (winners,),
        ((status,) * fields,),
        ((True,) * fields,),
        ((price,) * fields,),
        ((None,) * 2,),
    )
    decision = replace(view.figures.decision, basis=Basis.ACCURACY, map=grid)
    looks = {**view.looks, **({winner: view.looks["rag"]} if winner else {})}
    return replace(view, figures=replace(view.figures, decision=decision), looks=looks)


@pytest.mark.parametrize(
    ("price", "text"),
    [(None, ""), (7.88e-7, "< $0.001"), (0.0123, "≥ $0.012"), (70.17, "≥ $70.2"), (9_190.0, "≥ $9.19 k")],
)
def test_a_field_of_the_map_names_its_price_in_few_characters(
    price: float | None, text: str, view: TaskView
) -> None:
    plot = decision_map(mapped(view, "few-shot+rag", price))
    assert isinstance(plot, Plot)
    cell, _ = plot.spec["data"]["values"]
    assert (cell["name"], cell["price"]) == (["few-shot", "+rag ?"], text)


def test_a_name_with_a_hyphen_breaks_where_it_is_long(view: TaskView) -> None:
    plot = decision_map(mapped(view, "few-shot", None))
    assert isinstance(plot, Plot)
    assert next(cell["name"] for cell in plot.spec["data"]["values"]) == ["few-", "shot ?"]


def test_a_map_of_one_colour_is_not_drawn(tmp_path: Path) -> None:
    run = read_run(elected(tmp_path, {"facts": ("knowledge", {"base": 0.1, "rag": 0.9})}))
    found = decision_map(views(derive(run), {})["facts"])
    assert found == Missing("Decision map", "rag is ahead at every volume and refresh interval")


def test_a_map_in_which_nobody_wins_is_not_drawn(view: TaskView) -> None:
    assert isinstance(decision_map(mapped(view, None, None)), Missing)


@pytest.mark.parametrize(
    ("queries", "text"), [(850, "850"), (10_000, "10 k"), (3.66e6, "3.66 M"), (2e9, "2 G")]
)
def test_volumes_in_few_characters(queries: float, text: str) -> None:
    assert short(queries) == text
