"""Work that waits for a server: done from several threads at once, its results as they come."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class _Raised:
    error: BaseException


@dataclass(frozen=True, slots=True)
class _Ended:
    """A thread that does no more."""


def as_they_come(work: Callable[[T], R], items: Sequence[T], threads: int) -> Generator[list[R], None, None]:
    """Do `work` on each item from so many threads and yield what is ready, as soon as something is: a list at a time.

    After an error nothing more is begun; what was begun is waited for and yielded, and then the first error is raised.
    Closing the iterator, or interrupting it, begins nothing more and waits for nothing. At most twice as many items as
    threads are begun and not taken: whoever takes results slowly is waited for.
    """
    results: SimpleQueue[R | _Raised | _Ended] = SimpleQueue()
    stopped, taking = threading.Event(), threading.Lock()
    places = threading.Semaphore(2 * threads)
    left = iter(items)

    def next_item() -> Iterator[T]:
        while True:
            places.acquire()
            with taking:
                if stopped.is_set():
                    return
                try:
                    item = next(left)
                except StopIteration:
                    return
            yield item

    def run() -> None:
        for item in next_item():
            try:
                results.put(work(item))
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised where results are taken
                stopped.set()
                results.put(_Raised(error))
        results.put(_Ended())

    # Daemons: a program that is told to stop does not wait until a server has answered.
    running = [threading.Thread(target=run, daemon=True) for _ in range(min(threads, len(items)))]
    for thread in running:
        thread.start()
    first: _Raised | None = None
    try:
        waiting = len(running)
        while waiting:
            ready: list[R] = []
            for result in _taken(results):
                if isinstance(result, _Ended):
                    waiting -= 1
                elif isinstance(result, _Raised):
                    first = first or result
                    places.release(threads)
                else:
                    ready.append(result)
            if ready:
                yield ready
                places.release(len(ready))
        if first:
            raise first.error
    finally:
        stopped.set()
        places.release(threads)


def _taken(results: SimpleQueue[T]) -> list[T]:
    """What is ready, and at least one."""
    taken = [results.get()]
    with contextlib.suppress(Empty):
        while True:
            taken.append(results.get_nowait())
    return taken
