"""The summary as Parquet: the cells of the summary, with their types, even where a column is empty."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.derive import derive
from harness.analysis.evidence import read_run
from harness.report import parquet
from tests.analysis.runs import manifest, write_run

pq = pytest.importorskip("pyarrow.parquet")


def table(results: dict[str, Any]) -> Any:
    return pq.read_table(io.BytesIO(parquet.render(results)))


def test_a_row_a_task_and_strategy_with_unrounded_figures(tmp_path: Path) -> None:
    results = derive(read_run(write_run(tmp_path, manifest={**manifest(), "run_id": "=1+1"})))
    found = table(results).to_pylist()
    assert [(row["task"], row["strategy"]) for row in found] == [
        ("facts", "base"), ("facts", "lora"), ("facts", "rag"), ("general", "base"), ("general", "lora@facts"),
    ]  # fmt: skip
    assert {row["run_id"] for row in found} == {"=1+1"}
    rag = found[2]
    assert (rag["n"], rag["accuracy"], rag["recall_at_1"], rag["latency_p50_s"]) == (4, 0.75, 0.75, None)
    assert rag["per_query_usd"] == results["tasks"]["facts"]["strategies"]["rag"]["cost"]["per_query_usd"]
    assert (rag["quick"], rag["incomplete"]) == (False, False)


def test_columns_keep_their_type_where_nothing_was_measured(tmp_path: Path) -> None:
    full = table(derive(read_run(write_run(tmp_path / "full")))).schema
    assert [str(full.field(name).type) for name in ("task", "n", "accuracy", "quick")] == [
        "string", "int64", "double", "bool",
    ]  # fmt: skip
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "run.json").write_text('{"schema_version": 1}')
    empty = table(derive(read_run(tmp_path / "empty")))
    assert empty.num_rows == 0
    assert empty.schema.equals(full)
