"""What a person sees while the program works: notes and bars on standard error, bars only on a terminal."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from typing import IO, Any, Protocol, cast

from harness.process import AsIs, harmless


class Progress(Protocol):
    """Where long work reports to. Standard output stays free for results."""

    def note(self, message: str) -> None:
        """Say one line."""

    def track(self, label: str, total: int) -> contextlib.AbstractContextManager[Callable[[int], None]]:
        """Open a bar of `total` units; the yielded function advances it."""


class Terminal:
    """Notes on standard error; bars with the time left where standard error is a terminal.

    What several threads do at once has its bars in one view.
    """

    def __init__(self) -> None:
        self._shown: Any = None
        self._tracks = 0
        self._changing = threading.Lock()

    def note(self, message: str) -> None:
        with self._changing:
            if self._shown is None:
                print(message, file=sys.stderr, flush=True)
            else:  # above the bars
                self._shown.console.print(message, markup=False, highlight=False, soft_wrap=True)

    @contextlib.contextmanager
    def track(self, label: str, total: int) -> Iterator[Callable[[int], None]]:
        if not sys.stderr.isatty():
            yield lambda _advance: None
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
