"""Runs whose work is spread over Ray on this machine give the evidence of a single process."""

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
from typing import Any

import psutil
import pytest
from filelock import FileLock

from harness.cli import main
from tests.cluster.conftest import Runs, evidence

ray = pytest.importorskip("ray", reason="the extra `ray` is not installed")


def actors(of: int) -> list[psutil.Process]:
    """The processes of workers that a run has started."""
    with contextlib.suppress(psutil.NoSuchProcess):
        below = psutil.Process(of).children(recursive=True)
        return [process for process in below if "_Actor" in " ".join(process.cmdline()[:1])]
    return []


@contextlib.contextmanager
def killing(of: int, times: int) -> Iterator[list[int]]:
    """Around a run: workers are killed while they are at work, one after the other."""
    killed: list[int] = []
    over = threading.Event()

    def kill() -> None:
        while len(killed) < times and not over.wait(0.2):
            for process in actors(of):
                with contextlib.suppress(psutil.NoSuchProcess):
                    if process.pid not in killed and process.cpu_times().user > 1.0:
                        process.kill()
                        killed.append(process.pid)
                        break

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def test_two_workers_give_the_evidence_of_one_process_which_is_read_without_ray(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = runs.make("alone")
    spread = runs.make("spread", "--ray", "--workers", "2")
    assert evidence(spread) == evidence(alone)
    (group,) = json.loads((spread / "run.json").read_text())["workers"]
    assert group["threads"] == 1
    said = (spread / "report.md").read_text()
    assert "Computed by" in said
    assert "as if all of them had been busy" in said
    for name in [name for name in sys.modules if name.split(".")[0] == "ray"]:
        monkeypatch.setitem(sys.modules, name, None)  # as where it is not installed
    for command in (["report"], ["decide"], ["check", "--expect", "same", "--baseline", str(alone)]):
        assert main([*command, str(spread)]) == 0


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Two machines of one core each, as Ray sees them."""
    monkeypatch.setenv("RAY_health_check_initial_delay_ms", "0")
    monkeypatch.setenv("RAY_health_check_period_ms", "500")
    from ray.cluster_utils import Cluster

    before = signal.getsignal(signal.SIGTERM)
    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    nodes.add_node(num_cpus=1)
    signal.signal(signal.SIGTERM, before)  # a machine of Ray's takes it for itself
    yield nodes
    nodes.shutdown()


@pytest.mark.parametrize("dies", [False, True])
def test_two_machines_give_the_same_evidence_and_one_that_dies_is_missed_by_nobody(
    runs: Runs, cluster: Any, *, dies: bool
) -> None:
    alone = runs.make("alone")
    run = runs.project / "spread"

    def lose_one() -> None:
        while not (run / "answers.jsonl").exists() and not over.wait(0.1):
            pass
        if dies:
            cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)

    over = threading.Event()
    loss = threading.Thread(target=lose_one)
    loss.start()
    try:
        runs.make("spread", "--ray", cluster.address)
    finally:
        over.set()
        loss.join()
    assert evidence(run) == evidence(alone)


def test_killed_workers_cost_their_piece_alone(runs: Runs) -> None:
    alone = runs.make("alone")
    with killing(os.getpid(), 2) as killed:
        spread = runs.make("spread", "--ray", "--workers", "2")
    assert killed
    assert evidence(spread) == evidence(alone)


def test_a_killed_driver_is_resumed_on_one_machine(runs: Runs) -> None:
    """And what it had computed on two workers is not computed again."""
    alone = runs.make("alone")
    run = runs.project / "spread"
    driver = subprocess.Popen(
        [sys.executable, "-m", "harness", *runs.arguments("spread", "--ray", "--workers", "2")],
        stderr=subprocess.DEVNULL,
        env=os.environ,
    )
    while not (run / "answers.jsonl").exists() and driver.poll() is None:
        time.sleep(0.05)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    with FileLock(run / ".lock", timeout=30):
        pass  # a child that it was just starting may hold it for a moment
    before = (run / "answers.jsonl").read_text().splitlines()
    assert main(["compare", "--resume", str(run)]) == 0
    assert evidence(run) == evidence(alone)
    assert (run / "answers.jsonl").read_text().splitlines()[: len(before)] == before
