"""Results of made-up runs, as the renderers take them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.analysis.derive import derive
from harness.analysis.money.economics import CostInputs
from harness.analysis.reading import read_run
from harness.analysis.results.run import RunResult, TaskResult
from harness.report.write import write_reports
from tests.analysis.runs import manifest, write_run


def results_of(folder: Path, inputs: CostInputs | None = None) -> RunResult:
    """The results of a run that is written already."""
    run = read_run(folder)
    return derive(run, inputs=inputs)


def results(
    folder: Path,
    inputs: CostInputs | None = None,
    rows: dict[str, list[dict[str, Any]]] | None = None,
    **about: Any,
) -> RunResult:
    """The results of the small run of `tests/analysis/runs.py`; `rows` and keys of the manifest replaced."""
    return results_of(write_run(folder, manifest={**manifest(), **about}, **(rows or {})), inputs)


def facts(folder: Path, inputs: CostInputs | None = None, **more: Any) -> TaskResult:
    """The results of its task `facts`."""
    return results(folder, inputs, **more).tasks["facts"]


def empty(folder: Path) -> RunResult:
    """The results of a run that was stopped before it asked anything."""
    return results_of(nothing(folder))


def nothing(folder: Path) -> Path:
    """A run that only has a manifest, of no task."""
    files = ("questions", "answers", "batches", "timings", "passages")
    return write_run(folder, manifest={"status": "interrupted"}, **{name: [] for name in files})


def written(folder: Path) -> dict[str, Any]:
    """Write the reports of a run and read its results.json, as other people's scripts do."""
    write_reports(folder)
    document: dict[str, Any] = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return document
