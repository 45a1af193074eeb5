"""Every error a user can cause, and the exit code each one owns.

    HarnessError                 exit 1   the run failed or could not finish
    ├── InputError               exit 2   something a person wrote is wrong (file:line:column where known)
    │   └── InputErrors          exit 2   several of them, shown together
    ├── ModelUnavailable         exit 1   weights cannot be fetched, verified or loaded
    ├── TrainingFailed           exit 1   the fine-tune diverged or produced nothing
    └── RunInterrupted           exit 1   stopped by the user; the run can be resumed

A bug is none of these: it keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any


class HarnessError(Exception):
    """The run failed or could not finish. The message is a sentence for the person who can mend it."""

    exit_code = 1


class InputError(HarnessError):
    """Something a person wrote (a file, a flag) is wrong."""

    exit_code = 2

    def __init__(
        self, message: str, *, path: Path | None = None, line: int | None = None, column: int | None = None
    ) -> None:
        place = ":".join(str(part) for part in (path, line, column) if part is not None)
        super().__init__(f"{place}: {message}" if place else message)


class InputErrors(InputError):
    """All mistakes of one file or one command line, shown at once."""

    def __init__(self, errors: Sequence[InputError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = tuple(errors)


class ModelUnavailable(HarnessError):
    """Model weights cannot be fetched, verified or loaded."""


class TrainingFailed(HarnessError):
    """The fine-tune diverged, or left nothing that could be measured."""


class RunInterrupted(HarnessError):
    """Stopped by the user. What was answered is kept and the run can be resumed."""


def shown(value: Any, limit: int = 60) -> str:
    """A value as it is quoted in a message: escaped, and cut where it is long."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
