"""SIGKILL at five random moments of a real run on real (tiny) weights: the same answers as an unbroken one."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.engines.store import ModelFolder
from tests.run.worlds import answers_of, rows, write_task

QUESTIONS = 160
ANSWERS = 2 * QUESTIONS
TIMED = 6

STARTER = """
import json, os, sys
import harness.report.write, harness.run.tools
from harness.cli import main
from harness.quiet import import_transformers
transformers = import_transformers()
transformers.AutoTokenizer, transformers.LlamaForCausalLM  # imported when they are first named
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        os.dup2(2, 1)
        code = main(json.loads(line))
        sys.stdout.flush()
        os._exit(code)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Starts each run as a process of its own, which can be killed, but imports torch once for all of them."""


class Starter:
    def __init__(self, folder: Path) -> None:
        root = Path(__file__).parents[2]
        self._log = (folder / "log").open("w+b")
        self._process = subprocess.Popen(
            [sys.executable, "-c", STARTER],
            cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True,
            env={**os.environ, "HARNESS_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1",
                 "PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])},
        )  # fmt: skip

    def start(self, *argv: str) -> int:
        """Start a command and return its process id."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(argv) + "\n")
        self._process.stdin.flush()
        return self._number()

    def exit_code(self) -> int:
        """Wait for the command that was started last; minus the signal where one killed it."""
        return self._number()

    def _number(self) -> int:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self.said()
        return int(line)

    def said(self) -> str:
        self._log.seek(0)
        return self._log.read().decode()

    def close(self) -> None:
        self._process.communicate()
        self._log.close()


@pytest.fixture
def starter(tmp_path: Path) -> Iterator[Starter]:
    starter = Starter(tmp_path)
    yield starter
    starter.close()


def count(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def kill_when(process: int, path: Path, lines: int) -> None:
    """Send SIGKILL as soon as the file has so many lines."""
    deadline = time.monotonic() + 60
    while count(path) < lines and time.monotonic() < deadline:
        time.sleep(0.001)
    os.kill(process, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork and no SIGKILL on this platform")
def test_five_kills_and_resumes_give_the_answers_of_an_unbroken_run(
    tmp_path: Path, tiny_model: ModelFolder, starter: Starter
) -> None:
    test = [
        {"id": f"q{n}", "question": f"What {'very ' * (n % 7)}thing is number {n}?", "answers": [str(n)]}
        for n in range(QUESTIONS)
    ]
    task = write_task(tmp_path, test=test, with_corpus=False, more="examples: {k: 2}\n")
    compare = (
        "compare", str(task), "--strategies", "base,few-shot", "--model", str(tiny_model.path), "--no-cache",
        "--device", "cpu", "--latency-queries", str(TIMED // 2), "--output",
    )  # fmt: skip
    run, unbroken = tmp_path / "killed", tmp_path / "unbroken"
    rng = random.Random(20)
    moments = [("answers", lines) for lines in sorted(rng.sample(range(1, ANSWERS - 32), 4))]
    moments.append(("timings", rng.randint(1, TIMED - 2)))
    process = starter.start(*compare, str(run))
    for name, lines in moments:
        kill_when(process, run / f"{name}.jsonl", lines)
        assert starter.exit_code() == -signal.SIGKILL, starter.said()
        assert lines <= count(run / f"{name}.jsonl") < (ANSWERS if name == "answers" else TIMED)
        process = starter.start("compare", "--resume", str(run))
    assert starter.exit_code() == 0, starter.said()

    starter.start(*compare, str(unbroken))
    assert starter.exit_code() == 0, starter.said()
    assert len(answers_of(unbroken)) == ANSWERS
    assert answers_of(run) == answers_of(unbroken)
    timed = [(row["system"], row["block"]) for row in rows(run, "timings")]
    assert len(timed) == len(set(timed)) == TIMED
