"""SIGKILL at five random moments of a real run on real (tiny) weights: the same answers as an unbroken one."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.cli import main
from harness.models.store import ModelFolder
from tests.run.worlds import rows, said, write_task

QUESTIONS = 160
ANSWERS = 2 * QUESTIONS
TIMED = 6


def compare(*arguments: str, folder: Path, cache: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "HARNESS_CACHE": str(folder / cache), "OMP_NUM_THREADS": "1"}
    root = Path(__file__).parents[2]
    path = os.pathsep.join([str(root), environment.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-m", "harness", "compare", *arguments],
        cwd=folder, env={**environment, "PYTHONPATH": path}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def count(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def kill_when(process: subprocess.Popen[bytes], path: Path, lines: int) -> None:
    """Send SIGKILL as soon as the file has so many lines; the run must not have ended before."""
    deadline = time.monotonic() + 60
    while count(path) < lines and process.poll() is None:
        assert time.monotonic() < deadline, f"{path.name} never had {lines} lines"
        time.sleep(0.001)
    process.kill()
    _, errors = process.communicate()
    assert process.returncode == -signal.SIGKILL, errors.decode()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL on this platform")
def test_five_kills_and_resumes_give_the_answers_of_an_unbroken_run(
    tmp_path: Path, tiny_model: ModelFolder, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    test = [
        {"id": f"q{n}", "question": f"What {'very ' * (n % 7)}thing is number {n}?", "answers": [str(n)]}
        for n in range(QUESTIONS)
    ]
    task = write_task(tmp_path, test=test, with_corpus=False, more="examples: {k: 2}\n")
    flags = (
        str(task), "--strategies", "base,few-shot", "--model", str(tiny_model.path), "--no-cache",
        "--device", "cpu", "--latency-queries", str(TIMED // 2),
    )  # fmt: skip
    run = tmp_path / "killed"
    rng = random.Random(20)
    moments = [("answers", lines) for lines in sorted(rng.sample(range(1, ANSWERS - 32), 4))]
    moments.append(("timings", rng.randint(1, TIMED - 2)))
    process = compare(*flags, "--output", str(run), folder=tmp_path, cache="c1")
    for name, lines in moments:
        kill_when(process, run / f"{name}.jsonl", lines)
        assert count(run / "results.json") == 0
        process = compare("--resume", str(run), folder=tmp_path, cache="c1")
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors.decode()
    assert output.decode().splitlines()[-1] == str(run)

    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "c2"))
    unbroken = tmp_path / "unbroken"
    assert main(["compare", *flags, "--output", str(unbroken)]) == 0
    assert len(said(unbroken)) == ANSWERS
    assert said(run) == said(unbroken)
    timed = [(row["strategy"], row["block"]) for row in rows(run, "timings")]
    assert len(timed) == len(set(timed)) == TIMED
