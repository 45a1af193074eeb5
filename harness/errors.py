"""Every error a user can cause, and the exit code each one owns.

    HarnessError                 exit 1   the run failed or could not finish
    ├── InputError               exit 2   something a person wrote is wrong (file:line:column where known)
    │   ├── InputErrors          exit 2   several of them, shown together
    │   └── TaskFailed           exit 2   one task of a run cannot go on; exit 1 where others can
    ├── ModelUnavailable         exit 1   weights cannot be fetched, verified or loaded; a server refuses everything
    ├── NoAnswer                 exit 1   one request was not answered: its answer is missing, not wrong
    │   └── PromptTooLong        exit 1   since its prompt is longer than the model reads
    ├── TrainingFailed           exit 1   the fine-tune diverged or produced nothing
    ├── SpendingLimit            exit 1   the next request could cost more than the user allows; to be resumed
    └── RunInterrupted           exit 1   stopped by the user; the run can be resumed

A bug is none of these: it keeps its traceback.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class HarnessError(Exception):
    """The run failed or could not finish. The message is a sentence for the person who can mend it."""

    exit_code = 1


class LazyText:
    """A sentence that takes long to make, and is made where it is shown: of thousands, the first 20 are."""

    def __init__(self, make: Callable[..., str], *args: Any) -> None:
        self._make, self._args = make, args

    def __str__(self) -> str:
        return self._make(*self._args)


class InputError(HarnessError):
    """Something a person wrote (a file, a flag) is wrong."""

    exit_code = 2

    def __init__(
        self,
        message: str | LazyText,
        *,
        path: Path | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        self._place = ":".join(str(part) for part in (path, line, column) if part is not None)
        self._message = message
        super().__init__(message)

    def __str__(self) -> str:
        return f"{self._place}: {self._message}" if self._place else str(self._message)

    @property
    def errors(self) -> tuple[InputError, ...]:
        """The single mistakes: this one, or those that are shown together."""
        return (self,)


class InputErrors(InputError):
    """All mistakes of one file or one command line, shown at once."""

    def __init__(self, errors: Sequence[InputError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self._errors = tuple(errors)

    @property
    def errors(self) -> tuple[InputError, ...]:
        return self._errors


class TaskFailed(InputError):
    """One task of a run cannot go on, for a reason that its author can mend; the others can."""


SHOWN_AT_ONCE = 20


def raise_all(errors: Sequence[InputError]) -> None:
    """Raise all mistakes as one InputErrors, the first 20 spelled out; do nothing where there are none."""
    if not errors:
        return
    shown = list(errors[:SHOWN_AT_ONCE])
    if len(errors) > len(shown):
        shown.append(InputError(f"… and {len(errors) - len(shown)} more."))
    raise InputErrors(shown)


@contextmanager
def collecting(errors: list[InputError]) -> Iterator[None]:
    """Add the mistakes that the block raises to `errors`, and go on after it."""
    try:
        yield
    except InputError as error:
        errors += error.errors


class ModelUnavailable(HarnessError):
    """Model weights cannot be fetched, verified or loaded, or a server refuses whatever it is asked."""


class NoAnswer(HarnessError):
    """One request was not answered, which says nothing of the model. The message is a clause without a full stop.

    `attempts`: how often it was asked.
    """

    def __init__(self, reason: str, attempts: int = 1) -> None:
        super().__init__(reason)
        self.attempts = attempts


class PromptTooLong(NoAnswer):
    """A prompt is longer than the model reads: a result, which asking again does not change."""


class TrainingFailed(HarnessError):
    """The fine-tune diverged, or left nothing that could be measured."""


class SpendingLimit(HarnessError):
    """The next request could cost more than `--max-usd` leaves. What was answered is kept."""


class RunInterrupted(HarnessError):
    """Stopped by the user. What was answered is kept and the run can be resumed."""


def shown(value: Any, limit: int = 60) -> str:
    """A value as it is quoted in a message: escaped, and cut where it is long."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]  # as JSON and YAML have it
    if isinstance(value, str | bytes):
        value = value[: limit + 1]  # its end would be cut anyway, and may be long
    try:
        text = repr(value)
    except ValueError:  # Python writes no number of more than 4,300 digits
        text = "…, of thousands of digits"
    except RecursionError:
        text = f"a {type(value).__name__} that is nested too deeply"
    return text if len(text) <= limit else text[: limit - 1] + "…"


def did_you_mean(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """` (did you mean 'x'?)`, or nothing where no known word is near."""
    near = nearest(word, known, cutoff=cutoff)
    return f" (did you mean {near[0]!r}?)" if near else ""


_COMPARED, _LONGEST = 500, 200
"""The most words that are compared letter by letter, and the longest."""


def nearest(word: str, known: Iterable[str], most: int = 1, cutoff: float = 0.6) -> list[str]:
    """The known words most like `word`, whatever its case and dashes, the nearest first; `cutoff`: from 0 to 1.

    Of more than 500, those are compared that begin or end alike.
    """
    import difflib

    if len(word) > _LONGEST:
        return []
    wanted = _fold(word)
    folded = {_fold(name): name for name in known if len(name) <= _LONGEST}
    candidates: Iterable[str] = folded
    if len(folded) > _COMPARED:
        alike = (name for name in folded if name[:2] == wanted[:2] or name[-3:] == wanted[-3:])
        candidates = heapq.nlargest(_COMPARED, alike, key=lambda name: _shared(name, wanted))
    return [folded[near] for near in difflib.get_close_matches(wanted, candidates, n=most, cutoff=cutoff)]


def _shared(one: str, other: str) -> int:
    """How many letters two words share at the beginning and at the end."""
    ends = ((one, other), (one[::-1], other[::-1]))
    return sum(
        next((at for at, (a, b) in enumerate(zip(*pair, strict=False)) if a != b), len(one)) for pair in ends
    )


def _fold(word: str) -> str:
    return word.casefold().replace("-", "_").replace(" ", "_")
