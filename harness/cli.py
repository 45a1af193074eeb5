"""The command line: errors become sentences and exit codes here. What each command does stands in `commands/`."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from harness import __version__
from harness.commands.compare import add_compare
from harness.commands.init import add_init
from harness.commands.models import add_models
from harness.commands.regression import add_accept, add_check, add_diff, add_trend
from harness.commands.report import add_decide, add_report
from harness.commands.tasks import add_tasks
from harness.errors import HarnessError, InputError, RunInterrupted, did_you_mean, shown
from harness.process import Output, standard_streams, stoppable
from harness.quantities import listed

COMMANDS = (
    add_init, add_compare, add_tasks, add_models, add_report, add_decide, add_check, add_accept, add_diff, add_trend,
)  # fmt: skip
"""In the order of `--help`."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code. `argv` None: that of the process, which ends afterwards.

    0 done, 1 failed or incomplete, 2 wrong usage or input; of `check` also 3 inconclusive and 4 regression.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    with stoppable(for_good=argv is None), standard_streams() as out:
        try:
            return _written(out, _command(arguments))
        except SystemExit as left:  # --help and --version
            raise SystemExit(_written(out, left.code)) from None
        except KeyboardInterrupt:
            out.drop()  # its reader does not read, and would be waited for again
            return _stopped()


def _command(arguments: list[str]) -> int:
    """Run a command; a user's mistake and a stop become sentences here."""
    try:
        _check_surroundings(arguments)
        options = parser().parse_args(arguments)
        options.command = shlex.join(["harness", *arguments])
        return options.run(options) or 0
    except HarnessError as error:
        print(f"harness: {error}", file=sys.stderr)
        return error.exit_code
    except (
        PermissionError
    ) as error:  # a file or folder that is not this user's to look into, wherever one is met
        if error.filename is None:
            raise
        print(f"harness: {shown(str(error.filename), 200)}: {error.strerror}.", file=sys.stderr)
        return InputError.exit_code
    except KeyboardInterrupt:
        return _stopped()


def _stopped() -> int:
    print("harness: stopped.", file=sys.stderr)
    return RunInterrupted.exit_code


T = TypeVar("T")


def _written(out: Output, code: T) -> T | int:
    """The exit code of a command, or that of a failure where standard output did not take what it said."""
    out.flush()
    if out.fault is None:
        return code
    print(f"harness: could not write standard output: {out.fault.strerror}.", file=sys.stderr)
    return HarnessError.exit_code


def _check_surroundings(arguments: Sequence[str]) -> None:
    """Raises InputError where the command line is not UTF-8 text, or the current folder is gone."""
    for text in arguments:
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InputError(f"{shown(text, 200)} is not UTF-8 text; give the file another name.") from None
    try:
        Path.cwd()
    except OSError as error:
        raise InputError(f"the current folder cannot be used: {error.strerror}.") from error


class _Parser(argparse.ArgumentParser):
    """Refuses empty values and flags given twice, of which argparse takes the last without a word; names what was
    meant."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        for kind in (None, "store"):
            self.register("action", kind, _Once)

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        if not arg_string and action.nargs != argparse.PARSER:  # whose values are those of the command's own
            raise argparse.ArgumentError(action, "the value is empty")
        return super()._get_value(action, arg_string)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Raises InputError with the choice that is meant, in the words of all other mistakes."""
        if action.choices is None or value in action.choices:
            return
        choices = [*map(str, action.choices)]
        near = did_you_mean(str(value), choices)
        if isinstance(action, argparse._SubParsersAction):
            raise InputError(
                f"{self.prog} has no command {shown(value)}{near}; its commands are {listed(choices)}. See: "
                f"{self.prog} --help"
            )
        raise argparse.ArgumentError(
            action, f"is {shown(value)}, which is none of {', '.join(choices)}{near}"
        )

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """An unknown flag of a command is reported by that command's parser, not by that of `harness`."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown and self._subparsers is None:
            self._refuse(unknown)
        return found, unknown

    def _refuse(self, unknown: Sequence[str]) -> NoReturn:
        """Raises InputError for the first flag that a command does not have, else for what is too much."""
        flags = [flag for flag in self._option_string_actions if flag.startswith("--")]
        wrong = next((text.partition("=")[0] for text in unknown if text.startswith("-")), None)
        if wrong is None:
            raise InputError(f"{self.prog} takes no further {shown(unknown[0])}. See: {self.prog} --help")
        near = did_you_mean(wrong, flags)
        raise InputError(f"{self.prog} has no flag {shown(wrong)}{near}. See: {self.prog} --help")

    def error(self, message: str) -> NoReturn:
        if message.endswith("expected one argument"):  # or it was taken for a flag, as -1e5 is
            message += ", and one that begins with a dash is written --flag=VALUE"
        raise InputError(f"{message}. See: {self.prog} --help")


class _Once(argparse._StoreAction):
    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        if option_string and getattr(namespace, self.dest, self.default) is not self.default:
            raise argparse.ArgumentError(self, "is given twice")
        super().__call__(parser, namespace, values, option_string)


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
