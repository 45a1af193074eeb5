"""The table on the terminal: strategies by task, warnings first, no markup taken from outside."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from harness.report.terminal import print_results
from tests.analysis.decided import elected
from tests.analysis.runs import PRICE_SHEET, answers, manifest, write_run
from tests.report.results import results_of
from tests.snapshots import Snapshots


def printed(folder: Path, **replaced: Any) -> str:
    out = io.StringIO()
    print_results(results_of(write_run(folder, **replaced)), file=out, width=120)
    return out.getvalue()


def test_systems_by_task_under_all_warnings(tmp_path: Path, snapshots: Snapshots) -> None:
    sheet = {**PRICE_SHEET, "date": "2025-01-01"}
    about = {**manifest(), "quick": True, "status": "interrupted", "price_sheet": sheet}
    text = printed(tmp_path, manifest=about, answers=answers()[1:])
    lines = [line.rstrip() for line in text.splitlines()]
    (base,) = [line.split() for line in lines if line.startswith(" base")]
    assert base == ["base", "0.0", "%", "(0.0–56.1)", "100.0", "%", "(34.2–100.0)"]
    snapshots.check("terminal.txt", "\n".join(lines) + "\n")


def test_a_control_is_called_one(tmp_path: Path) -> None:
    folder = elected(tmp_path, {"facts": ("knowledge", {"base": 0.1, "rag": 0.5, "oracle": 0.8})}, n=24)
    out = io.StringIO()
    print_results(results_of(folder), file=out, width=120)
    assert [name in out.getvalue() for name in (" oracle (control) ", " rag ", "rag (control)")] == [
        True,
        True,
        False,
    ]


def test_names_are_no_markup(tmp_path: Path) -> None:
    about = manifest()
    about["plan"].append({"task": "facts", "strategy": "[red]x[/]"})
    assert "[red]x[/]" in printed(tmp_path, manifest=about)


def test_a_good_run_has_no_warnings(tmp_path: Path) -> None:
    assert printed(tmp_path).split()[:2] == ["facts", "general"]
