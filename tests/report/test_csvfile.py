"""summary.csv: unrounded figures a program can read, and no formula a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pandas
import pytest

from harness.analysis.derive import derive
from harness.analysis.evidence import read_run
from harness.report import csvfile, summary
from tests.analysis.runs import manifest, write_run


@pytest.fixture
def results(tmp_path: Path) -> dict[str, Any]:
    return derive(read_run(write_run(tmp_path)))


def rows(results: dict[str, Any]) -> list[dict[str, str]]:
    return list(csv.DictReader(csvfile.render(results).splitlines()))


def test_a_line_for_each_task_and_strategy(results: dict[str, Any]) -> None:
    found = rows(results)
    assert [(row["task"], row["strategy"]) for row in found] == [
        ("facts", "base"), ("facts", "lora"), ("facts", "rag"),
        ("general", "base"), ("general", "lora@facts"),
    ]  # fmt: skip
    rag = found[2]
    assert float(rag["per_query_usd"]) == pytest.approx(0.006)
    assert float(rag["recall_at_1"]) == 0.75
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
    about = {**manifest(), "run_id": text}
    written = csvfile.render(derive(read_run(write_run(tmp_path, manifest=about))))
    assert {row["run_id"] for row in csv.DictReader(io.StringIO(written, newline=""))} == {cell}


def test_a_negative_number_stays_a_number(results: dict[str, Any]) -> None:
    results["tasks"]["facts"]["strategies"]["rag"]["cost"]["fixed_usd"] = -12.5
    assert rows(results)[2]["fixed_usd"] == "-12.5"


def test_a_data_frame_has_the_figures_and_their_types(results: dict[str, Any]) -> None:
    frame = pandas.read_csv(io.StringIO(csvfile.render(results)))
    kinds = {str: "OSU", int: "i", float: "f", bool: "b"}
    for column in summary.COLUMNS:
        values = frame[column.name].dropna()
        assert len(values) == 0 or values.dtype.kind in kinds[column.type] + "f" * (column.type is int), (
            column.name
        )
    table = frame.set_index(["task", "strategy"])
    for task, figures in results["tasks"].items():
        for strategy, block in figures["strategies"].items():
            row = table.loc[(task, strategy)]
            assert row["accuracy"] == pytest.approx(block["accuracy"]["mean"], rel=1e-14)
            assert row["n"] == block["accuracy"]["n"]
            cost = block["cost"]["per_query_usd"]
            wanted = float("nan") if cost is None else cost
            assert row["per_query_usd"] == pytest.approx(wanted, rel=1e-14, nan_ok=True)


def test_run_without_tasks_has_its_header(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"schema_version": 1}')
    text = csvfile.render(derive(read_run(tmp_path)))
    assert text.count("\n") == 1
    assert text.startswith("run_id,task,strategy,")
