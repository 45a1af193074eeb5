"""summary.csv: unrounded figures a program can read, and no formula a spreadsheet would run."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.evidence import read_run
from harness.analysis.results import derive
from harness.report import csvfile
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


def test_no_formula_reaches_a_spreadsheet(tmp_path: Path) -> None:
    found = rows(derive(read_run(write_run(tmp_path, manifest={**manifest(), "run_id": "=1+1"}))))
    assert found[0]["run_id"] == "'=1+1"


def test_run_without_tasks_has_its_header(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"schema_version": 1}')
    text = csvfile.render(derive(read_run(tmp_path)))
    assert text.count("\n") == 1
    assert text.startswith("run_id,task,strategy,")
