"""The command line: one thin function a command; errors become sentences and exit codes here."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from harness import __version__
from harness.errors import HarnessError, InputError, RunInterrupted
from harness.quantities import counted
from harness.run.flags import add_run_flags, resumed_settings, settings_of
from harness.spec.gate_flags import add_gate_flags
from harness.spec.priceflags import add_price_flags, price_settings
from harness.spec.requirement_flags import add_requirement_flags, whole

TASKS = Path("tasks")
REPORTS = Path("reports")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    0 done, 1 failed or incomplete, 2 wrong usage or input; of `check` also 3 cannot tell and 4 regression.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        options = _parser().parse_args(arguments)
        options.command = " ".join(["harness", *arguments])
        return options.run(options) or 0
    except HarnessError as error:
        print(f"harness: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("harness: stopped.", file=sys.stderr)
        return RunInterrupted.exit_code
    except BrokenPipeError:  # the reader of our output left, as in `harness … | head`
        sys.stderr.close()
        return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        if message.endswith("expected one argument"):  # or it was taken for a flag, as -1e5 is
            message += ", and one that begins with a dash is written --flag=VALUE"
        raise InputError(f"{message}. See: {self.prog} --help")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="harness",
        description="Measures prompting, retrieval and LoRA fine-tuning on the same questions.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _compare_parser(commands)
    _tasks_parser(commands)
    _models_parser(commands)
    report = commands.add_parser("report", help="derive results and reports again from a run's evidence")
    report.add_argument("folder", metavar="RUN", type=Path)
    report.add_argument(
        "-o", "--output", dest="files", metavar="FILE", type=Path, action="append", default=[],
        help="write FILE instead of the files in RUN: .html, .md, .csv, .json or .parquet (repeatable)",
    )  # fmt: skip
    way = report.add_mutually_exclusive_group()
    way.add_argument("--json", action="store_true", help="print results.json and nothing else")
    way.add_argument("--open", action="store_true", help="open the page in the default browser")
    report.set_defaults(run=_report)
    decide = commands.add_parser(
        "decide", help="the recommendation again, under other prices or requirements"
    )
    decide.add_argument("folder", metavar="RUN", type=Path)
    decide.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    add_requirement_flags(decide)
    add_price_flags(decide)
    decide.set_defaults(run=_decide)
    _check_parser(commands)
    _trend_parser(commands)
    return parser


def _compare_parser(commands: Any) -> None:
    compare = commands.add_parser("compare", help="run tasks under several strategies and write a report")
    add_run_flags(compare)
    compare.set_defaults(run=_compare)


def _check_parser(commands: Any) -> None:
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
    diff = commands.add_parser(
        "diff", help="what changed between two runs: inputs, results, flipped questions"
    )
    diff.add_argument("before", metavar="RUN", type=Path)
    diff.add_argument("after", metavar="RUN", type=Path)
    diff.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    diff.set_defaults(run=_diff)


def _trend_parser(commands: Any) -> None:
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


def _tasks_parser(commands: Any) -> None:
    tasks = commands.add_parser("tasks", help="list, validate or start task files")
    verbs = tasks.add_subparsers(required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="the tasks in tasks/")
    listing.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    listing.set_defaults(run=_tasks_list)
    validate = verbs.add_parser("validate", help="check task files, their questions and gold documents")
    validate.add_argument("tasks", nargs="*", metavar="TASK")
    validate.set_defaults(run=_tasks_validate)
    schema = verbs.add_parser("schema", help="print the JSON schema of a task file, or a table of its fields")
    schema.add_argument(
        "--markdown", metavar="FILE", nargs="?", type=Path, const=Path("-"),
        help="print the fields as a Markdown table; with FILE, put it between the marks in that file instead",
    )  # fmt: skip
    schema.set_defaults(run=_tasks_schema)
    new = verbs.add_parser("new", help="write a small task to start from")
    new.add_argument("name", metavar="NAME")
    new.set_defaults(run=_tasks_new)
    export = verbs.add_parser("export", help="write a task in the form of another program")
    export.add_argument("task", metavar="NAME", help="name in tasks/ or path of a YAML file")
    export.add_argument("--to", required=True, choices=["lm-eval"], help="whose form")
    export.add_argument("folder", metavar="DIR", type=Path, help="its files go into DIR/NAME")
    export.add_argument(
        "--with-context", action="store_true",
        help="put retrieved passages before each question, as rag does; the task is called NAME_rag",
    )  # fmt: skip
    export.add_argument("--model", metavar="NAME", help="whose tokens the passages' budget is counted in")
    export.add_argument("--embedder", metavar="NAME", help="what finds the passages")
    export.set_defaults(run=_tasks_export)


def _models_parser(commands: Any) -> None:
    models = commands.add_parser("models", help="list or fetch the default models")
    verbs = models.add_subparsers(required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="name, licence, size, source, present or not")
    listing.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    listing.set_defaults(run=_models_list)
    pull = verbs.add_parser("pull", help="fetch models (default: all)")
    pull.add_argument("names", nargs="*", metavar="NAME")
    pull.set_defaults(run=_models_pull)


# compare


def _compare(options: argparse.Namespace) -> None:
    from harness.report.terminal import print_results
    from harness.report.write import write_reports
    from harness.run.compare import compare, default_output
    from harness.run.folder import check_output
    from harness.run.tools import load_tools
    from harness.spec.task import load_tasks

    settings = resumed_settings(options) if options.resume else settings_of(options, TASKS)
    tasks = load_tasks(settings.task_files, TASKS)
    _check_corpora(tasks)
    output = options.resume or options.output or default_output(REPORTS, settings)
    if not options.resume:
        check_output(output)
    tools = load_tools(settings)
    folder = compare(settings, tasks, tools, output, resume=bool(options.resume), command=options.command)
    print_results(write_reports(folder))
    print(folder)


def _check_corpora(tasks: Sequence[Any]) -> None:
    """Read every corpus once, cheaply, so that its mistakes show before any model loads."""
    from harness.corpus.documents import document_ids
    from harness.errors import InputErrors
    from harness.run.compare import check_gold

    errors: list[InputError] = []
    for task in tasks:
        try:
            if task.corpus is not None:
                check_gold(task, document_ids(task.corpus))
        except InputErrors as several:
            errors += several.errors
        except InputError as error:
            errors.append(error)
    if errors:
        raise InputErrors(errors)


# report


def _report(options: argparse.Namespace) -> None:
    from harness.report.browser import opened
    from harness.report.terminal import print_results
    from harness.report.write import write_files, write_reports

    folder, files = options.folder, options.files
    page = _page_to_open(folder, files) if options.open else None
    results = write_files(folder, files) if files else write_reports(folder)
    if options.json:
        print(json.dumps(results, ensure_ascii=False))
        return
    print_results(results)
    print(*(files or [folder]), sep="\n")
    if page and not opened(page):
        print(f"harness: no browser could be opened. The page is {page.resolve()}", file=sys.stderr)


def _page_to_open(folder: Path, files: Sequence[Path]) -> Path:
    from harness.report.write import PAGE, page_of

    page = page_of(files) if files else folder / PAGE
    if page is None:
        raise InputError("--open shows a page, and -o names none: add -o FILE.html, or leave -o out.")
    return page


# decide


def _decide(options: argparse.Namespace) -> None:
    from harness.analysis.again import again
    from harness.analysis.decision.election import stored_requirements
    from harness.analysis.evidence import read_run
    from harness.report import decide
    from harness.spec.requirements import Requirements, requirements_from

    run = read_run(options.folder)
    needs = requirements_from(options, stored_requirements(run.manifest)) or Requirements()
    results = again(run, needs, price_settings(options))
    print(json.dumps(decide.document(results), ensure_ascii=False) if options.json else decide.text(results))


# check and diff


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


# trend


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


# tasks


def _tasks_list(options: argparse.Namespace) -> None:
    from harness.spec.task import load_tasks

    tasks = load_tasks((), TASKS)
    rows = [
        {
            "name": task.spec.name,
            "description": task.spec.description,
            "probes": task.spec.probes,
            "answer": task.spec.answer.type,
            "test": len(task.test),
            "train": len(task.train),
            "dev": len(task.dev),
            "corpus": task.spec.corpus,
            "path": str(task.path),
        }
        for task in tasks
    ]
    if options.json:
        print(json.dumps({"tasks": rows}, ensure_ascii=False))
        return
    for row in rows:
        counts = f"{row['test']} test, {row['train']} train"
        print(f"{row['name']:<16} {row['probes']:<10} {row['answer']:<7} {counts:<22} {row['description']}")


def _tasks_validate(options: argparse.Namespace) -> None:
    from harness.spec.task import load_tasks

    tasks = load_tasks(options.tasks, TASKS)
    _check_corpora(tasks)
    for task in tasks:
        for sentence in task.left_out:
            print(sentence)
        print(
            f"{task.path}: {task.spec.name} is valid ({len(task.test)} test, "
            f"{counted(len(task.train), 'train question')})"
        )


def _tasks_schema(options: argparse.Namespace) -> None:
    from harness.spec.reference import field_table, refresh
    from harness.spec.schema import task_json_schema

    if options.markdown == Path("-"):
        print(field_table(), end="")
    elif options.markdown:
        refresh(options.markdown)
        print(options.markdown)
    else:
        print(json.dumps(task_json_schema(), indent=2, ensure_ascii=False))


def _tasks_new(options: argparse.Namespace) -> None:
    from harness.spec.schema import scaffold

    for path in scaffold(TASKS, options.name):
        print(path)


def _tasks_export(options: argparse.Namespace) -> None:
    from harness.export.lm_eval import export
    from harness.spec.task import load_tasks

    unused = [f"--{name}" for name in ("model", "embedder") if getattr(options, name) is not None]
    if unused and not options.with_context:
        raise InputError(f"{' and '.join(unused)} serve --with-context only; add it, or leave them out.")
    (task,) = load_tasks([options.task], TASKS)
    _check_corpora([task])
    turns = None
    if options.with_context:
        from harness.export.passages import turns_with_passages
        from harness.run.settings import Settings
        from harness.run.tools import load_tools

        tools = load_tools(Settings(tasks=(), model=options.model, embedder=options.embedder))
        turns = turns_with_passages(task, tools)
    for path in export(task, options.folder, turns):
        print(path)


# models


def _models_list(options: argparse.Namespace) -> None:
    from harness.files import cache_root
    from harness.models.store import listing

    rows = listing(cache_root())
    if options.json:
        fields = ("name", "kind", "licence", "size_bytes", "source", "present", "default")
        print(json.dumps({"models": [{name: getattr(row, name) for name in fields} for row in rows]}))
        return
    for row in rows:
        state = "present" if row.present else "not fetched"
        size = f"{row.size_bytes / 1e6:.0f} MB"
        print(f"{row.name:<24} {row.kind:<9} {row.licence:<11} {size:>7}  {state:<12} {row.source}")


def _models_pull(options: argparse.Namespace) -> None:
    from harness.files import cache_root
    from harness.models.store import pull
    from harness.progress import Terminal

    for folder in pull(options.names or None, cache_root(), Terminal()):
        print(f"{folder.name}: {folder.path}")
