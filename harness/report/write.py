"""Derive a run's results and write them: in every form beside its evidence, or into files of the user's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.analysis.accuracy import Scores, score_all
from harness.analysis.decision.needs import needs_of
from harness.analysis.derive import derive
from harness.analysis.evidence import Evidence
from harness.analysis.reading import read_run
from harness.analysis.results.run import RunResult
from harness.files import to_json, write_bytes
from harness.process import keeping
from harness.report import markdown, summary
from harness.report.page.write import render
from harness.report.places import check_files, path_to, write_there
from harness.run.folder import PAGE, RESULTS
from harness.spec.tariff import Tariff

BESIDE = (RESULTS, "report.md", "summary.csv", PAGE)
"""What every run folder gets."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A run with all that follows from it."""

    run: Evidence
    scores: Scores
    results: RunResult
    live: bool = False
    """Whether the run goes on and writes its page again."""


REFRESH_S = 20


def _page(derived: Derived) -> str:
    refresh = REFRESH_S if derived.live and derived.results.unfinished else None
    return render(derived.run, derived.scores, derived.results, refresh)


Form = Callable[[Derived, str | None], bytes]
FORMS: dict[str, Form] = {
    ".html": lambda derived, _: _page(derived).encode(),
    ".md": lambda derived, page: markdown.render(derived.results, page).encode(),
    ".csv": lambda derived, _: summary.to_csv(derived.results).encode(),
    ".json": lambda derived, _: f"{to_json(derived.results, indent=2)}\n".encode(),
    ".parquet": lambda derived, _: summary.to_parquet(derived.results),
}
"""Suffix → the file's content, from what was derived and the relative path from the file to the run's page."""


def write_reports(run_folder: Path, tariff: Tariff | None = None, *, live: bool = False) -> RunResult:
    """Write results.json, report.md, summary.csv and report.html into the run folder; return the results.

    `tariff`: another one than the run was made with. `live`: the run goes on, and its page is to be read again.
    Each file is replaced in one step. Raises InputError where the evidence cannot be believed, HarnessError
    where the folder cannot be written.
    """
    derived = replace(_derive(run_folder, tariff), live=live)
    for name in BESIDE:
        write_bytes(run_folder / name, FORMS[Path(name).suffix](derived, PAGE))
    return derived.results


def write_files(run_folder: Path, files: Sequence[Path], tariff: Tariff | None = None) -> RunResult:
    """Write each file in the form that its suffix names, and nothing into the run folder; return the results.

    Raises InputErrors before anything is derived where a file cannot be written, InputError where the evidence
    cannot be believed.
    """
    check_files(files, FORMS)
    derived = _derive(run_folder, tariff)
    contents = {
        file: FORMS[file.suffix.lower()](derived, _path_to_page(file, files, run_folder)) for file in files
    }
    for file, content in contents.items():
        write_there(file, content)
    return derived.results


def page_of(files: Sequence[Path]) -> Path | None:
    """The first page among the files."""
    return next((file for file in files if file.suffix.lower() == ".html"), None)


def _derive(run_folder: Path, tariff: Tariff | None) -> Derived:
    with keeping():
        run = read_run(run_folder)
        scores, needs = score_all(run), needs_of(run)
        if tariff:
            needs = replace(needs, tariff=tariff, given=needs.given | {"tariff"})
        return Derived(run, scores, derive(run, scores, needs=needs))


def _path_to_page(file: Path, files: Sequence[Path], run_folder: Path) -> str | None:
    """The relative path from `file` to the page written with it, else to the run folder's; None without a page."""
    page = page_of(files) or run_folder / PAGE
    return path_to(page, file.parent) if page in files or page.exists() else None
