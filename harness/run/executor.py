"""Who maps pure units of work over batches: this process today."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

W = TypeVar("W")
R = TypeVar("R")


class Executor(Protocol):
    """Applies `work` to every unit and yields the results in the units' order, each as soon as it is there.

    Work has no side effect that another unit sees, so that it may run anywhere and twice; whoever asked writes down
    what came of it.
    """

    def map(self, work: Callable[[W], R], units: Iterable[W]) -> Iterator[R]: ...


class InProcess:
    """Implements `Executor`: one unit after the other, here."""

    def map(self, work: Callable[[W], R], units: Iterable[W]) -> Iterator[R]:
        return (work(unit) for unit in units)
