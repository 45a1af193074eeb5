"""The command line: errors become sentences and exit codes here. What each command does stands in `commands/`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from harness import __version__
from harness.commands.compare import add_compare
from harness.commands.models import add_models
from harness.commands.regression import add_check, add_diff, add_trend
from harness.commands.report import add_decide, add_report
from harness.commands.tasks import add_tasks
from harness.errors import HarnessError, InputError, RunInterrupted

COMMANDS = (
    add_compare, add_tasks, add_models, add_report, add_decide, add_check, add_diff, add_trend,
)  # fmt: skip
"""In the order of `--help`."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    0 done, 1 failed or incomplete, 2 wrong usage or input; of `check` also 3 inconclusive and 4 regression.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        options = parser().parse_args(arguments)
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


def parser() -> argparse.ArgumentParser:
    """All commands with their flags."""
    made = _Parser(
        prog="harness",
        description="Measures prompting, retrieval and LoRA fine-tuning on the same questions.",
    )
    made.add_argument("--version", action="version", version=__version__)
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    for add in COMMANDS:
        add(commands)
    return made
