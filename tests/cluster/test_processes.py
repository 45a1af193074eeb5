"""Workers that are processes of this machine."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness.cli import main
from harness.cluster import processes
from harness.cluster.pool import WorkerLost
from harness.cluster.processes import HOME, LocalCluster, ProcessWorker
from harness.cluster.units import Answer, HeldModel, Hello, Train
from harness.cluster.worker import WorkerSetup
from harness.engines.engine import Decoding, Message, Request
from harness.engines.store import ModelFolder
from harness.finetune.trainer import Example, Training
from harness.run import environment
from harness.spec.system import LoRA
from tests.cluster.conftest import Runs, evidence
from tests.tiny import tiny_engine

REQUESTS = tuple(Request((Message("user", text),), Decoding(4)) for text in ("the anvil", "the bellows"))


class Heard:
    """Progress that is kept."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.tracks: list[tuple[str, int, int]] = []

    def note(self, message: str) -> None:
        self.notes.append(message)

    @contextlib.contextmanager
    def track(self, label: str, total: int) -> Iterator[Any]:
        done: list[int] = []
        yield done.append
        self.tracks.append((label, sum(done), total))


@pytest.fixture
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "processors", lambda: 2)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def worker(tiny_model: ModelFolder, tmp_path: Path, heard: Heard) -> Iterator[ProcessWorker]:
    held = HeldModel(tiny_model, "float32", "cpu", "2026-01-01")
    one = ProcessWorker("worker-1", WorkerSetup((held,), HOME, tmp_path, 1), heard)
    yield one
    one.end()
    _loss(one.do(Answer(0, REQUESTS, None, REQUESTS)))  # so that the next test sees its own process alone


def test_it_answers_trains_and_says_how_far_it_is(
    worker: ProcessWorker, heard: Heard, tiny_model: ModelFolder
) -> None:
    hello = worker.ready().result()
    assert isinstance(hello, Hello)
    assert (hello.node, hello.threads) == (HOME, 1)
    answered = worker.do(Answer(0, REQUESTS, None, REQUESTS)).result()
    assert getattr(answered, "value", None) == tiny_engine(tiny_model).complete(REQUESTS, job=REQUESTS)
    examples = tuple(Example(request, "room 5") for request in REQUESTS)
    training = Training("lora", LoRA(task="t", max_epochs=1, batch_size=1), examples, (), 0)
    assert "adapter_model.safetensors" in worker.do(Train(0, training, "t")).result().value.files
    assert heard.tracks == [("train t/lora", 2, 2)]


def test_nothing_of_the_current_folder_is_run(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may hold anybody's task."""
    (tmp_path / "pickle.py").write_text("raise SystemExit('run')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert isinstance(request.getfixturevalue("worker").ready().result(), Hello)


def test_a_bug_is_raised_where_the_result_is_waited_for(worker: ProcessWorker) -> None:
    error = worker.do("no unit").exception()  # type: ignore[arg-type]
    assert isinstance(error, RuntimeError)
    assert "worker.py" in str(error)
    assert "AttributeError" in str(error)
    answered = worker.do(Answer(0, REQUESTS, None, REQUESTS)).result()  # and it goes on
    assert len(answered.value) == len(REQUESTS)


def test_what_a_lost_worker_had_is_lost(worker: ProcessWorker) -> None:
    worker.ready().result()
    (process,) = _workers_of(os.getpid())
    process.suspend()  # so that it is killed before it has answered
    under_way = worker.do(Answer(0, REQUESTS, None, REQUESTS))
    process.kill()
    assert "was killed" in _loss(under_way)
    assert "was killed" in _loss(worker.do(Answer(0, REQUESTS, None, REQUESTS)))


@pytest.mark.skipif(not hasattr(signal, "SIGCHLD"), reason="exit codes are kept for whoever asks")
def test_a_lost_worker_whose_exit_code_nobody_has_is_lost_all_the_same(worker: ProcessWorker) -> None:
    worker.ready().result()
    (process,) = _workers_of(os.getpid())
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system keeps no exit codes
    try:
        process.kill()
        assert _loss(worker.do(Answer(0, REQUESTS, None, REQUESTS))) == "its process ended"
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_one_that_is_not_needed_ends_by_itself(
    monkeypatch: pytest.MonkeyPatch, worker: ProcessWorker
) -> None:
    monkeypatch.setattr(processes, "GRACE_S", 300.0)  # on a busy machine as well
    worker.ready().result()
    worker.end()
    assert "ended with 0" in _loss(worker.do(Answer(0, REQUESTS, None, REQUESTS)))  # and was not killed


def test_one_that_is_asked_to_end_again_and_again_ends_in_silence(
    capfd: pytest.CaptureFixture[str], worker: ProcessWorker
) -> None:
    worker.do(Answer(0, REQUESTS, None, REQUESTS)).result()
    (process,) = _workers_of(os.getpid())
    with contextlib.suppress(psutil.NoSuchProcess):
        while process.is_running():
            process.terminate()
            time.sleep(0.001)
    assert "ended with 0" in _loss(worker.do(Answer(0, REQUESTS, None, REQUESTS)))
    assert not capfd.readouterr().err


def _loss(future: Future[Any]) -> str:
    error = future.exception()
    assert isinstance(error, WorkerLost)
    return str(error)


@pytest.mark.usefixtures("two_processors")
def test_two_processes_give_the_evidence_of_one_and_need_no_ray(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where one of them is killed at its work."""
    for name in ["ray", *(name for name in sys.modules if name.split(".")[0] == "ray")]:
        monkeypatch.setitem(sys.modules, name, None)  # as where it is not installed
    alone = runs.make("alone")
    monkeypatch.setattr(environment, "peak_memory_gb", lambda: 100.0)  # of the driver, which holds no weights
    over = threading.Event()
    killer = threading.Thread(target=_kill_one, args=(over,))
    killer.start()
    try:
        spread = runs.make("spread", "--workers", "2")
    finally:
        over.set()
        killer.join()
    assert evidence(spread) == evidence(alone)
    manifest = json.loads((spread / "run.json").read_text())
    assert 100.1 < manifest["peak_memory_gb"] < 200
    (group,) = manifest["workers"]
    assert (group["threads"], group["machines"]) == (1, 1)
    assert not psutil.wait_procs(_workers_of(os.getpid()), timeout=60)[1]


def _workers_of(driver: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        below = psutil.Process(driver).children()
        return [process for process in below if "spawn_main" in " ".join(process.cmdline())]
    return []


def _kill_one(over: threading.Event) -> None:
    while not over.wait(0.2):
        for process in _workers_of(os.getpid()):
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.cpu_times().user > 3.0:
                    process.kill()
                    return


def test_workers_end_with_a_driver_that_is_killed(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if (os.cpu_count() or 1) < 2:
        pytest.skip("there is one processor")
    driver = subprocess.Popen(
        [sys.executable, "-m", "harness", *runs.arguments("spread", "--workers", "2")],
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    while not (workers := _workers_of(driver.pid)) and driver.poll() is None:
        time.sleep(0.05)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    assert workers
    assert not psutil.wait_procs(workers, timeout=60)[1]


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (["--workers", "2"], "one process computes: it may use a single processor"),
        (["--workers", "2", "--within", "1h"], "one process computes: --within plans for one"),
    ],
)
def test_where_one_process_does_as_well_it_says_so(
    runs: Runs,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    flags: list[str],
    why: str,
) -> None:
    monkeypatch.setattr(processes, "processors", lambda: 1)
    assert main(runs.arguments("run", "--dry-run", *flags)) == 0
    assert why in capsys.readouterr().err


def test_without_memory_for_two_there_is_one(
    runs: Runs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(processes, "processors", lambda: 2)
    monkeypatch.setattr(processes, "free_bytes", lambda _device: 3 * 10**9)
    assert main(runs.arguments("run", "--dry-run", "--workers", "2")) == 0
    assert "GB, and 3.0 GB of memory are free" in capsys.readouterr().err


def test_this_machine_never_ends(heard: Heard) -> None:
    assert LocalCluster(heard).why_over() is None
