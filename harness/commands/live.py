"""Keeps the page of a run that goes on: writes it when there is more to show, and never stops the run."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import harness
from harness.engines.engine import Clock
from harness.errors import HarnessError
from harness.quantities import seconds

SHARE = 0.08
"""The most of a run's time that its page may take, but for pages before something long."""

FIRST_S = 5.0
"""A run that is over sooner has no page before its end."""

LONGEST_S = 300.0

Note = Callable[[str], None]


class NotWritten(Exception):
    """The page could not be derived; the reason is the message."""


def write_apart(folder: Path) -> None:
    """Write the reports of a run in a process of its own, and wait for it. Raises NotWritten.

    `-P`: Python would look for every module in the current folder first, which may hold anybody's task.
    """
    home = str(Path(harness.__file__).parents[1])
    path = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH")]))
    try:
        done = subprocess.run(  # noqa: S603  (the program itself)
            [sys.executable, "-P", "-m", "harness.report.live", str(folder.resolve())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            timeout=LONGEST_S,
            check=False,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,  # Ctrl-C is the run's own matter
        )
    except subprocess.TimeoutExpired as error:
        raise NotWritten(f"it took longer than {seconds(LONGEST_S)}") from error
    except OSError as error:
        raise NotWritten(str(error)) from error
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise NotWritten(said[-1] if said else f"it ended with {done.returncode}")


@dataclass
class LivePage:
    """`__call__` is what a run calls where there is more to report (`run.pipeline.Reached`).

    A page costs seconds, so it waits until the run has gone on for some of them, unless something long follows.
    """

    folder: Path
    note: Note
    clock: Clock = time.monotonic
    write: Callable[[Path], None] = write_apart
    written: bool = False
    _failed: bool = field(default=False, init=False)
    _news: bool = field(default=False, init=False)
    _first: float = field(default=0.0, init=False)
    _next: float = field(default=0.0, init=False)
    _writing: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        self._first = self._next = self.clock() + FIRST_S

    def __call__(self, for_a_while: bool) -> None:
        if not self._writing.acquire(blocking=False):
            self._news = self._news or not for_a_while
            return  # another strand of the run writes it
        try:
            self._look(for_a_while)
        finally:
            self._writing.release()

    def _look(self, for_a_while: bool) -> None:
        self._news = self._news or not for_a_while
        start = self.clock()
        due = start >= (self._first if for_a_while else self._next)
        if self._failed or not self._news or not due:
            return
        try:
            self.write(self.folder)
        except NotWritten as why:
            self._failed = True
            self.note(f"  The page is written at the end; it could not be before: {why}")
            return
        if not self.written:
            from harness.run.folder import PAGE

            self.note(f"  What is known so far stands in {self.folder / PAGE}, which grows with the run")
        self.written, self._news = True, False
        self._next = self.clock() + (self.clock() - start) / SHARE


@contextlib.contextmanager
def page_of(folder: Path, note: Note) -> Iterator[LivePage]:
    """Around a run: its page while it goes on. Where it ends early, the page says how and is not read again."""
    from harness.report.write import write_reports

    page = LivePage(folder, note)
    try:
        yield page
    except BaseException:
        if page.written:
            with contextlib.suppress(HarnessError):
                write_reports(folder)
        raise
