"""`check`, `diff` and `trend`: runs beside one another."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from harness.commands import REPORTS
from harness.commands.flags import name, place, whole
from harness.errors import InputError, InputErrors

if TYPE_CHECKING:
    from harness.analysis.regression.terms import Gate


def add_check(commands: Any) -> None:
    check = commands.add_parser("check", help="is a run worse than a baseline? For CI")
    check.add_argument("folder", metavar="RUN", type=place)
    check.add_argument("--baseline", metavar="RUN", type=place, help="the run to compare with")
    add_gate_flags(check)
    add = check.add_argument
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
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.set_defaults(run=run)


def _check(options: argparse.Namespace) -> int:
    from harness.analysis.regression.gate import judge
    from harness.files import to_json
    from harness.report import plain
    from harness.report.checks import FORMS
    from harness.report.gate import report
    from harness.report.places import check_files, write_there

    gate = gate_of(options)
    if options.baseline is None:
        raise InputError("name the run to compare with: --baseline RUN.")
    check_files(options.files, FORMS)
    history = options.history or options.baseline.absolute().parent
    judgement = judge(
        options.folder, options.baseline, gate, partly=options.common, strict=options.strict, history=history
    )
    for file in options.files:
        write_there(file, FORMS[file.suffix.lower()](judgement))
    print(to_json(judgement) if options.json else plain.sections(report(judgement)))
    return judgement.exit_code


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
        "--fail-on", nargs="+", action="extend", metavar="RULE",
        help="rules or tiers (exact, accuracy, latency) that may fail the gate; default: all. RUN stands before it",
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
        "fail_on": _names(options.fail_on),
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


def _names(given: list[str] | None) -> tuple[str, ...] | None:
    """Rule names, separated by blanks or commas."""
    if given is None:
        return None
    names = tuple(name.strip() for text in given for name in text.split(",") if name.strip())
    if not names:
        raise InputError(
            "--fail-on: names no rule, so that nothing could fail; leave it out to have all of them."
        )
    return names


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
