"""`check`, `diff` and `trend`: runs beside one another."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from harness.commands import REPORTS
from harness.errors import InputError
from harness.spec.gate_flags import add_gate_flags
from harness.spec.requirement_flags import whole


def add_check(commands: Any) -> None:
    check = commands.add_parser("check", help="is a run worse than a baseline? For CI")
    check.add_argument("folder", metavar="RUN", type=Path)
    check.add_argument("--baseline", metavar="RUN", type=Path, help="the run to compare with")
    add_gate_flags(check)
    add = check.add_argument
    add("--common", action="store_true", help="compare what both have, where questions or strategies differ")
    add("--strict", action="store_true", help="count what cannot be told as failed")
    add(
        "--history",
        metavar="DIR",
        type=Path,
        help="runs that show how times vary (default: beside the baseline)",
    )
    add(
        "-o", "--output", dest="files", metavar="FILE", type=Path, action="append", default=[],
        help="also write FILE: .md (pull-request comment), .xml (JUnit) or .json (repeatable)",
    )  # fmt: skip
    add(
        "--certify", action="store_true",
        help="instead: how often would the gate fail with nothing changed? --baseline may be a rerun of RUN",
    )  # fmt: skip
    add(
        "--churn",
        type=float,
        metavar="SHARE",
        help="of --certify without a rerun: answers that change by themselves",
    )
    add("--json", action="store_true", help="print one JSON document and nothing else")
    check.set_defaults(run=_check)


def add_diff(commands: Any) -> None:
    diff = commands.add_parser(
        "diff", help="what changed between two runs: inputs, results, flipped questions"
    )
    diff.add_argument("before", metavar="RUN", type=Path)
    diff.add_argument("after", metavar="RUN", type=Path)
    diff.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    diff.set_defaults(run=_diff)


def add_trend(commands: Any) -> None:
    trend = commands.add_parser("trend", help="the history of all runs in a folder, as a table and a page")
    trend.add_argument("folder", metavar="DIR", type=Path, nargs="?", default=REPORTS)
    trend.add_argument("--task", dest="tasks", metavar="TASK", action="append", default=[],
                       help="this task only (repeatable)")  # fmt: skip
    trend.add_argument("--last", metavar="N", type=whole(1), help="the N newest runs only")
    trend.add_argument(
        "-o", "--output", dest="file", metavar="FILE", type=Path,
        help="write the page to FILE.html (default: DIR/index.html)",
    )  # fmt: skip
    trend.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    trend.set_defaults(run=_trend)


def _check(options: argparse.Namespace) -> int:
    from harness.analysis.regression.gate import judge
    from harness.report import checks
    from harness.spec.gate_flags import gate_of

    gate = gate_of(options)
    if options.certify:
        return _certify(options, gate)
    if options.churn is not None:
        raise InputError("--churn belongs to --certify: a check looks at what did change.")
    if options.baseline is None:
        raise InputError("name the run to compare with: --baseline RUN.")
    checks.check_forms(options.files)
    history = options.history or options.baseline.absolute().parent
    judgement = judge(
        options.folder, options.baseline, gate, partly=options.common, strict=options.strict, history=history
    )
    checks.write(judgement, options.files)
    print(checks.as_json(judgement) if options.json else checks.as_text(judgement))
    return judgement.exit_code


def _certify(options: argparse.Namespace, gate: Any) -> int:
    from harness.analysis.regression.certificate import CHURN, certify
    from harness.analysis.regression.pairing import Side
    from harness.report import certificate, plain

    given = {"-o": options.files, "--strict": options.strict, "--history": options.history}
    if unused := [flag for flag, value in given.items() if value]:
        raise InputError(f"--certify makes no use of {', '.join(unused)}; it prints a table, or --json.")
    if options.churn is not None and options.baseline:
        raise InputError("--churn: a rerun (--baseline) shows what changes by itself; give one of the two.")
    churn = CHURN if options.churn is None else options.churn
    if not 0 <= churn <= 1:
        raise InputError(f"--churn: is a share from 0 to 1, and not {churn:g}.")
    rerun = Side.read(options.baseline) if options.baseline else None
    found = certify(Side.read(options.folder), rerun, gate, churn=churn, partly=options.common)
    said = certificate.document(found)
    print(
        json.dumps(said, ensure_ascii=False, allow_nan=False)
        if options.json
        else plain.sections(certificate.report(found))
    )
    return 0


def _diff(options: argparse.Namespace) -> None:
    from harness.analysis.regression.difference import difference
    from harness.report import diff, plain

    found = difference(options.before, options.after)
    print(
        json.dumps(diff.document(found), ensure_ascii=False, allow_nan=False)
        if options.json
        else plain.sections(diff.report(found))
    )


def _trend(options: argparse.Namespace) -> None:
    from harness.analysis.history.document import document
    from harness.analysis.history.history import read_history
    from harness.progress import Terminal
    from harness.report.page.trend import check_page, write_page
    from harness.report.trend import print_history

    page = options.file or options.folder / "index.html"
    check_page(page, options.folder)
    history = read_history(options.folder, Terminal(), options.tasks, options.last)
    if history.entries:
        write_page(history, page)
    if options.json:
        print(json.dumps(document(history), ensure_ascii=False, allow_nan=False))
        return
    print_history(history, rows=options.last)
    if history.entries:
        print(page)
