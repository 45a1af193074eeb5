"""`compare`: the main job; its flags and the settings they make stand in `run_flags.py`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.commands import REPORTS, TASKS
from harness.commands.run_flags import add_run_flags, resumed_settings, settings_of
from harness.commands.tasks import check_corpora
from harness.errors import HarnessError, InputError, RunInterrupted
from harness.quantities import counted, listed, whole
from harness.steps import typed

if TYPE_CHECKING:
    from harness.analysis.results.run import RunResult
    from harness.corpus.inventory import Corpora
    from harness.lmeval.load import Wanted
    from harness.run.estimate import Estimate
    from harness.run.settings import Settings
    from harness.run.tools import Tools
    from harness.spec.task import Task


def add_compare(commands: Any) -> None:
    compare = commands.add_parser("compare", help="run tasks under several strategies and write a report")
    add_run_flags(compare)
    compare.set_defaults(run=_compare)


def _compare(options: argparse.Namespace) -> None:
    from harness.commands.live import page_of
    from harness.report.decisions import at_run
    from harness.report.terminal import print_results
    from harness.run.begin import new_id
    from harness.run.compare import compare, dry_run, fit_within
    from harness.run.folder import PAGE, check_output
    from harness.run.lock import writing_alone
    from harness.run.tools import load_tools

    if options.json and not options.dry_run:
        raise InputError("--json prints a plan: add --dry-run. A run keeps its figures in results.json.")
    began = time.perf_counter()
    settings = resumed_settings(options) if options.resume else settings_of(options, TASKS)
    if options.within and (settings.optimise_prompt or settings.learning_curve):
        raise InputError(
            "--within plans neither --optimise-prompt nor --learning-curve: leave these out, or --within."
        )
    tasks, corpora = _tasks_of(settings, allow_code=options.allow_task_code)
    run_id = new_id()
    output = options.resume or options.output or REPORTS / run_id
    if options.resume:
        with writing_alone(output):
            pass  # found out before anything is loaded
    elif not options.dry_run:
        check_output(output)
    with _spread(load_tools(settings), options, settings.date, run_id) as tools:
        _tell(tasks, corpora)
        if options.within:
            settings, tasks = fit_within(settings, tasks, tools, options.within, began, corpora)
            tools.progress.note(str(settings.within and settings.within.in_words))
        if options.dry_run:
            _print_plan(dry_run(settings, tasks, tools, options.resume, corpora), options.json)
            return
        resume, command = bool(options.resume), options.command
        with page_of(output, tools.progress.note) as page:
            folder = compare(
                settings,
                tasks,
                tools,
                output,
                resume=resume,
                command=command,
                run_id=run_id,
                corpora=corpora,
                reached=page,
            )
    results = _reported(folder)
    print_results(at_run(results, folder))
    tools.progress.note(f"The report: {folder / PAGE}")
    print(folder)
    _refuse_incomplete(results, folder)


def _tasks_of(settings: Settings, *, allow_code: bool) -> tuple[list[Task], Corpora]:
    """The tasks of a run and their documents. Raises InputErrors with all their mistakes, before any model loads."""
    from harness.lmeval.load import open_tasks
    from harness.spec.task import load_tasks

    tasks = load_tasks([*map(_from_here, settings.task_files)], TASKS)
    return check_corpora(open_tasks(tasks, allow_code=allow_code, wanted=_wanted(settings)))


def _from_here(path: str) -> str:
    """The path of a task file as messages name it: below this folder without the way to it.

    A name alone stays a path, as a task may be called so.
    """
    here, file = Path.cwd(), Path(path)
    below = file.relative_to(here) if file.is_relative_to(here) else file
    return str(below) if below.suffix or len(below.parts) > 1 else path


def _spread(
    tools: Tools, options: argparse.Namespace, date: str, run_id: str
) -> AbstractContextManager[Tools]:
    """The tools of a run, whose work is shared out where `--workers` or `--ray` asks for it."""
    if options.ray is None and (options.workers or 1) == 1:
        return nullcontext(tools)
    if options.within and options.ray is not None:
        raise InputError("--within plans for one process: leave it out, or --ray.")
    if options.within:
        tools.progress.note("  one process computes: --within plans for one")
        return nullcontext(tools)
    from harness.cluster.open import spread

    return spread(tools, options.ray, options.workers, date, run_id)


def _refuse_incomplete(results: RunResult, folder: Path) -> None:
    """Raises HarnessError where something that the run was to ask has no answer."""
    if results.set_aside:
        raise HarnessError(
            f"the run is incomplete: {listed(results.set_aside)} could not go on (see the report)."
        )
    if results.missing_answers:
        raise HarnessError(_missing(results, folder))
    if results.status == "interrupted":  # what --repeat asked again
        raise HarnessError(
            "some answers to questions that were asked again could not be had, and stand in no figure. Ask for them "
            f"with: {typed('compare', '--resume', folder)}"
        )


def _print_plan(planned: Estimate, as_json: bool) -> None:
    from harness.files import to_json
    from harness.report import plain
    from harness.report.planned import blocks

    print(to_json(planned, indent=2) if as_json else plain.render(blocks(planned)).lstrip("\n"))


def _missing(results: RunResult, folder: Path) -> str:
    """A sentence: how many answers are missing and why, and the way to go on."""
    from harness.run.missing import reasons

    why = reasons(
        (row.reason, row.n) for system in results.systems for row in system.missing if not row.final
    )
    there = sum(system.n_answered for system in results.systems)
    return (
        f"{counted(results.missing_answers, 'answer')} of {whole(there + results.missing_answers)} could not be "
        f"had: {why}. They count neither as right nor as wrong. Ask for them again with: "
        f"{typed('compare', '--resume', folder)}"
    )


def _reported(folder: Path) -> RunResult:
    """Write the reports of a run that ended. An error says that the run itself is whole."""
    from harness.report.write import write_reports

    way = f"The run is complete; write its reports with: {typed('report', folder)}"
    try:
        return write_reports(folder)
    except KeyboardInterrupt:
        raise RunInterrupted(f"stopped. {way}") from None
    except HarnessError as error:
        if isinstance(error.__cause__, OSError) and not isinstance(error, InputError):  # a full disk
            raise HarnessError(f"{error} {way}") from error.__cause__
        raise


def _wanted(settings: Settings) -> Wanted:
    from harness.lmeval.load import Wanted
    from harness.run.settings import effort

    return Wanted(effort(settings).questions, settings.seed, settings.adapted)


def _tell(tasks: Sequence[Task], corpora: Corpora) -> None:
    """Say what was read of each corpus, and what was not, before anything long begins."""
    from harness.corpus.inventory import tell
    from harness.progress import Terminal

    for path in dict.fromkeys(task.corpus for task in tasks if task.corpus):
        names = listed(task.name for task in tasks if task.corpus == path)
        tell(names, corpora.read(path).inventory, Terminal())
