"""What a person sees while the program works: notes and bars on standard error, bars only on a terminal."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import IO, Protocol, cast

from harness.process import AsIs, harmless


class Progress(Protocol):
    """Where long work reports to. Standard output stays free for results."""

    def note(self, message: str) -> None:
        """Say one line."""

    def track(self, label: str, total: int) -> contextlib.AbstractContextManager[Callable[[int], None]]:
        """Open a bar of `total` units; the yielded function advances it."""


class Terminal:
    """Notes on standard error; bars with the time left where standard error is a terminal."""

    def note(self, message: str) -> None:
        print(message, file=sys.stderr, flush=True)

    @contextlib.contextmanager
    def track(self, label: str, total: int) -> Iterator[Callable[[int], None]]:
        if not sys.stderr.isatty():
            yield lambda _advance: None
            return
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
        with progress.Progress(*columns, console=console, transient=True) as bars:
            bar = bars.add_task(harmless(label), total=total)
            yield lambda advance: bars.advance(bar, advance)
