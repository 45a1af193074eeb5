"""Workers that are processes of this machine: nothing to install, no network, and files that are at hand.

Two processes with half of the processors each answer more than one with all of them: small matrices keep several
threads waiting for each other.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NoReturn

from harness.cluster.machines import Machine, Share
from harness.cluster.pool import StartWorker, WorkerLost
from harness.cluster.units import Done, Hello, Refused, Unit
from harness.cluster.worker import UnitRunner, WorkerSetup, use_threads
from harness.loading import free_bytes
from harness.progress import Progress

HOME = "here"

GRACE_S = 5.0
"""How long a worker may take to end by itself."""

SAFE_PATH = "PYTHONSAFEPATH"


@dataclass(frozen=True, slots=True)
class LocalCluster:
    """Implements `Cluster`. `progress`: where workers say how far they are."""

    progress: Progress
    home: str = HOME

    def machines(self) -> list[Machine]:
        return [Machine(HOME, processors(), 0, free_bytes("cpu"))]

    def offer(self, folder: Path, pattern: str = "**/*") -> None:
        """Does nothing: workers read the files where they lie."""

    def starter(self, setup: WorkerSetup, share: Share, called: str) -> StartWorker:  # noqa: ARG002 - a setup has its threads
        return lambda number: ProcessWorker(f"{called}-{number}", setup, self.progress)

    def why_over(self) -> str | None:
        return None


def processors() -> int:
    """As many as this process would compute with: one for each core, or what OMP_NUM_THREADS says."""
    import torch

    return int(torch.get_num_threads())


# What a worker says besides its results


@dataclass(frozen=True, slots=True)
class Noted:
    message: str


@dataclass(frozen=True, slots=True)
class Began:
    label: str
    total: int


@dataclass(frozen=True, slots=True)
class Advanced:
    count: int


@dataclass(frozen=True, slots=True)
class Ended:
    """What began last is over."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A bug, as its traceback: not every exception can be sent."""

    report: str


@dataclass(frozen=True, slots=True)
class PipeProgress:
    """Implements `Progress` for a worker: the driver shows it."""

    say: Callable[[Any], None]

    def note(self, message: str) -> None:
        self.say(Noted(message))

    @contextlib.contextmanager
    def track(self, label: str, total: int) -> Iterator[Callable[[int], None]]:
        self.say(Began(label, total))
        try:
            yield lambda count: self.say(Advanced(count))
        finally:
            self.say(Ended())


_one_starts = threading.Lock()


@contextlib.contextmanager
def _safe_path() -> Iterator[None]:
    """While a Python is started, which would look for modules in the current folder first: anybody may have made it.

    One at a time, as pools start their workers from several threads.
    """
    with _one_starts:
        before = os.environ.get(SAFE_PATH)
        os.environ[SAFE_PATH] = "1"
        try:
            yield
        finally:
            if before is None:
                os.environ.pop(SAFE_PATH, None)
            else:
                os.environ[SAFE_PATH] = before


class ProcessWorker:
    """Implements `Worker` by a process that hears of units through a pipe, and ends with its driver."""

    def __init__(self, name: str, setup: WorkerSetup, progress: Progress) -> None:
        self.name = name
        self._progress = progress
        self._asked: deque[Future[Any]] = deque([Future()])
        self._ready = self._asked[0]
        self._lost: WorkerLost | None = None
        self._changing = threading.Lock()
        context = multiprocessing.get_context("spawn")
        self._pipe, its_end = context.Pipe()
        self._process: BaseProcess = context.Process(
            target=_serve, args=(its_end, setup), name=name, daemon=True
        )
        with _safe_path():
            self._process.start()
        its_end.close()
        threading.Thread(target=self._listen, name=f"hears {name}", daemon=True).start()

    def ready(self) -> Future[Hello | Refused]:
        return self._ready

    def do(self, unit: Unit[Any]) -> Future[Done[Any] | Refused]:
        future: Future[Done[Any] | Refused] = Future()
        with self._changing:
            if self._lost:
                future.set_exception(self._lost)
                return future
            self._asked.append(future)
        with contextlib.suppress(OSError):  # whoever listens finds out that it ended
            self._pipe.send(unit)
        return future

    def end(self) -> None:
        """Let it end by itself, whatever it does, and make it where it does not."""
        self._process.terminate()
        last = threading.Timer(GRACE_S, self._process.kill)
        last.daemon = True
        last.start()

    def _listen(self) -> None:
        """Pass on what the worker says, until it ends."""
        try:
            self._pass_on()
        finally:
            self._process.join(GRACE_S)
            self._process.kill()
            self._process.join()
            with self._changing:
                self._lost = WorkerLost(self._why())
            while self._asked:
                self._asked.popleft().set_exception(self._lost)

    def _pass_on(self) -> None:
        with contextlib.ExitStack() as shown, contextlib.suppress(EOFError, OSError):
            advance: Callable[[int], None] = lambda _count: None  # noqa: E731
            while True:
                match self._pipe.recv():
                    case Noted(message):
                        self._progress.note(message)
                    case Began(label, total):
                        advance = shown.enter_context(self._progress.track(label, total))
                    case Advanced(count):
                        advance(count)
                    case Ended():
                        shown.close()
                    case Failed(report):
                        self._asked.popleft().set_exception(RuntimeError(f"{self.name}: {report}"))
                    case value:
                        self._asked.popleft().set_result(value)

    def _why(self) -> str:
        """Why it was lost, a clause."""
        match self._process.exitcode:
            case None:  # something else has asked the system for it, which tells it once
                return "its process ended"
            case -9:  # SIGKILL, which not every system has by name
                return "its process was killed, as where memory runs out"
            case code:
                return f"its process ended with {code}"


def _serve(pipe: Connection, setup: WorkerSetup) -> None:
    """The process of a worker: does what comes through the pipe, until that closes."""
    for stop in ("SIGINT", "SIGHUP"):  # are the driver's own matter
        if hasattr(signal, stop):
            signal.signal(getattr(signal, stop), signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    os.dup2(2, 1)  # standard output is for the results of the run
    threading.Thread(target=_end_with_driver, daemon=True).start()
    use_threads(setup.threads)
    runner = UnitRunner(setup, setup.home, "", _nothing, _nothing, PipeProgress(pipe.send))
    with contextlib.suppress(EOFError, OSError):
        pipe.send(runner.hello())
        while True:
            pipe.send(_result(runner, pipe.recv()))


def _leave(*_signal: object) -> NoReturn:
    """End in order, so that what is shared is given back; further signals, which an ending driver sends, do nothing."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit()


def _result(runner: UnitRunner, unit: Any) -> Any:
    """What comes of a unit."""
    try:
        return runner.do(unit)
    except Exception:  # noqa: BLE001 - it is raised where the result is waited for
        return Failed(traceback.format_exc())


def _end_with_driver() -> None:
    """A driver that was killed takes its workers along, whatever they do."""
    driver = multiprocessing.parent_process()
    assert driver is not None
    wait([driver.sentinel])
    os._exit(1)


def _nothing(*_asked: object) -> NoReturn:
    raise AssertionError("files of the driver's are at hand on its own machine")
