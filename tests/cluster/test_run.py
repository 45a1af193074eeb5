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
from pathlib import Path
from typing import Any

import psutil
import pytest
from filelock import FileLock

from harness.cli import main
from harness.engines.store import ModelFolder
from tests.conftest import MODELS_CACHE

ray = pytest.importorskip("ray", reason="the extra `ray` is not installed")

TASK = """name: workshop
probes: knowledge
corpus: docs
questions: {test: test.jsonl, train: train.jsonl, dev: dev.jsonl}
prompt: {system: Answer shortly.}
answer: {type: text, max_tokens: 6}
metrics: [contains]
retrieval: {chunk_tokens: 32, k: 2}
finetune: {max_epochs: 2, rank: 2}
"""
TOOLS = ("anvil", "bellows", "chisel", "drill", "engraver", "file", "gouge", "hammer")
FLAGS = (
    "--strategies",
    "base,few-shot-nearest,rag,lora",
    "--latency-queries",
    "1",
    "--no-cache",
    "--guard",
    "none",
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "docs").mkdir()
    for number, tool in enumerate(TOOLS):
        text = f"# The {tool}\n\nThe {tool} stands in room {number}."
        (tmp_path / "docs" / f"{tool}.md").write_text(text, encoding="utf-8")
    ways = {
        "test": "Where is the {}?",
        "train": "In which room does the {} stand?",
        "dev": "Which room has the {}?",
    }
    for name, way in ways.items():
        asked = [
            {"id": f"{name}-{tool}", "question": way.format(tool), "answers": [str(number)], "fact_id": tool}
            | ({"gold_docs": [tool]} if name == "test" else {})
            for number, tool in enumerate(TOOLS)
        ]
        (tmp_path / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in asked), "utf-8")
    (tmp_path / "workshop.yaml").write_text(TASK, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Runs:
    """Runs of the project's task, each with a cache of its own, so that none finds what another computed."""

    def __init__(self, project: Path, model: ModelFolder, monkeypatch: pytest.MonkeyPatch) -> None:
        self.project, self.model, self._patch = project, model, monkeypatch

    def arguments(self, name: str, *flags: str) -> list[str]:
        cache = self.project / f"cache-{name}"
        cache.mkdir(exist_ok=True)
        with contextlib.suppress(FileExistsError):
            (cache / "models").symlink_to(MODELS_CACHE / "models", target_is_directory=True)
        self._patch.setenv("HARNESS_CACHE", str(cache))
        start = ["compare", "workshop.yaml", "--model", str(self.model.path), *FLAGS]
        return [*start, "--output", name, *flags]

    def make(self, name: str, *flags: str) -> Path:
        assert main(self.arguments(name, *flags)) == 0
        return self.project / name


@pytest.fixture
def runs(project: Path, tiny_model: ModelFolder, monkeypatch: pytest.MonkeyPatch) -> Runs:
    return Runs(project, tiny_model, monkeypatch)


def evidence(run: Path) -> dict[str, Any]:
    """What a run found, without its times, in an order that does not hang on who answered first."""
    manifest = json.loads((run / "run.json").read_text())
    trained = {row["system"]: row["record"]["sha256"] for row in manifest["adapters"]}
    passages = sorted((run / "passages.jsonl").read_text().splitlines())
    return {
        "answers": sorted((run / "answers.jsonl").read_text().splitlines()),
        "passages": passages,
        "adapters": trained,
        "questions": (run / "questions.jsonl").read_text(),
        "status": manifest["status"],
    }


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

    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    nodes.add_node(num_cpus=1)
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
