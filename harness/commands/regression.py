"""`check`, `accept`, `diff` and `trend`: runs beside one another."""

from __future__ import annotations

import argparse
import contextlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.commands import REPORTS, TASKS
from harness.commands.flags import add_json_flag, name, place, whole
from harness.errors import InputError, InputErrors
from harness.steps import typed

if TYPE_CHECKING:
    from harness.analysis.regression.terms import Gate

BASELINE = REPORTS / "baseline"
BEGIN = "Measure a first baseline: harness compare --output reports/candidate, then harness accept reports/candidate"


def add_check(commands: Any) -> None:
    check = commands.add_parser("check", help="is a run worse than a baseline? For CI")
    check.add_argument(
        "folder",
        metavar="RUN",
        type=place,
        nargs="?",
        help="left out: say what a check of the tasks here can catch",
    )
    _add_baseline(check, "the run to compare with")
    add_gate_flags(check)
    add = check.add_argument
    add(
        "--limit",
        metavar="N",
        type=whole(1),
        help="without RUN: of so many questions a task, as compare takes it",
    )
    add("--common", action="store_true", help="compare what both have, where questions or strategies differ")
    add("--strict", action="store_true", help="count an inconclusive rule as failed")
    add(
        "--history",
        metavar="DIR",
        type=place,
        help="runs that show how times vary (default: beside the baseline)",
    )
    add(
        "-o", "--output", dest="files", metavar="FILE", type=place, action="append", default=[],
        help="also write FILE: .md (pull-request comment), .xml (JUnit) or .json (repeatable)",
    )  # fmt: skip
    _add_json(check, _check)


def add_accept(commands: Any) -> None:
    accept = commands.add_parser("accept", help="make a run the baseline that later ones are checked against")
    accept.add_argument("folder", metavar="RUN", type=place)
    _add_baseline(accept, "the folder that its evidence is copied into")
    _add_json(accept, _accept)


def _add_baseline(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument(
        "--baseline", metavar="RUN", type=place, default=BASELINE, help=f"{what} (default: {BASELINE})"
    )


def add_diff(commands: Any) -> None:
    diff = commands.add_parser(
        "diff", help="what changed between two runs: inputs, results, flipped questions"
    )
    diff.add_argument("before", metavar="RUN", type=place)
    diff.add_argument("after", metavar="RUN", type=place)
    _add_json(diff, _diff)


def add_trend(commands: Any) -> None:
    trend = commands.add_parser("trend", help="the history of all runs in a folder, as a table and a page")
    trend.add_argument("folder", metavar="DIR", type=place, nargs="?", default=REPORTS)
    trend.add_argument("--task", dest="tasks", type=name, metavar="TASK", action="append", default=[],
                       help="this task only (repeatable)")  # fmt: skip
    trend.add_argument("--last", metavar="N", type=whole(1), help="the N newest runs only")
    trend.add_argument(
        "-o", "--output", dest="file", metavar="FILE", type=place,
        help="write the page to FILE.html (default: DIR/index.html)",
    )  # fmt: skip
    _add_json(trend, _trend)


def _add_json(parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], int | None]) -> None:
    add_json_flag(parser)
    parser.set_defaults(run=run)


def _check(options: argparse.Namespace) -> int:
    from harness.analysis.regression.gate import judge
    from harness.files import to_json
    from harness.report import plain
    from harness.report.gate import report
    from harness.report.gate_files import FORMS
    from harness.report.places import check_files, write_there

    gate = gate_of(options)
    if options.folder is None:
        return _foresee(options, gate)
    if options.limit is not None:
        raise InputError("--limit says how many questions a run will ask; leave RUN out, or --limit.")
    check_files(options.files, FORMS)
    if options.baseline == BASELINE:
        _refuse_without_baseline(options.folder)
    history = options.history or options.baseline.absolute().parent
    judgement = judge(
        options.folder, options.baseline, gate, partly=options.common, strict=options.strict, history=history,
        accept="make baseline" if options.baseline == BASELINE and _makes_baselines(Path("Makefile")) else None,
    )  # fmt: skip
    for file in options.files:
        write_there(file, FORMS[file.suffix.lower()](judgement))
    print(to_json(judgement) if options.json else plain.sections(report(judgement)))
    return judgement.exit_code


def _refuse_without_baseline(run: Path) -> None:
    """Raises InputError where there is a run and nothing yet to hold it against, with the command that makes it so."""
    from harness.run.manifest_file import MANIFEST

    if (run / MANIFEST).exists() and not (BASELINE / MANIFEST).exists():
        raise InputError(
            f"there is no baseline yet: {BASELINE} holds no {MANIFEST}. Take this run for it: {typed('accept', run)}"
        )


def _makes_baselines(makefile: Path) -> bool:
    """Whether a makefile has a target `baseline`."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return re.search(r"^baseline *:(?!=)", makefile.read_text(encoding="utf-8"), re.MULTILINE) is not None
    return False


def _foresee(options: argparse.Namespace, gate: Gate) -> int:
    """What a check of the tasks in this folder can catch, before there is a run."""
    from harness.analysis.regression.sensitivity import of_tasks
    from harness.files import to_json
    from harness.report import plain, sensitivity
    from harness.spec.task import load_tasks

    rows = of_tasks(load_tasks((), TASKS), options.limit, gate)
    print(
        to_json({"tasks": rows})
        if options.json
        else f"{plain.sections([sensitivity.report(rows)])}\n\n{BEGIN}"
    )
    return 0


def _accept(options: argparse.Namespace) -> None:
    from harness.analysis.regression.accept import accept
    from harness.analysis.regression.sensitivity import of_run
    from harness.analysis.regression.terms import Gate
    from harness.files import to_json
    from harness.report import plain, sensitivity

    side = accept(options.folder, options.baseline)
    run_id, rows = side.manifest.run_id, of_run(side.run, Gate())
    if options.json:
        print(to_json({"run_id": run_id, "baseline": str(options.baseline), "tasks": rows}))
        return
    print(f"{options.baseline} is now the run {run_id}; commit it.\n")
    print(plain.sections([sensitivity.report(rows)]))


def add_gate_flags(parser: argparse.ArgumentParser) -> None:
    """The flags that say what a gate goes by."""
    add = parser.add_argument
    add(
        "--margin",
        type=float,
        metavar="SHARE",
        help="the loss of accuracy that does not matter (default 0.02)",
    )
    add(
        "--latency-margin", type=float, metavar="FACTOR",
        help="how many times as long, relative to base, does not matter (default 1.25)",
    )  # fmt: skip
    add(
        "--expect", metavar="MODE",
        help="change (default): accuracy and latency decide; same: nothing should have moved, what is not equal fails",
    )  # fmt: skip
    add(
        "--rules",
        type=place,
        metavar="FILE",
        help="a YAML file with these, for single tasks and strategies too",
    )


def gate_of(options: argparse.Namespace) -> Gate:
    """The gate that flags and file ask for. Raises InputErrors that name the flags, or the file's lines."""
    from pydantic import ValidationError

    from harness.analysis.regression.terms import Gate, GateFile, Terms, load_gate_file
    from harness.spec.mistakes import mistakes_of

    given = {
        "margin": options.margin,
        "latency_margin": options.latency_margin,
        "expect": options.expect,
    }
    try:
        terms = Terms.model_validate({key: value for key, value in given.items() if value is not None})
    except ValidationError as error:
        raise InputErrors(
            [
                InputError(f"--{str(loc[0]).replace('_', '-')}: {text}")
                for item in error.errors(include_url=False)
                for loc, text in mistakes_of(item, Terms)
            ]
        ) from None
    return Gate(terms, load_gate_file(options.rules) if options.rules else GateFile())


def _diff(options: argparse.Namespace) -> None:
    from harness.analysis.regression.diff import diff
    from harness.files import to_json
    from harness.report import plain
    from harness.report.diff import report

    difference = diff(options.before, options.after)
    print(to_json(difference) if options.json else plain.sections(report(difference)))


def _trend(options: argparse.Namespace) -> None:
    from harness.analysis.history.history import read_history
    from harness.files import to_json
    from harness.progress import Terminal
    from harness.report import plain, trend
    from harness.report.page.trend import check_page, write_page

    page = options.file or options.folder / "index.html"
    check_page(page, options.folder)
    history = read_history(options.folder, Terminal(), options.tasks, options.last)
    if history.runs:
        write_page(history, page)
    if options.json:
        print(to_json(history))
        return
    print(plain.render([trend.opening(history)]).strip())
    if history.runs:
        print(plain.sections(trend.report(history, options.last)), end="\n\n")
        print(page)
