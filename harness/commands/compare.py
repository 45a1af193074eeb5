"""`compare`: the main job."""

from __future__ import annotations

import argparse
from typing import Any

from harness.commands import REPORTS, TASKS
from harness.commands.corpora import check_corpora
from harness.run.flags import add_run_flags, resumed_settings, settings_of


def add_compare(commands: Any) -> None:
    compare = commands.add_parser("compare", help="run tasks under several strategies and write a report")
    add_run_flags(compare)
    compare.set_defaults(run=_compare)


def _compare(options: argparse.Namespace) -> None:
    from harness.lmeval.load import open_tasks
    from harness.report.terminal import print_results
    from harness.report.write import write_reports
    from harness.run.compare import compare, default_output
    from harness.run.folder import check_output
    from harness.run.tools import load_tools
    from harness.spec.task import load_tasks

    settings = resumed_settings(options) if options.resume else settings_of(options, TASKS)
    tasks = open_tasks(load_tasks(settings.task_files, TASKS), allow_code=settings.allow_task_code)
    check_corpora(tasks)
    output = options.resume or options.output or default_output(REPORTS, settings)
    if not options.resume:
        check_output(output)
    tools = load_tools(settings)
    folder = compare(settings, tasks, tools, output, resume=bool(options.resume), command=options.command)
    print_results(write_reports(folder))
    print(folder)
