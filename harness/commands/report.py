"""`report` and `decide`: what follows from a run, without a model."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.analysis.decision.requirements.table import Requirements
from harness.commands.flags import (
    add_json_flag,
    add_price_flags,
    add_requirement_flag,
    add_requirement_flags,
    place,
    price_settings,
    requirements_from,
)
from harness.errors import InputError
from harness.spec.tariff import Tariff


def add_report(commands: Any) -> None:
    report = commands.add_parser("report", help="derive results and reports again from a run's evidence")
    report.add_argument("folder", metavar="RUN", type=place)
    report.add_argument(
        "-o", "--output", dest="files", metavar="FILE", type=place, action="append", default=[],
        help="write FILE instead of the files in RUN: .html, .md, .csv, .json or .parquet (repeatable)",
    )  # fmt: skip
    way = report.add_mutually_exclusive_group()
    way.add_argument("--json", action="store_true", help="print results.json and nothing else")
    way.add_argument("--open", action="store_true", help="open the page in the default browser")
    add_requirement_flag(report, "tariff")
    report.set_defaults(run=_report)


def add_decide(commands: Any) -> None:
    decide = commands.add_parser(
        "decide", help="the recommendation again, under other prices or requirements"
    )
    decide.add_argument("folder", metavar="RUN", type=place)
    add_json_flag(decide)
    add_requirement_flags(decide)
    add_price_flags(decide)
    decide.set_defaults(run=_decide)


def _report(options: argparse.Namespace) -> None:
    from harness.files import to_json
    from harness.report.decisions import at_run
    from harness.report.terminal import print_results
    from harness.report.write import write_files, write_reports

    folder, files = options.folder, options.files
    page = _page_to_open(folder, files) if options.open else None
    tariff = options.tariff and Tariff(options.tariff)
    results = write_files(folder, files, tariff) if files else write_reports(folder, tariff)
    if options.json:
        print(to_json(results))
        return
    print_results(at_run(results, folder))
    print(*(files or [folder]), sep="\n")
    if page and not _opened(page):
        print(f"harness: no browser could be opened. The page is {page.resolve()}", file=sys.stderr)


def _opened(page: Path) -> bool:
    """Open `page` in the user's own browser; False where there is none."""
    import webbrowser

    try:
        return webbrowser.open(page.resolve().as_uri())
    except (webbrowser.Error, OSError):
        return False


def _page_to_open(folder: Path, files: Sequence[Path]) -> Path:
    from harness.report.write import page_of
    from harness.run.folder import PAGE

    page = page_of(files) if files else folder / PAGE
    if page is None:
        raise InputError("--open shows a page, and -o names none: add -o FILE.html, or leave -o out.")
    return page


def _decide(options: argparse.Namespace) -> None:
    from harness.analysis.again import again
    from harness.analysis.decision.needs import stored_requirements
    from harness.analysis.reading import read_run
    from harness.files import to_json
    from harness.process import keeping
    from harness.report import decide

    with keeping():
        run = read_run(options.folder)
        needs = requirements_from(options, stored_requirements(run)) or Requirements()
        found = again(run, needs, price_settings(options))
    print(to_json(decide.document(found)) if options.json else decide.text(found, options.folder))
