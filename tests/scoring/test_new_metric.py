"""Adding a metric is one row of the table: a task file may name it, answers are scored by it, every report shows it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from harness.report.write import write_reports
from harness.scoring.table import METRICS, Metric, is_graded
from harness.spec.schema import task_json_schema
from harness.spec.taskspec import TaskSpec
from tests.analysis.runs import SPEC, manifest, write_run


def length(reply: str, answers: Iterable[str]) -> float:
    """How much of a right answer's length the reply has, at most 1."""
    return max(min(1.0, len(reply) / len(answer)) for answer in answers)


@pytest.fixture
def row(monkeypatch: pytest.MonkeyPatch) -> None:
    metric = Metric("length", "text", "graded: the reply is as long as an answer", length, graded=True)
    monkeypatch.setitem(METRICS, metric.name, metric)


def values(metrics: list[str]) -> dict[str, Any]:
    return {
        "name": "facts",
        "probes": "knowledge",
        "questions": {"test": "q.jsonl"},
        "answer": {"type": "text", "max_tokens": 8, "refusal": "not in the documents"},
        "prompt": {"system": "Answer."},
        "metrics": metrics,
    }


@pytest.mark.usefixtures("row")
def test_a_new_row_is_known_to_task_files_scores_and_reports(tmp_path: Path) -> None:
    assert TaskSpec.model_validate(values(["length", "f1"])).metrics[0] == "length"
    assert "length" in str(task_json_schema())
    assert is_graded("length")
    changed = manifest()
    changed["tasks"]["facts"]["spec"] = {**SPEC, "metrics": ["length", "contains"]}
    write_reports(write_run(tmp_path / "run", manifest=changed))
    for name in ("results.json", "report.md", "report.html"):
        assert "length" in (tmp_path / "run" / name).read_text(encoding="utf-8"), name
    assert '"primary_metric": "length"' in (tmp_path / "run" / "results.json").read_text(encoding="utf-8")
    assert ",length," in (tmp_path / "run" / "summary.csv").read_text(encoding="utf-8")


def test_without_the_row_the_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"'lable', which is none of .*did you mean 'label'"):
        TaskSpec.model_validate(values(["lable"]))
