"""The command line: one thin function a command; errors become sentences and exit codes here."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from harness import __version__
from harness.errors import HarnessError, InputError, RunInterrupted
from harness.spec.priceflags import add_price_flags, check_prices, price_settings
from harness.spec.requirement_flags import FIELDS, add_requirement_flags

if TYPE_CHECKING:
    from harness.run.settings import Settings

TASKS = Path("tasks")
REPORTS = Path("reports")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 done, 1 failed or incomplete, 2 wrong usage or input."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        options = _parser().parse_args(arguments)
        options.command = " ".join(["harness", *arguments])
        options.run(options)
    except HarnessError as error:
        print(f"harness: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("harness: stopped.", file=sys.stderr)
        return RunInterrupted.exit_code
    except BrokenPipeError:  # the reader of our output left, as in `harness … | head`
        sys.stderr.close()
        return 0
    return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
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
    report.add_argument("--json", action="store_true", help="print results.json and nothing else")
    report.set_defaults(run=_report)
    decide = commands.add_parser(
        "decide", help="the recommendation again, under other prices or requirements"
    )
    decide.add_argument("folder", metavar="RUN", type=Path)
    decide.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    add_requirement_flags(decide)
    add_price_flags(decide)
    decide.set_defaults(run=_decide)
    return parser


def _compare_parser(commands: Any) -> None:
    compare = commands.add_parser("compare", help="run tasks under several strategies and write a report")
    add = compare.add_argument
    add("tasks", nargs="*", metavar="TASK", help="name in tasks/ or path of a YAML file; none: every task")
    add("--strategies", metavar="A,B", help="comma-separated (default: base,lora,rag,oracle)")
    add("--model", metavar="NAME", help="catalogue name, local folder, GGUF file or hub name")
    add("--revision", metavar="REV", help="revision of a hub model")
    add("--embedder", metavar="NAME", help="catalogue name, local folder or hub name")
    add("--device", help="cpu, cuda, cuda:1, mps (default: cuda where there is one)")
    add("--dtype", help="float32, bfloat16 or float16 (default: float32 on a CPU, bfloat16 on CUDA)")
    add("--limit", type=_positive, metavar="N", help="a seeded sample of N questions a task")
    add(
        "--latency-queries",
        type=_count,
        metavar="N",
        help="questions timed one at a time (default 20, 0: none)",
    )
    add("--seed", type=_count, metavar="N", help="seed of sampling, training and order (default 0)")
    add("--seeds", type=_positive, metavar="N", help="train each adapter N times, with seeds from --seed on")
    add("--quick", action="store_true", help="a few questions and two epochs: not fit for decisions")
    add("--no-cache", action="store_true", help="neither read nor write the cache of answers")
    add("--output", type=Path, metavar="DIR", help="run folder (default: reports/<UTC time>-<hash>)")
    add("--resume", type=Path, metavar="RUN", help="go on with a run that was stopped, with its own settings")
    add_requirement_flags(compare)
    add_price_flags(compare)
    compare.set_defaults(run=_compare)


def _tasks_parser(commands: Any) -> None:
    tasks = commands.add_parser("tasks", help="list, validate or start task files")
    verbs = tasks.add_subparsers(required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="the tasks in tasks/")
    listing.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    listing.set_defaults(run=_tasks_list)
    validate = verbs.add_parser("validate", help="check task files, their questions and gold documents")
    validate.add_argument("tasks", nargs="*", metavar="TASK")
    validate.set_defaults(run=_tasks_validate)
    schema = verbs.add_parser("schema", help="print the JSON schema of a task file")
    schema.set_defaults(run=_tasks_schema)
    new = verbs.add_parser("new", help="write a small task to start from")
    new.add_argument("name", metavar="NAME")
    new.set_defaults(run=_tasks_new)


def _models_parser(commands: Any) -> None:
    models = commands.add_parser("models", help="list or fetch the default models")
    verbs = models.add_subparsers(required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="name, licence, size, source, present or not")
    listing.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    listing.set_defaults(run=_models_list)
    pull = verbs.add_parser("pull", help="fetch models (default: all)")
    pull.add_argument("names", nargs="*", metavar="NAME")
    pull.set_defaults(run=_models_pull)


def _positive(text: str) -> int:
    return _integer(text, 1)


def _count(text: str) -> int:
    return _integer(text, 0)


def _integer(text: str, least: int) -> int:
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if value < least:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} up")
    return value


# compare


def _compare(options: argparse.Namespace) -> None:
    from harness.report.terminal import print_results
    from harness.report.write import write_reports
    from harness.run.compare import compare, default_output
    from harness.run.folder import check_output
    from harness.run.tools import load_tools
    from harness.spec.task import load_tasks

    settings = _resumed_settings(options) if options.resume else _settings(options)
    tasks = load_tasks(settings.tasks, TASKS)
    _check_corpora(tasks)
    output = options.resume or options.output or default_output(REPORTS, settings)
    if not options.resume:
        check_output(output)
    tools = load_tools(settings)
    folder = compare(settings, tasks, tools, output, resume=bool(options.resume), command=options.command)
    print_results(write_reports(folder))
    print(folder)


def _settings(options: argparse.Namespace) -> Settings:
    from harness.run.settings import Settings
    from harness.spec.strategy import parse_strategies
    from harness.spec.task import find_tasks

    given: dict[str, Any] = {
        name: getattr(options, name)
        for name in ("model", "revision", "embedder", "device", "dtype", "limit", "latency_queries", "seed", "seeds")
        if getattr(options, name) is not None
    }  # fmt: skip
    if options.strategies is not None:
        names = [name.strip() for name in options.strategies.split(",") if name.strip()]
        given["strategies"] = tuple(strategy.name for strategy in parse_strategies(names))
    given |= _required(options)
    given |= price_settings(options)
    check_prices(given, datetime.now(UTC).date())
    tasks = tuple(str(path.resolve()) for path in find_tasks(options.tasks, TASKS))
    return Settings(tasks=tasks, quick=options.quick, use_cache=not options.no_cache, **given)


def _required(options: argparse.Namespace) -> dict[str, Any]:
    """The settings that keep what the user needs; none where nothing was said."""
    if options.requirements is None and all(getattr(options, field) is None for field in FIELDS):
        return {}
    from harness.spec.requirements import requirements_from

    needs = requirements_from(options)
    if needs is None:
        return {}
    return {"requirements": needs.model_dump(exclude_unset=True), "monthly_queries": needs.monthly_queries}


def _resumed_settings(options: argparse.Namespace) -> Settings:
    from harness.run.folder import read_manifest
    from harness.run.settings import Settings

    free = {"resume", "run", "command", "tasks", "quick", "no_cache"}
    extra = [name for name, value in vars(options).items() if name not in free and value is not None]
    extra += [name for name in ("tasks", "quick", "no_cache") if getattr(options, name)]
    if extra:
        known = {"tasks": "TASK", **FIELDS}
        flags = ", ".join(known.get(name, "--" + name.replace("_", "-")) for name in extra)
        raise InputError(f"--resume goes on with the run's own settings; leave out {flags}.")
    manifest = read_manifest(options.resume)
    try:
        return Settings.from_json(manifest["settings"])
    except (KeyError, TypeError) as error:
        raise InputError(f"{options.resume} cannot be resumed: its settings are not known here.") from error


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
    from harness.report.terminal import print_results
    from harness.report.write import write_reports

    results = write_reports(options.folder)
    if options.json:
        print(json.dumps(results, ensure_ascii=False))
        return
    print_results(results)
    print(options.folder)


# decide


def _decide(options: argparse.Namespace) -> None:
    from dataclasses import replace

    from harness.analysis.decision.election import stored_requirements
    from harness.analysis.evidence import read_run
    from harness.analysis.results import derive
    from harness.report import decide
    from harness.spec.priceflags import repriced
    from harness.spec.requirements import Requirements, requirements_from

    run = read_run(options.folder)
    needs = requirements_from(options, stored_requirements(run.manifest)) or Requirements()
    run = replace(run, manifest=repriced(run.manifest, price_settings(options)))
    results = derive(run, needs=needs)
    print(json.dumps(decide.document(results), ensure_ascii=False) if options.json else decide.text(results))


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
            f"{task.path}: {task.spec.name} is valid ({len(task.test)} test, {len(task.train)} train questions)"
        )


def _tasks_schema(_options: argparse.Namespace) -> None:
    from harness.spec.schema import task_json_schema

    print(json.dumps(task_json_schema(), indent=2, ensure_ascii=False))


def _tasks_new(options: argparse.Namespace) -> None:
    from harness.spec.schema import scaffold

    for path in scaffold(TASKS, options.name):
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
