"""What a person sees while the program works: notes on standard error; bars on a terminal, else one line per minute."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Protocol, cast

from harness.process import AsIs, harmless
from harness.quantities import seconds

EVERY_S = 60.0
"""How often long work says how far it is where there are no bars: a log of hours stays readable."""
SOON_S = 1.0
"""What is told within this time of the first telling came with it, and says nothing of how fast the rest goes."""


class Progress(Protocol):
    """Where long work reports to. Standard output stays free for results."""

    def note(self, message: str) -> None:
        """Say one line."""

    def track(self, label: str, total: int) -> contextlib.AbstractContextManager[Callable[[int], None]]:
        """Open a bar of `total` units; the yielded function advances it."""


class Terminal:
    """Notes on standard error; bars with the time left where that is a terminal, else one line per minute.

    What several threads do at once has its bars in one view.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._shown: Any = None
        self._tracks = 0
        self._changing = threading.Lock()

    def note(self, message: str) -> None:
        with self._changing:
            if self._shown is None:
                print(message, file=sys.stderr, flush=True)
            else:  # above the bars
                console = self._shown.console
                console.print(harmless(message), markup=False, emoji=False, highlight=False, soft_wrap=True)

    @contextlib.contextmanager
    def track(self, label: str, total: int) -> Iterator[Callable[[int], None]]:
        if not sys.stderr.isatty():
            yield Lines(label, total, self.note, self._clock)
            return
        with self._bars() as bars:
            bar = bars.add_task(harmless(label), total=total)
            try:
                yield lambda advance: bars.advance(bar, advance)
            finally:
                bars.remove_task(bar)

    @contextlib.contextmanager
    def _bars(self) -> Iterator[Any]:
        """The view of all bars, there as long as somebody needs it."""
        with self._changing:
            if self._shown is None:
                self._shown = _view()
                self._shown.start()
            self._tracks += 1
        try:
            yield self._shown
        finally:
            with self._changing:
                self._tracks -= 1
                if not self._tracks:
                    self._shown.stop()
                    self._shown = None


@dataclass
class Lines:
    """Says how far some work is, once in `EVERY_S` seconds; called with how many of its `total` units were done.

    What is told first was there already, or had waited for other work: it says nothing of how fast the rest goes.
    """

    label: str
    total: int
    note: Callable[[str], None]
    clock: Callable[[], float]
    _done: int = field(default=0, init=False)
    _already: int = field(default=0, init=False)
    _began: float | None = field(default=None, init=False)
    """When something was told first."""

    def __post_init__(self) -> None:
        self._told = self.clock()

    def __call__(self, advance: int) -> None:
        now = self.clock()
        self._done += advance
        if self._began is None:
            self._began = now
        if now - self._began < SOON_S:
            self._already = self._done
        if now - self._told < EVERY_S or not self._already < self._done < self.total:
            return
        self._told = now
        left = (now - self._began) * (self.total - self._done) / (self._done - self._already)
        self.note(
            f"  {harmless(self.label)}: {self._done:,} of {self.total:,}, about {seconds(left)} of it left"
        )


def _view() -> Any:
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
        progress.TextColumn("left"),
        progress.TimeRemainingColumn(),
    )
    console = Console(file=cast(IO[str], AsIs(sys.stderr)))
    return progress.Progress(*columns, console=console, transient=True)
