"""Derive a run's results and write them: in every form beside its evidence, or into files of the user's."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.analysis.derive import Scores, derive, score_all
from harness.analysis.evidence import Evidence, read_run
from harness.files import write_bytes
from harness.report import csvfile, markdown, parquet
from harness.report.page.write import render
from harness.report.places import check_files, write_there

PAGE = "report.html"
BESIDE = ("results.json", "report.md", "summary.csv", PAGE)
"""What every run folder gets."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A run with all that follows from it. `page`: where its page lies, seen from the file that is written."""

    run: Evidence
    scores: Scores
    results: dict[str, Any]
    page: str | None


FORMS: dict[str, Callable[[Derived], bytes]] = {
    ".html": lambda made: render(made.run, made.scores, made.results).encode(),
    ".md": lambda made: markdown.render(made.run, made.results, made.page).encode(),
    ".csv": lambda made: csvfile.render(made.results).encode(),
    ".json": lambda made: (
        f"{json.dumps(made.results, indent=2, ensure_ascii=False, allow_nan=False)}\n".encode()
    ),
    ".parquet": lambda made: parquet.render(made.results),
}
"""Suffix → what stands in the file."""


def write_reports(run_folder: Path) -> dict[str, Any]:
    """Write results.json, report.md, summary.csv and report.html into the run folder; return the results.

    Each file is replaced in one step. Raises InputError where the evidence cannot be believed, HarnessError
    where the folder cannot be written.
    """
    made = Derived(*_derived(run_folder), page=PAGE)
    for name in BESIDE:
        write_bytes(run_folder / name, FORMS[Path(name).suffix](made))
    return made.results


def write_files(run_folder: Path, files: Sequence[Path]) -> dict[str, Any]:
    """Write each file in the form that its suffix names, and nothing into the run folder; return the results.

    Raises InputErrors before anything is derived where a file cannot be written, InputError where the evidence
    cannot be believed.
    """
    check_files(files, FORMS)
    run, scores, results = _derived(run_folder)
    contents = {
        file: FORMS[file.suffix.lower()](Derived(run, scores, results, _page(file, files, run_folder)))
        for file in files
    }
    for file, content in contents.items():
        write_there(file, content)
    return results


def page_of(files: Sequence[Path]) -> Path | None:
    """The first page among the files."""
    return next((file for file in files if file.suffix.lower() == ".html"), None)


def _derived(run_folder: Path) -> tuple[Evidence, Scores, dict[str, Any]]:
    run = read_run(run_folder)
    scores = score_all(run)
    return run, scores, derive(run, scores)


def _page(file: Path, files: Sequence[Path], run_folder: Path) -> str | None:
    """The way from `file` to the page written with it, else to the one in the run folder, if there is one."""
    page = page_of(files) or run_folder / PAGE
    if page not in files and not page.exists():
        return None
    try:
        way = os.path.relpath(page.parent.resolve() / page.name, file.parent.resolve())
    except ValueError:  # on another drive
        return None
    return Path(way).as_posix()
