"""The executor of a run whose models are held by workers."""

from __future__ import annotations

import contextlib
import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, TypeVar

from harness.cluster.engine import SpreadEngine
from harness.cluster.pool import Pool, UnitLost
from harness.cluster.units import Done, Unit
from harness.run.ask import Failure
from harness.run.batches import Answers, Batch
from harness.run.executor import Strand, Work

T = TypeVar("T")
R = TypeVar("R")
U = TypeVar("U", bound=Unit[Any])

STRANDS = 64
"""So many strands go on at once: each waits for its own units, and later ones begin when it ends."""

AHEAD = 4
"""Units a worker that are made before one is taken, where their results have an order."""

LOOK_S = 5.0
"""How often whoever waits looks whether a worker is left."""


@dataclass(eq=False)
class SpreadExecutor:
    """Implements `Executor` over a pool. `whole`: makes a pool of one worker that has a machine to itself.

    `sharing`: how many workers share a machine.
    """

    pool: Pool
    whole: Callable[[], Pool]
    sharing: int = 1
    machines: int = 1
    _used: Pool = field(init=False)

    def __post_init__(self) -> None:
        self._used = self.pool

    @property
    def workers(self) -> int:
        return self.pool.count

    # Executor

    def map(self, work: Work, batches: Iterable[Batch]) -> Iterator[Answers]:
        engine = work.engine
        if not isinstance(engine, SpreadEngine):
            yield from map(work, batches)
            return
        bounds = engine.bounds(work.job)
        asked = {
            self.submit(engine.unit([work.job[place] for place in batch.places], work.adapter, bounds)): batch
            for batch in batches
        }
        for future in self._as_they_come(list(asked)):
            batch = asked.pop(future)
            try:
                done = engine.learn(future.result())
            except UnitLost as lost:
                yield Answers(batch, {}, None, failures=dict.fromkeys(batch.places, _failure(lost)))
                continue
            completions = dict(zip(batch.places, done.value, strict=True))
            yield Answers(batch, completions, done.seconds, sharing=self.sharing)

    def together(self, strands: Sequence[Strand]) -> None:
        if not strands:
            return
        threads = ThreadPoolExecutor(min(len(strands), STRANDS))
        going = [threads.submit(strand) for strand in strands]
        try:
            for future in self._as_they_come(going):
                future.result()
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            self._used.stop()
            raise
        finally:
            threads.shutdown(wait=True)

    def each(self, step: Callable[[T], R], items: Sequence[T]) -> Iterable[R]:
        found: dict[int, R] = {}

        def at(place: int) -> None:
            found[place] = step(items[place])

        self.together([functools.partial(at, place) for place in range(len(items))])
        return [found[place] for place in range(len(items))]

    def check(self) -> None:
        self._used.check()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        self.pool.close()
        self._used = self.whole()
        try:
            yield
        finally:
            self._used.close()
            self._used = self.pool

    # Crew

    def submit(self, unit: Unit[T]) -> Future[Done[T]]:
        return self._used.submit(unit)

    def wait(self, unit: Unit[T]) -> Done[T]:
        (future,) = self._as_they_come([self.submit(unit)])
        return future.result()

    def dismiss(self) -> None:
        self._used.close()

    def in_order(self, units: Iterable[U]) -> Iterator[tuple[U, Done[Any]]]:
        """What came of units that are computed together, in their order; a few are made ahead of what is taken."""
        going: deque[tuple[U, Future[Done[Any]]]] = deque()
        for unit in units:
            going.append((unit, self.submit(unit)))
            if len(going) >= AHEAD * self.workers:
                yield self._first(going)
        while going:
            yield self._first(going)

    def _first(self, going: deque[tuple[U, Future[Done[Any]]]]) -> tuple[U, Done[Any]]:
        unit, future = going.popleft()
        (future,) = self._as_they_come([future])
        return unit, future.result()

    def _as_they_come(self, futures: Sequence[Future[T]]) -> Iterator[Future[T]]:
        """Futures as they end. Raises ModelUnavailable where no worker is left to end them."""
        left = set(futures)
        while left:
            ended, left = wait(left, timeout=LOOK_S, return_when=FIRST_COMPLETED)
            yield from ended
            if not ended:
                self.check()


def _failure(lost: UnitLost) -> Failure:
    """Why a batch has no answers: asked again, it may have them."""
    return Failure(str(lost), attempts=lost.tries, final=False)
