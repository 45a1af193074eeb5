"""The table on the terminal: strategies by task, warnings first, no markup taken from outside."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from harness.report.terminal import print_results
from tests.analysis.runs import PRICE_SHEET, answers, manifest, write_run
from tests.report.results import results_of


def printed(folder: Path, **replaced: Any) -> str:
    out = io.StringIO()
    print_results(results_of(write_run(folder, **replaced)), file=out, width=120)
    return out.getvalue()


def test_strategies_by_task(tmp_path: Path) -> None:
    lines = printed(tmp_path).splitlines()
    (base,) = [line.split() for line in lines if line.startswith(" base")]
    assert base == ["base", "25.0", "%", "(4.6–69.9)", "100.0", "%", "(34.2–100.0)"]
    assert any("550 ms · $0.0011" in line for line in lines)
    (rag,) = [line for line in lines if line.startswith(" rag")]
    assert rag.rstrip().endswith("not applicable")


def test_warnings_come_first(tmp_path: Path) -> None:
    text = printed(
        tmp_path, manifest={**manifest(), "quick": True, "status": "interrupted"}, answers=answers()[1:]
    )
    assert text.startswith(
        "Quick run: not fit for decisions.\nNot complete (status: interrupted, 1 answer missing)."
    )


def test_names_are_no_markup(tmp_path: Path) -> None:
    about = manifest()
    about["tasks"]["[red]x[/]"] = about["tasks"]["general"]
    assert "[red]x[/]" in printed(tmp_path, manifest=about)


def test_old_prices_are_flagged(tmp_path: Path) -> None:
    sheet = {**PRICE_SHEET, "date": "2025-01-01"}
    text = printed(tmp_path, manifest={**manifest(), "price_sheet": sheet})
    assert text.startswith("The price list of 2025-01-01 was 366 days old when the run began")
    assert "days old" not in printed(tmp_path / "fresh")
