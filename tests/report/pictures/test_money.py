"""The drawn lines of cost are the ones that the results compute, and they cross where the break-even lies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.analysis.derive import derive
from harness.analysis.evidence import read_run
from harness.report.pictures.money import Line, crossing, decision_map, lines, monthly, short
from harness.report.pictures.plot import Missing, Plot
from tests.analysis.elected import elected
from tests.analysis.runs import write_run


def totals(**usd: tuple[float, float]) -> dict[str, Any]:
    """A task whose strategies cost so much a month at 1,000 and at 10,000 queries."""
    rows = [
        {"strategy": name, "monthly_queries": volume, "monthly_usd": value, "horizon_months": 12.0}
        for name, pair in usd.items()
        for volume, value in zip((1_000, 10_000), pair, strict=True)
    ]
    return {"cost_totals": rows, "decision": {"setting": None}}


def test_a_line_goes_through_the_totals() -> None:
    """$20 a month and $0.01 a query: $30 at 1,000 queries, $120 at 10,000."""
    (line,) = lines(totals(lora=(30.0, 120.0)))
    assert (line.strategy, line.fixed, line.per_query) == ("lora", pytest.approx(20.0), pytest.approx(0.01))
    assert line.at(100_000) == pytest.approx(1_020.0)


def test_lines_are_the_totals_of_a_run(tmp_path: Path) -> None:
    task = derive(read_run(write_run(tmp_path)))["tasks"]["facts"]
    drawn = {line.strategy: line for line in lines(task)}
    known = [row for row in task["cost_totals"] if row["monthly_usd"] is not None]
    assert known
    for row in known:
        assert drawn[row["strategy"]].at(row["monthly_queries"]) == pytest.approx(
            row["monthly_usd"], rel=1e-9
        )


def test_crossings_are_the_break_evens_of_a_run(tmp_path: Path) -> None:
    """Without refreshes N* queries over the horizon are N* / months a month (METHOD.md, section 5)."""
    task = derive(read_run(write_run(tmp_path)))["tasks"]["facts"]
    drawn = {line.strategy: line for line in lines(task)}
    months = task["cost_totals"][0]["horizon_months"]
    cycles = task["strategies"]["lora"]["cost"]["assumptions"]["tuning_cycles"]
    rows = [row for row in task["break_even"] if row["cycles"] == cycles and row["status"] != "unknown"]
    assert {row["status"] for row in rows} >= {"reached", "never"}
    for row in rows:
        met = crossing(drawn[row["a"]], drawn[row["b"]])
        assert met == (pytest.approx(row["queries"] / months) if row["status"] == "reached" else None)


def test_parallel_and_parting_lines_do_not_cross() -> None:
    assert crossing(Line("a", 1.0, 0.5), Line("b", 2.0, 0.5)) is None
    assert crossing(Line("a", 1.0, 0.5), Line("b", 2.0, 0.7)) is None
    assert crossing(Line("a", 1.0, 0.7), Line("b", 2.0, 0.5)) == pytest.approx(5.0)


def test_break_evens_are_told_in_words() -> None:
    """$100 a month and $0.01, against $0.02 a query: equal at 10,000 queries, $200."""
    plot = monthly(totals(lora=(110.0, 200.0), rag=(20.0, 200.0)))
    assert isinstance(plot, Plot)
    assert "lora = rag at 10,000 queries a month" in plot.told
    assert "lora = rag at 10 k" in plot.caption


def test_one_line_is_no_comparison() -> None:
    assert isinstance(monthly(totals(base=(1.0, 10.0))), Missing)


def test_the_map_has_a_field_for_each_setting(tmp_path: Path) -> None:
    folder = elected(tmp_path, {"facts": ("knowledge", {"base": 0.1, "rag": 0.9, "lora": 0.3})})
    task = derive(read_run(folder))["tasks"]["facts"]
    grid = task["decision"]["map"]
    plot = decision_map(task)
    assert isinstance(plot, Plot)
    cells = plot.spec["data"]["values"]
    assert [cell["winner"] for cell in cells] == [w or "none" for row in grid["winners"] for w in row]


def grid(winner: str | None, price: float | None) -> dict[str, Any]:
    one = {
        "winners": [[winner]],
        "statuses": [["undecided" if winner else "none_feasible"]],
        "pays_from_usd": [[price]],
    }
    return {
        "decision": {"basis": "accuracy", "map": {"monthly_queries": [100], "refresh_days": [None], **one}}
    }


@pytest.mark.parametrize(
    ("price", "text"),
    [(None, ""), (7.88e-7, "< $0.001"), (0.0123, "≥ $0.012"), (70.17, "≥ $70.2"), (9_190.0, "≥ $9.19 k")],
)
def test_a_field_of_the_map_names_its_price_in_few_characters(price: float | None, text: str) -> None:
    plot = decision_map(grid("few-shot+rag", price))
    assert isinstance(plot, Plot)
    (cell,) = plot.spec["data"]["values"]
    assert (cell["name"], cell["price"]) == (["few-shot", "+rag ?"], text)


def test_a_name_with_a_hyphen_breaks_where_it_is_long() -> None:
    plot = decision_map(grid("few-shot", None))
    assert isinstance(plot, Plot)
    assert [cell["name"] for cell in plot.spec["data"]["values"]] == [["few-", "shot ?"]]


def test_a_map_in_which_nobody_wins_is_not_drawn() -> None:
    assert isinstance(decision_map(grid(None, None)), Missing)


@pytest.mark.parametrize(
    ("queries", "text"), [(850, "850"), (10_000, "10 k"), (3.66e6, "3.66 M"), (2e9, "2 G")]
)
def test_volumes_in_few_characters(queries: float, text: str) -> None:
    assert short(queries) == text
