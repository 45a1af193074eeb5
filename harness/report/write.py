"""Derive a run's results and write them in every format beside its evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.analysis.evidence import read_run
from harness.analysis.results import derive, score_all
from harness.files import write_json, write_text
from harness.report import csvfile, markdown
from harness.report.page.write import render


def write_reports(run_folder: Path) -> dict[str, Any]:
    """Write results.json, report.md, summary.csv and report.html into the run folder; return the results.

    Each file is replaced in one step. Raises InputError where the evidence cannot be believed, HarnessError
    where the folder cannot be written.
    """
    run = read_run(run_folder)
    scores = score_all(run)
    results = derive(run, scores)
    write_json(run_folder / "results.json", results)
    write_text(run_folder / "report.md", markdown.render(run, results, "report.html"))
    write_text(run_folder / "summary.csv", csvfile.render(results))
    write_text(run_folder / "report.html", render(run, scores, results))
    return results
