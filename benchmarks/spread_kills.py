"""Workers, drivers and whole nodes killed at random moments of runs that are spread: is any answer lost or doubled?

A scripted task is answered by two workers of a Ray on this machine, each batch slowly. While it goes on, a worker, the
run itself, or Ray's own process of the node (its raylet) gets SIGKILL. A run that ended is resumed until it is done,
and held against one of a single process that nobody killed: sorted evidence must be equal but for times, and no
temporary file and no process may be left.

    python -m benchmarks.spread_kills --kills 100
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.kills import faults
from harness.files import cache_root
from tests.run.worlds import lines, write_task

ROOT = Path(__file__).parents[1]
QUESTIONS, WORDS = 400, 800
"""So long that some ten of them make a batch."""

SLOWLY = """
import sys, time
if any(part.endswith("default_worker.py") for part in sys.orig_argv):
    from harness.engines.scripted import ScriptedEngine
    complete = ScriptedEngine.complete
    def slowly(*given, **named):
        time.sleep({batch_s})
        return complete(*given, **named)
    ScriptedEngine.complete = slowly
"""
"""What each interpreter does when it starts: a script answers at once, and in a worker of Ray's it shall not."""

KINDS = {"worker": 16, "driver": 2, "node": 2}
"""What is killed, and how often beside the others."""

GAP_S = (1.0, 6.0)
ANYWAY = 0.2
"""How often something is killed though nothing was answered since the last kill: while workers start."""

GRACE_S = 90.0
"""How long processes of a run that was killed may take to end."""


@dataclass
class Tally:
    """What was killed, and what was wrong."""

    killed: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    resumed: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def in_words(self) -> str:
        kinds = ", ".join(f"{kind} {count}" for kind, count in self.killed.most_common())
        return (
            f"{self.killed.total()} kills ({kinds}) in {self.runs} runs, resumed {self.resumed} times: "
            f"{len(self.wrong)} faults"
        )


@dataclass(frozen=True)
class World:
    home: Path
    task: Path
    script: Path

    @classmethod
    def made(cls, home: Path, batch_s: float) -> World:
        """The task, its script, and a folder of what each interpreter does first."""
        (home / "start").mkdir(parents=True)
        (home / "start" / "sitecustomize.py").write_text(SLOWLY.format(batch_s=batch_s))
        test = [
            {"id": f"q{n}", "question": f"What {'very ' * WORDS}thing is number {n}?", "answers": [str(n)]}
            for n in range(QUESTIONS)
        ]
        script = home / "script.jsonl"
        lines(script, [{"when": f"number {n}?", "reply": f"It is {n}."} for n in range(QUESTIONS)])
        more = "examples: {k: 2}\nfinetune: {max_epochs: 1, min_epochs: 1}\n"
        return cls(home, write_task(home, test=test, with_corpus=False, more=more), script)

    def start(self, folder: Path, *flags: str) -> subprocess.Popen[bytes]:
        """Start or resume the run in a folder, as the head of a session of its own."""
        run, cache = folder / "run", folder / "cache"
        if not cache.exists():
            cache.mkdir(parents=True)
            (cache / "models").symlink_to(cache_root() / "models")  # nothing is fetched
        named = ["--model", f"scripted:{self.script}", "--strategies", "base,few-shot,lora"]
        first = [str(self.task), *named, "--guard", "none", "--latency-queries", "0", "--output", str(run)]
        asked = ["--resume", str(run)] if (run / "run.json").exists() else first
        ray = self.home / "ray"
        ray.mkdir(exist_ok=True)
        environment = {
            **os.environ,
            "HARNESS_CACHE": str(cache),
            "PYTHONPATH": f"{self.home / 'start'}:{ROOT}",
            "RAY_TMPDIR": str(ray),
        }
        with (self.home / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "harness", "compare", *asked, *flags],
                cwd=self.home, env=environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip


def victims(driver: int, kind: str) -> list[psutil.Process]:
    """The processes of a kind that a run has."""
    if kind == "driver":
        return [psutil.Process(driver)]
    called = "_Actor" if kind == "worker" else "/raylet"
    found = []
    for process in psutil.Process(driver).children(recursive=True):
        with suppress(psutil.NoSuchProcess, IndexError):
            if called in process.cmdline()[0]:
                found.append(process)
    return found


def go(world: World, folder: Path, tally: Tally, kills: int, rng: random.Random) -> None:
    """A run to its end, however often it is killed on its way."""
    answers, known = folder / "run" / "answers.jsonl", 0
    while True:
        driver = world.start(folder, "--ray", "--workers", "2")
        while _lives(driver, rng.uniform(*GAP_S)):
            size = answers.stat().st_size if answers.exists() else 0
            kind, anyway = rng.choices([*KINDS], [*KINDS.values()])[0], rng.random() < ANYWAY
            if tally.killed.total() < kills and (size > known or anyway):
                tally.killed[kind] += _kill(driver.pid, kind, rng)
                known = size
        tally.wrong += [f"run {tally.runs}: {left}" for left in _left_by(driver.pid)]
        print(tally.in_words, flush=True)
        if driver.returncode == 0:
            return
        tally.resumed += 1
        if tally.resumed > 3 * kills:
            raise SystemExit(f"it comes to no end: see {world.home / 'log'}")


def _kill(driver: int, kind: str, rng: random.Random) -> bool:
    """Kill one of a kind, if the run has workers."""
    with suppress(psutil.NoSuchProcess):
        if victims(driver, "worker") and (some := victims(driver, kind)):
            rng.choice(some).kill()
            return True
    return False


def _lives(driver: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether a run goes on for so long."""
    with suppress(subprocess.TimeoutExpired):
        driver.wait(seconds)
    return driver.returncode is None


def _left_by(session: int) -> Iterator[str]:
    """Processes of a run that outlive it; they are ended here."""
    until = time.monotonic() + GRACE_S
    while (left := list(_in_session(session))) and time.monotonic() < until:
        time.sleep(0.2)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            yield f"process left: {process.name()}"
            process.kill()


def _in_session(session: int) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with suppress(ProcessLookupError, PermissionError, psutil.NoSuchProcess):
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                yield process


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--batch-s", type=float, default=0.4, help="seconds that a worker takes for a batch")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where runs with faults are kept")
    options = parser.parse_args()
    rng, tally = random.Random(options.seed), Tally()
    with tempfile.TemporaryDirectory(prefix="kills") as place:
        world = World.made(Path(place), options.batch_s)
        whole = world.home / "whole"
        assert world.start(whole).wait() == 0, (world.home / "log").read_text()
        while tally.killed.total() < options.kills:
            folder = world.home / "killed"
            shutil.rmtree(folder, ignore_errors=True)
            tally.runs += 1
            go(world, folder, tally, options.kills, rng)
            found = faults(folder, whole)
            tally.wrong += [f"run {tally.runs}: {fault}" for fault in found]
            if found and options.keep:
                shutil.copytree(folder, options.keep / f"wrong-{tally.runs}", symlinks=True)
        if options.keep:
            shutil.copy(world.home / "log", options.keep)
    print(*tally.wrong, tally.in_words, sep="\n")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
