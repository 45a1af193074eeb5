"""Ray: a cluster that is joined or started, its machines, and workers as plain actors.

Ray places actors, notices that one is lost and carries what is sent; units and results are plain records.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.cluster.file_server import FileServer
from harness.cluster.machines import Machine, Share
from harness.cluster.pool import StartWorker, WorkerLost
from harness.cluster.units import AnyUnit, Done, Hello, Refused, Unit
from harness.cluster.worker import UnitRunner, WorkerSetup, use_threads
from harness.errors import HarnessError, InputError

LOCAL = "local"
"""The address of a Ray that the run itself starts, on this machine."""

FILE_SERVER = "file_server"


def ray_module() -> Any:
    """Ray. Raises InputError where it is not installed."""
    try:
        import ray
    except ImportError:
        raise InputError("--ray needs Ray: pip install 'rag-vs-finetune[ray]'.") from None
    return ray


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Around Ray's start, which takes SIGTERM for itself: a run that is asked to stop would not say how to go on."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if before is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def joined(address: str, name: str) -> Iterator[RayCluster]:
    """Around what uses a cluster: join it under a namespace, or start one here that ends with the block.

    Raises InputError where no cluster answers, HarnessError where none starts here.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_ENABLE_AUTO_CONNECT", "0")  # else a late call starts another Ray
    ray = ray_module()
    for logger in ("ray", "ray._private.authentication"):
        logging.getLogger(logger).setLevel(logging.ERROR)
    own = {"include_dashboard": False} if address == LOCAL else {}
    try:
        with _own_signals():
            ray.init(address, namespace=name, log_to_driver=False, logging_level=logging.ERROR, **own)
    except Exception as error:  # Ray raises bare ones
        ray.shutdown()
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        if address == LOCAL:
            raise HarnessError(f"Ray does not start on this machine ({reason}).") from error
        raise InputError(
            f"--ray {address}: no Ray cluster could be joined there ({reason}). Start one with `ray start --head`, or "
            "leave the address out to use this machine alone."
        ) from error
    try:
        home = str(ray.get_runtime_context().get_node_id())
        yield RayCluster(home, _open_file_server(home))
    finally:
        ray.shutdown()


@dataclass(frozen=True, slots=True)
class RayCluster:
    """Implements `Cluster`. `file_server`: the actor on the driver's machine that hands out its files."""

    home: str
    file_server: Any

    def machines(self) -> list[Machine]:
        found = []
        for node in ray_module().nodes():
            if node["Alive"]:
                has = node["Resources"]
                found.append(
                    Machine(
                        node["NodeID"],
                        int(has.get("CPU", 0)),
                        int(has.get("GPU", 0)),
                        int(has.get("memory", 0)),
                    )
                )
        return found

    def offer(self, folder: Path, pattern: str = "**/*") -> None:
        ray_module().get(self.file_server.add.remote(str(folder), pattern))

    def starter(self, setup: WorkerSetup, share: Share, called: str) -> StartWorker:
        return RayStarter(setup, share, self.file_server, called)

    def why_over(self) -> str | None:
        if any(machine.node == self.home for machine in self.machines()):
            return None
        return "Ray ended on the machine that the run is driven from."


class _Actor:
    """The process of a worker: a `UnitRunner` that reads the driver's files through the file server."""

    def __init__(self, setup: WorkerSetup, file_server: Any) -> None:
        ray = ray_module()
        context = ray.get_runtime_context()

        def listed(folder: str) -> Mapping[str, str]:
            return ray.get(file_server.list.remote(folder))  # type: ignore[no-any-return]

        def read(folder: str, file: str, start: int) -> bytes:
            return ray.get(file_server.read.remote(folder, file, start))  # type: ignore[no-any-return]

        use_threads(setup.threads)
        log = f"worker-{context.get_worker_id()}-*-{os.getpid()}.err"
        self._runner = UnitRunner(setup, context.get_node_id(), log, listed, read)

    def hello(self) -> Hello | Refused:
        return self._runner.hello()

    def do(self, unit: AnyUnit) -> Done[Any] | Refused:
        return self._runner.do(unit)


@dataclass(eq=False)
class RayWorker:
    """Implements `Worker` by an actor."""

    name: str
    _handle: Any = field(repr=False)
    _events: ThreadPoolExecutor = field(repr=False)

    def ready(self) -> Future[Hello | Refused]:
        return self._answer(self._handle.hello.remote())

    def do(self, unit: Unit[Any]) -> Future[Done[Any] | Refused]:
        return self._answer(self._handle.do.remote(unit))

    def end(self) -> None:
        with contextlib.suppress(Exception):  # Ray may be gone already, and the worker with it
            ray_module().kill(self._handle)

    def _answer(self, reference: Any) -> Future[Any]:
        """What a call of the actor returns, told by the thread of events: Ray's own must not be kept waiting."""
        given: Future[Any] = Future()

        def pass_on(done: Future[Any]) -> None:
            error = done.exception()
            if error:
                given.set_exception(_lost(error) or error)
            else:
                given.set_result(done.result())

        reference.future().add_done_callback(lambda done: self._events.submit(pass_on, done))
        return given


def _lost(error: BaseException) -> WorkerLost | None:
    """An error of Ray's as the loss of a worker; None where it is none."""
    from ray.exceptions import OutOfMemoryError, RayActorError

    if isinstance(error, OutOfMemoryError):
        return WorkerLost("its machine ran out of memory")
    return WorkerLost(_why(error)) if isinstance(error, RayActorError) else None


def _why(error: BaseException) -> str:
    """Why an actor was lost, a clause: Ray's own reasons are pages."""
    said = str(error).lower()
    if "its node has died" in said:
        return "its machine is gone"
    if "running low on memory" in said:
        return "its machine ran out of memory"
    if "__init__" in said or "creation" in said:
        return f"it could not start: {str(error).strip().splitlines()[-1]}"
    return "its process ended"


@dataclass
class RayStarter:
    """Starts workers of one kind. `share`: of a machine; `called`: what their names begin with."""

    setup: WorkerSetup
    share: Share
    file_server: Any
    called: str
    events: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def __call__(self, number: int) -> RayWorker:
        ray, name = ray_module(), f"{self.called}-{number}"
        actor = ray.remote(_Actor).options(name=name, **_options(self.share))
        return RayWorker(name, actor.remote(self.setup, self.file_server), self.events)


def _options(share: Share) -> dict[str, Any]:
    """A share as Ray is told it. A lost actor is not started again by Ray: the pool asks for another one."""
    wanted = {"num_cpus": share.cpus, "num_gpus": share.gpus, "memory": share.memory}
    return {**wanted, "max_restarts": 0, "max_task_retries": 0, "scheduling_strategy": "SPREAD"}


def _open_file_server(home: str) -> Any:
    """The server of the driver's files, on the driver's machine."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(home, soft=False)
    return (
        ray_module()
        .remote(FileServer)
        .options(name=FILE_SERVER, num_cpus=0, scheduling_strategy=here)
        .remote()
    )
