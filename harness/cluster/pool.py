"""Workers and the units that wait for them. Nothing here knows of Ray, so that it can be tried with any worker.

A worker does one unit at a time. One that is lost is replaced, and its unit is done again by another: units are pure,
so that doing one twice changes nothing. A unit that loses its worker each time is given up, by itself.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeVar

from harness.cluster.units import Answer, Done, Hello, Load, NameTraining, Refused, Time, Train, Unit
from harness.engines.engine import Clock
from harness.errors import HarnessError, ModelUnavailable
from harness.quantities import counted, seconds

T = TypeVar("T")

TRIES = 3
"""A unit that lost so many workers is given up."""

STARTS = 5
"""After so many workers in a row were lost before they were ready, none is expected to be."""

EARLY = 4
"""Batches a worker, after which there is something to be seen."""

PATIENCE_S = 900.0
"""How long the driver waits for a worker where none is left."""


class WorkerLost(Exception):
    """A worker ended while it was at work, or before it was ready; the reason is the message, a clause."""


class UnitLost(HarnessError):
    """A unit that lost its worker `tries` times, which says that it is the unit's doing."""

    def __init__(self, last: str, tries: int) -> None:
        super().__init__(f"it lost {counted(tries, 'worker')}, one after the other: at last, {last}")
        self.tries = tries


class Worker(Protocol):
    """A worker that computes units."""

    @property
    def name(self) -> str: ...

    def ready(self) -> Future[Hello | Refused]:
        """When it can begin. Raises WorkerLost."""

    def do(self, unit: Unit[Any]) -> Future[Done[Any] | Refused]:
        """What comes of a unit. Raises WorkerLost."""

    def end(self) -> None:
        """Stop it, whatever it does."""


StartWorker = Callable[[int], Worker]
"""Asks for a worker by its number, which becomes part of its name."""


@dataclass(eq=False)
class _Queued:
    """A unit, and who waits for it."""

    unit: Unit[Any]
    done: Future[Done[Any]] = field(default_factory=Future)
    lost: list[str] = field(default_factory=list)
    """Why each worker was lost that had it."""


@dataclass(eq=False)
class Pool:
    """`count` workers, started when there is work for them. `note`: where losses are told."""

    start: StartWorker
    count: int
    note: Callable[[str], None]
    clock: Clock = time.monotonic
    met: Callable[[Hello], None] = lambda _hello: None
    """Called with each worker that is ready; raises HarnessError where it must not work here."""
    why_over: Callable[[], str | None] = lambda: None
    """Why no worker can be started any more, a sentence; None: one can."""
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False)
    _waiting: OrderedDict[Hashable, deque[_Queued]] = field(default_factory=OrderedDict, init=False)
    """What is done with the same weights, in the order in which it came."""
    _workers: dict[Worker, Hello | None] = field(default_factory=dict, init=False)
    """None: not ready yet."""
    _idle: dict[Worker, Hashable] = field(default_factory=dict, init=False)
    """The workers that wait, each with the weights that it used last."""
    _busy: dict[Worker, _Queued] = field(default_factory=dict, init=False)
    _answered: int = field(default=0, init=False)
    """Batches."""
    _started: int = field(default=0, init=False)
    _failed_starts: int = field(default=0, init=False)
    _without_since: float | None = field(default=None, init=False)
    _broken: BaseException | None = field(default=None, init=False)
    """Why nothing can be computed any more."""

    def submit(self, unit: Unit[T]) -> Future[Done[T]]:
        """Have a unit computed. The future raises UnitLost, or what the worker refused it with."""
        queued = _Queued(unit)
        with self._lock:
            if self._broken:
                queued.done.set_exception(self._broken)
                return queued.done
            self._waiting.setdefault(_weights(unit), deque()).append(queued)
            self._start_missing()
            self._feed()
        return queued.done

    def check(self) -> None:
        """Raises what ended the work of all, and ModelUnavailable where no worker was there for `PATIENCE_S`, or none
        will be."""
        with self._lock:
            if self._broken:
                raise self._broken
            since = self._without_since
            if since is None:
                return
            why = self.why_over()
            if not why and self.clock() - since > PATIENCE_S:
                why = (
                    f"no worker is left, and none could be started for {seconds(PATIENCE_S)}: the cluster has no "
                    "machine with room for one."
                )
            if why:
                self._break(ModelUnavailable(why))
                self.check()

    def close(self) -> None:
        """End every worker. What waits still is never done; a later unit starts new ones."""
        with self._lock:
            for worker in self._workers:
                worker.end()
            for forgotten in (self._workers, self._idle, self._busy, self._waiting):
                forgotten.clear()
            self._without_since = None

    def stop(self) -> None:
        """End every worker, and whoever waits for one."""
        with self._lock:
            self._break(HarnessError("the run was stopped."))

    def _start_missing(self) -> None:
        """Start as many workers as there shall be."""
        while len(self._workers) < self.count:
            self._started += 1
            worker = self.start(self._started)
            self._workers[worker] = None
            if self._without_since is None and not any(self._workers.values()):
                self._without_since = self.clock()
            worker.ready().add_done_callback(partial(self._is_ready, worker))

    def _is_ready(self, worker: Worker, ready: Future[Hello | Refused]) -> None:
        with self._lock:
            if worker not in self._workers:
                return  # ended meanwhile
            error = ready.exception()
            if isinstance(error, WorkerLost):
                self._failed_starts += 1
                if self._failed_starts >= STARTS:
                    self._break(ModelUnavailable(f"no worker starts; the last one: {error}."))
                else:
                    self._replace(worker)
                return
            if error:  # a bug keeps its traceback
                self._break(error)
                return
            try:
                hello = _believed(ready.result())
                self.met(hello)
            except HarnessError as refused:
                self._break(refused)
                return
            self._failed_starts, self._without_since = 0, None
            self._workers[worker] = hello
            self._idle[worker] = None
            self._feed()

    def _feed(self) -> None:
        """Hand what waits to whoever is idle, by preference to one that has the weights at hand."""
        while self._idle and (queued := self._next()):
            key = _weights(queued.unit)
            alike = (worker for worker, last in self._idle.items() if last == key)
            worker = next(alike, None) or next(iter(self._idle))
            del self._idle[worker]
            self._busy[worker] = queued
            worker.do(queued.unit).add_done_callback(partial(self._is_done, worker, queued))

    def _next(self) -> _Queued | None:
        """What is done next: a training first, where one may begin, since others wait for it."""
        if not self._waiting:
            return None
        others = [key for key in self._waiting if key != _TRAINING]
        if _NAMING in self._waiting:  # a moment's work that a training waits for
            key: Hashable = _NAMING
        elif _TRAINING in self._waiting and (not others or self._may_train()):
            key = _TRAINING
        else:
            at_hand = set(self._idle.values())
            key = next((key for key in others if key in at_hand), others[0])
        queued = self._waiting[key].popleft()
        if not self._waiting[key]:
            del self._waiting[key]
        return queued

    def _may_train(self) -> bool:
        """Whether a training may begin while there is something to answer: half of the workers answer, until there are
        answers to be seen; then all trainings that are left begin, if no one has to wait for another."""
        training = self._in_training()
        every = training + len(self._waiting[_TRAINING])
        seen = self._answered >= EARLY * self.count
        return 2 * training < self.count or (seen and every <= self.count)

    def _in_training(self) -> int:
        return sum(isinstance(queued.unit, Train) for queued in self._busy.values())

    def _is_done(self, worker: Worker, queued: _Queued, done: Future[Done[Any] | Refused]) -> None:
        with self._lock:
            if self._busy.pop(worker, None) is not queued:
                return  # ended meanwhile
            error = done.exception()
            if isinstance(error, WorkerLost):
                self._take_back(worker, queued, str(error))
                return
            self._idle[worker] = _weights(queued.unit)
            self._answered += isinstance(queued.unit, Answer)
            self._feed()
        value = None if error else done.result()
        if isinstance(value, Done):
            queued.done.set_result(value)
        else:  # a bug keeps its traceback
            queued.done.set_exception(value.error() if isinstance(value, Refused) else error)

    def _take_back(self, worker: Worker, queued: _Queued, why: str) -> None:
        """Have a unit done by another worker, unless it lost too many."""
        queued.lost.append(why)
        given_up = len(queued.lost) >= TRIES
        hello = self._workers[worker]
        log = f"; its log: {hello.log} on {hello.host}" if hello and hello.log else ""
        then = "is given up" if given_up else "is done again"
        self.note(f"  {worker.name} was lost ({why}{log}); its piece of work {then}")
        if not given_up:
            key = _weights(queued.unit)
            self._waiting.setdefault(key, deque()).appendleft(queued)
        self._replace(worker)
        if given_up:
            queued.done.set_exception(UnitLost(why, len(queued.lost)))

    def _replace(self, worker: Worker) -> None:
        worker.end()
        del self._workers[worker]
        self._start_missing()
        self._feed()

    def _break(self, error: BaseException) -> None:
        """Tell whoever waits that nothing can be computed any more."""
        self._broken = error
        waiting = [*self._busy.values(), *(queued for queue in self._waiting.values() for queued in queue)]
        self.close()
        for queued in waiting:
            queued.done.set_exception(error)


def _believed(hello: Hello | Refused) -> Hello:
    """What a worker said of itself. Raises what it refused to begin with."""
    if isinstance(hello, Refused):
        raise hello.error()
    return hello


_TRAINING, _NAMING = "training", "naming a training"


def _weights(unit: Unit[Any]) -> Hashable:
    """What a worker has at hand after a unit, so that the like goes quicker."""
    if isinstance(unit, Train):
        return _TRAINING
    if isinstance(unit, NameTraining):
        return _NAMING
    if isinstance(unit, Answer | Load | Time):
        return unit.model, unit.adapter
    return type(unit).__name__
