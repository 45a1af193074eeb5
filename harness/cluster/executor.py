"""The executor of a run whose models are held by workers."""

from __future__ import annotations

import contextlib
import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from harness.cluster.engine import ClusterEngine
from harness.cluster.pool import Pool, UnitLost
from harness.cluster.units import Done, Part, Unit
from harness.engines.engine import Completion
from harness.run.ask import Failure
from harness.run.batches import Answers, Batch
from harness.run.executor import Strand, Work

T = TypeVar("T")
R = TypeVar("R")
U = TypeVar("U", bound=Unit[Any])

STRANDS = 64
"""The most strands that go on at once: each waits for its own units, and later ones begin when it ends."""

AHEAD = 4
"""Units a worker that are made before one is taken, where their results have an order."""

LOOK_S = 5.0
"""How often whoever waits looks whether a worker is left."""


@dataclass(eq=False)
class ClusterExecutor:
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

    def map(self, work: Work, batches: Iterable[Batch]) -> Iterator[list[Answers]]:
        engine = work.engine
        if not isinstance(engine, ClusterEngine):
            yield from ([work(batch)] for batch in batches)
            return
        asked = {
            self.submit(engine.unit(Part(work.request, batch.places), work.adapter, work.bounds)): batch
            for batch in batches
        }
        for ended in self._as_they_come(asked):
            yield [self._answers(engine, asked.pop(future), future) for future in ended]

    def _answers(
        self, engine: ClusterEngine, batch: Batch, future: Future[Done[list[Completion]]]
    ) -> Answers:
        try:
            done = engine.learn(future.result())
        except UnitLost as lost:
            return Answers(batch, {}, None, failures=dict.fromkeys(batch.places, _failure(lost)))
        completions = dict(zip(batch.places, done.value, strict=True))
        return Answers(batch, completions, done.seconds, sharing=self.sharing)

    def together(self, strands: Sequence[Strand]) -> None:
        if not strands:
            return
        threads = ThreadPoolExecutor(min(len(strands), STRANDS))
        going = [threads.submit(strand) for strand in strands]
        try:
            for ended in self._as_they_come(going):
                for future in ended:
                    future.result()
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            self.stop()
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

    def stop(self) -> None:
        """End every worker, and whoever waits for one; none is started any more."""
        self._used.stop()

    # Implements `Workers` as well

    def submit(self, unit: Unit[T]) -> Future[Done[T]]:
        return self._used.submit(unit)

    def wait(self, unit: Unit[T]) -> Done[T]:
        return self._result(self.submit(unit))

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
        return unit, self._result(future)

    def _result(self, future: Future[T]) -> T:
        (_,) = self._as_they_come([future])
        return future.result()

    def _as_they_come(self, futures: Iterable[Future[T]]) -> Iterator[list[Future[T]]]:
        """Futures as they end, those together that have ended meanwhile; none is held that was taken. Raises
        ModelUnavailable where no worker is left to end them."""
        ended: SimpleQueue[Future[T]] = SimpleQueue()
        left = 0
        for future in futures:
            future.add_done_callback(ended.put)
            left += 1
        while left:
            try:
                together = [ended.get(timeout=LOOK_S)]
            except Empty:
                self.check()
                continue
            together += [ended.get() for _ in range(ended.qsize())]
            left -= len(together)
            yield together


def _failure(lost: UnitLost) -> Failure:
    """Why a batch has no answers: asked again, it may have them."""
    return Failure(str(lost), attempts=lost.tries, final=False)
