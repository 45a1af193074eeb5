"""The summary: unrounded figures a program can read, with their types, and no formula a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas
import pyarrow.parquet
import pytest

from harness.analysis.results.run import RunResult
from harness.report import summary
from harness.report.page import assets
from tests.report.results import empty, results

SYSTEMS = [
    ("facts", "base"), ("facts", "lora"), ("facts", "rag"), ("general", "base"), ("general", "lora@facts"),
]  # fmt: skip


def rows(found: RunResult) -> list[dict[str, str]]:
    return list(csv.DictReader(summary.to_csv(found).splitlines()))


def test_a_line_for_each_task_and_system(tmp_path: Path) -> None:
    found = rows(results(tmp_path))
    assert [(row["task"], row["strategy"]) for row in found] == SYSTEMS
    rag = found[2]
    assert float(rag["per_query_usd"]) == pytest.approx(0.006)
    assert float(rag["recall_at_1"]) == 0.75
    assert rag["macro_f1"] == ""  # its answers are no labels
    assert rag["latency_p50_s"] == ""  # two timed questions claim no median
    assert found[0]["recall_at_1"] == ""
    assert float(found[1]["accuracy_fact_seen"]) == 1.0


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "  '=1"),
        ("\t=1", "\t'=1"),
        ("\r\n=1", "\r\n'=1"),
        ("a;=1", "a;'=1"),  # where the semicolon parts cells
        ('x",=1', "x\",'=1"),
        ("＝1", "'＝1"),
        ("few-shot+rag", "few-shot+rag"),
        ("lora@facts", "lora@facts"),
        ("a - b", "a - b"),
    ],
)
def test_no_formula_reaches_a_spreadsheet(tmp_path: Path, text: str, cell: str) -> None:
    written = summary.to_csv(results(tmp_path, run_id=text))
    assert {row["run_id"] for row in csv.DictReader(io.StringIO(written, newline=""))} == {cell}


def test_a_reply_of_line_ends_alone_takes_no_time(tmp_path: Path) -> None:
    """A model that loops writes thousands; the page looks for formulas in replies by the same pattern."""
    begun = time.monotonic()
    written = summary.to_csv(results(tmp_path, run_id="\n" * 30_000 + "x;=1"))
    assert "x;'=1" in written
    assert time.monotonic() - begun < 5
    assert f"/{summary._FORMULA.pattern}/g" in assets.own("page.js")


def test_a_negative_number_stays_a_number(tmp_path: Path) -> None:
    task = results(tmp_path).tasks["facts"]
    rag = task.strategies["rag"]
    cheaper = replace(rag, cost=replace(rag.cost, fixed_usd=-12.5))
    found = replace(results(tmp_path), tasks={"facts": replace(task, strategies={"rag": cheaper})})
    assert rows(found)[0]["fixed_usd"] == "-12.5"


def test_a_data_frame_has_the_figures_and_their_types(tmp_path: Path) -> None:
    found = results(tmp_path)
    frame = pandas.read_csv(io.StringIO(summary.to_csv(found)))
    kinds = {str: "OSU", int: "i", float: "f", bool: "b"}
    for column in summary.COLUMNS:
        values = frame[column.name].dropna()
        assert len(values) == 0 or values.dtype.kind in kinds[column.type] + "f" * (column.type is int), (
            column.name
        )
    table = frame.set_index(["task", "strategy"])
    for task, figures in found.tasks.items():
        for name, system in figures.strategies.items():
            row = table.loc[(task, name)]
            assert row["accuracy"] == pytest.approx(system.accuracy.mean, rel=1e-14)
            assert row["n"] == system.accuracy.n
            usd = system.cost.per_query_usd
            wanted = float("nan") if usd is None else usd
            assert row["per_query_usd"] == pytest.approx(wanted, rel=1e-14, nan_ok=True)


def test_run_without_tasks_has_its_header(tmp_path: Path) -> None:
    text = summary.to_csv(empty(tmp_path))
    assert text.count("\n") == 1
    assert text.startswith("run_id,task,strategy,")


def parquet(found: RunResult) -> Any:
    return pyarrow.parquet.read_table(io.BytesIO(summary.to_parquet(found)))


def test_parquet_has_the_same_rows_without_apostrophes(tmp_path: Path) -> None:
    found = results(tmp_path, run_id="=1+1")
    table = parquet(found).to_pylist()
    assert [(row["task"], row["strategy"]) for row in table] == SYSTEMS
    assert {row["run_id"] for row in table} == {"=1+1"}
    rag = table[2]
    assert (rag["n"], rag["accuracy"], rag["recall_at_1"], rag["latency_p50_s"]) == (4, 0.75, 0.75, None)
    assert rag["per_query_usd"] == found.tasks["facts"].strategies["rag"].cost.per_query_usd
    assert (rag["quick"], rag["incomplete"]) == (False, False)


def test_parquet_columns_keep_their_type_where_nothing_was_measured(tmp_path: Path) -> None:
    full, bare = parquet(results(tmp_path / "full")), parquet(empty(tmp_path / "bare"))
    assert [str(full.schema.field(name).type) for name in ("task", "n", "accuracy", "quick")] == [
        "string", "int64", "double", "bool",
    ]  # fmt: skip
    assert bare.num_rows == 0
    assert bare.schema.equals(full.schema)
