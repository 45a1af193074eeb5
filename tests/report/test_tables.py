"""The tables of what was measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.analysis.waterfall import BINS
from harness.report import tables
from tests.analysis.races import N, healthy
from tests.analysis.runs import answers, write_run
from tests.report.results import facts, results, results_of


def test_the_waterfall_step_by_step_and_why_answers_were_wrong(tmp_path: Path) -> None:
    task = results_of(write_run(tmp_path, **healthy())).tasks["facts"]
    steps, bins = tables.steps(task), tables.bins(task)
    assert steps is not None
    assert [row[0].partition(":")[0] for row in steps.rows] == ["base", "rag", "oracle", "all right"]
    assert [row[1:] for row in steps.rows] == [
        ("8.3 %", "n/a", str(N)),
        ("58.3 %", "+50.0 points over base", str(N)),
        ("83.3 %", "+25.0 points over rag", str(N)),
        ("100.0 %", "+16.7 points over oracle", str(N)),
    ]
    assert bins is not None
    assert bins.headers[0] == "Why rag was wrong"
    assert [row[1:] for row in bins.rows] == [
        ("4", "40.0 %"), ("0", "0.0 %"), ("6", "60.0 %"), ("0", "0.0 %"), ("0", "0.0 %"),
    ]  # fmt: skip
    assert tuple(tables.BINS) == BINS


def test_a_task_without_retrieval_has_no_waterfall(tmp_path: Path) -> None:
    general = results(tmp_path).tasks["general"]
    assert (tables.steps(general), tables.bins(general)) == (None, None)


def test_seeds_have_a_table_only_where_there_are_several(tmp_path: Path) -> None:
    assert tables.seeds(facts(tmp_path / "one")).rows == ()
    again = [{**r, "seed": 1, "prediction": "Paris 42"} for r in answers() if r["strategy"] == "lora"]
    table = tables.seeds(facts(tmp_path / "two", rows={"answers": answers() + again}))
    (row,) = table.rows
    assert row[:4] == ("lora", "seed 0: 50.0 %, seed 1: 50.0 %", "4", "0.0 points")
    assert len(row) == len(table.headers)


def test_what_few_questions_cannot_claim_says_how_few(tmp_path: Path) -> None:
    table = tables.speed(facts(tmp_path))
    rows = {row[0]: row[1:] for row in table.rows}
    assert list(rows) == ["base", "lora", "lora, unmerged", "rag"]
    assert rows["rag"][:2] == ("2", "n/a (n=2 < 10)")
    assert rows["rag"][6] == "n/a (n=2 < 10)"
    assert rows["base"][6] == "no retrieval"
    assert rows["rag"][7] == "2.00 (n=1)"


def test_lm_evals_figures_of_all_answers_stand_beside_the_metrics(tmp_path: Path) -> None:
    task = facts(tmp_path)
    base = replace(task.strategies["base"], aggregates={"perplexity": 12.345})
    table = tables.metrics(replace(task, strategies={**task.strategies, "base": base}))
    assert table is not None
    assert [row[-1] for row in table.rows] == ["12.3", "n/a", "n/a"]
    assert table.headers[-1].startswith("perplexity ")


def test_partly_answered_says_of_how_many(tmp_path: Path) -> None:
    table = tables.answers(facts(tmp_path, rows={"answers": answers()[1:]}))
    assert [row[1] for row in table.rows] == ["3 of 4", "4", "4"]
