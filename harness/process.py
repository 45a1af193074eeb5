"""The program as a process: its standard streams, and the signals that stop it.

A reader that leaves (`harness check … | head -1`) takes nothing from the exit code; output that cannot be written
(a full disk) is a failure that is said. Ctrl-C, a terminal that closes and a request to end are one KeyboardInterrupt.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import re
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Any, TextIO

# Memory


@contextlib.contextmanager
def keeping() -> Iterator[None]:
    """Without garbage collection, which takes a quarter of the time of work on many records that stay."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


# Standard streams


_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Characters that move the cursor, change colours, end lines or turn the direction of writing."""


def harmless(text: str) -> str:
    """Text that cannot act on a terminal: what would is written as JSON writes it, `\\u001b`."""
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class Output:
    """A standard stream that shows all text as text, and never stops the program.

    `fault`: why text was lost, if not because the reader left.
    """

    def __init__(self, stream: TextIO | None) -> None:
        # One that was closed before the start is None, and print(file=None) would write to standard output.
        self._stream = stream or io.StringIO()
        self.fault: OSError | None = None
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")  # where the terminal's encoding has no ✓

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        return self.write_as_is(harmless(text))

    def write_as_is(self, text: str) -> int:
        """Write the escape sequences of bars and tables too; what they show must be harmless."""
        try:
            return self._stream.write(text)
        except OSError as error:
            self._lose(error)
            return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self._lose(error)

    def _lose(self, error: OSError) -> None:
        if not isinstance(error, BrokenPipeError):
            self.fault = error
        self.drop()

    def drop(self) -> None:
        """Send what is buffered and what follows nowhere: the interpreter would fail on it, or wait, at its end."""
        with contextlib.suppress(OSError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


class AsIs:
    """A standard stream for a library that lays out text with escape sequences."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.write = stream.write_as_is if isinstance(stream, Output) else stream.write

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def standard_streams() -> Iterator[Output]:
    """Put an `Output` in the place of standard output and error, which are flushed at the end. Yields the first."""
    _occupy()
    before = sys.stdout, sys.stderr
    out, err = Output(sys.stdout), Output(sys.stderr)
    sys.stdout, sys.stderr = out, err
    try:
        yield out
    finally:
        out.flush()
        err.flush()
        sys.stdout, sys.stderr = before


def _occupy() -> None:
    """Open the null device in place of closed standard descriptors: a file of the run would get their number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one


# Signals


STOPPING = ("SIGINT", "SIGTERM", "SIGHUP")


@contextlib.contextmanager
def stoppable(*, for_good: bool) -> Iterator[None]:
    """Let each signal that asks the program to stop raise KeyboardInterrupt in the block.

    One that is ignored (under nohup) stays so. `for_good`: the process ends after the block, and nothing disturbs that.
    """
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        known = [getattr(signal, name) for name in STOPPING if hasattr(signal, name)]
        default = (signal.default_int_handler, signal.SIG_DFL)
        before = {number: signal.getsignal(number) for number in known}
        before = {number: handler for number, handler in before.items() if handler in default}
    for number in before:
        signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if for_good else handler)


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt, unless the code that the signal came into is tidying up after an earlier one."""
    handled = sys.exc_info()[1]
    while handled is not None:
        if isinstance(handled, KeyboardInterrupt):
            return
        handled = handled.__context__
    raise KeyboardInterrupt
