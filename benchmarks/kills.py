"""SIGKILL at random moments of a run, `--resume` until it is done: is any answer lost, doubled or different?

Moments are drawn over the length of a run that nobody killed, which the killed ones are then compared with: sorted
evidence must be equal but for times, and no temporary file may be left. Each killed run has a cache of its own, so that
its index is built and its adapter trained. A run that is resumed is killed again where its moment comes before its end.

    python -m benchmarks.kills --kills 100                                  # a tiny random model
    python -m benchmarks.kills --kills 10 --model default --home FOLDER     # FOLDER keeps the run that nobody killed
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.files import cache_root
from tests.run.worlds import TOOLS, write_task
from tests.tiny import write_tiny_model

ROOT = Path(__file__).parents[1]
STRATEGIES = "base,rag,lora,few-shot"
REPORTS = ("results.json", "report.md", "summary.csv", "report.html")
EVIDENCE = ("questions", "training", "prompts", "answers", "passages", "timings")
TIMES = {"cached", "retrieve_s", "ttft_s", "e2e_s"}
"""Keys of evidence that say how long something took, or whether it had to be computed."""

STARTER = """
import json, os, signal, sys, time, traceback
import harness.lmeval.load, harness.report.write, harness.run.compare, harness.run.tools
from harness.cli import main
from harness.quiet import import_transformers
from tests.fakes import WordEmbedder
transformers = import_transformers()
transformers.AutoTokenizer, transformers.LlamaForCausalLM
import faiss, peft

class Embedder(WordEmbedder):
    def __init__(self, *_): super().__init__()
    def embed_documents(self, *given):
        time.sleep(0.3)  # what a model would take
        return super().embed_documents(*given)

if sys.argv[1] == "tiny":
    harness.run.tools.SentenceTransformerEmbedder = Embedder
for line in sys.stdin:
    cache, argv, seconds = json.loads(line)
    begun = time.monotonic()
    child = os.fork()
    if child == 0:
        os.environ["HARNESS_CACHE"] = cache
        os.dup2(2, 1)
        code = 70
        try:
            code = main(argv)
        except Exception:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)
    while not (ended := os.waitpid(child, os.WNOHANG))[0]:
        if seconds is not None and time.monotonic() - begun >= seconds:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.001)
    print(json.dumps([os.waitstatus_to_exitcode(ended[1]), time.monotonic() - begun]), flush=True)
"""
"""Starts each command as a process of its own, which it kills after so many seconds, but imports libraries once."""


@dataclass(frozen=True)
class World:
    """What is run: the command without its output, and where its models lie."""

    home: Path
    argv: tuple[str, ...]
    models: Path
    starter: subprocess.Popen[str]

    def command(self, folder: Path, seconds: float | None) -> tuple[int, float]:
        """Start or resume the run in a folder: its exit code (minus the signal that ended it) and its seconds."""
        cache, run = folder / "cache", folder / "run"
        if not cache.exists():
            cache.mkdir(parents=True)
            (cache / "models").symlink_to(self.models)  # nothing is fetched
        begun = (run / "run.json").exists()
        argv = ("compare", "--resume", str(run)) if begun else (*self.argv, "--output", str(run))
        assert self.starter.stdin is not None
        assert self.starter.stdout is not None
        self.starter.stdin.write(json.dumps([str(cache), argv, seconds]) + "\n")
        self.starter.stdin.flush()
        code, took = json.loads(self.starter.stdout.readline())
        return code, took


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--model", choices=["tiny", "default"], default="tiny")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--home", type=Path, help="keep the world and the run that nobody killed in this folder"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = (options.home or Path(temporary)).resolve()
        home.mkdir(parents=True, exist_ok=True)
        world = world_of(options.model, home)
        try:
            return try_kills(world, options.kills, random.Random(options.seed))
        finally:
            world.starter.communicate()


def world_of(model: str, home: Path) -> World:
    """The tiny world of the tests, or the tasks that ship, under the model."""
    tasks: tuple[str, ...]
    if model == "tiny":
        if not (home / "model").exists():
            write_tiny_model(home / "model")
        test = [
            {"id": f"q{n}", "question": f"What {'very ' * (n % 7)}thing is the {TOOLS[n % 8]} of number {n}?",
             "answers": [str(n)], "gold_docs": [TOOLS[n % 8]]}
            for n in range(64)
        ]  # fmt: skip
        more = "examples: {k: 2}\nfinetune: {max_epochs: 3, min_epochs: 1}\n"
        tasks, name = (str(write_task(home, test=test, more=more)),), str(home / "model")
        limits: tuple[str, ...] = ("--latency-queries", "4", "--guard", "none")
    else:
        tasks, name = (str(ROOT / "tasks/knowledge.yaml"),), "SmolLM2-135M-Instruct"
        limits = ("--quick", "--limit", "16", "--latency-queries", "3", "--guard", "none")
    argv = ("compare", *tasks, "--model", name, "--strategies", STRATEGIES, "--device", "cpu", *limits)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if model == "tiny":
        environment["OMP_NUM_THREADS"] = "1"
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, model], cwd=ROOT, env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=(home / "log").open("ab"),
    )  # fmt: skip
    return World(home, argv, cache_root() / "models", starter)


def try_kills(world: World, kills: int, rng: random.Random) -> int:
    """Kill runs so many times in all; print what was hit and what was wrong, and return the exit code."""
    whole = world.home / "whole"
    seconds_file = whole / "seconds"
    if not seconds_file.exists():
        shutil.rmtree(whole, ignore_errors=True)
        code, took = world.command(whole, None)
        assert code == 0, f"see {world.home / 'log'}"
        seconds_file.write_text(str(took))
    length = float(seconds_file.read_text())
    hit: Counter[str] = Counter()
    wrong: list[str] = []
    runs = 0
    while hit.total() < kills:
        folder = world.home / "killed"
        shutil.rmtree(folder, ignore_errors=True)
        runs += 1
        while True:
            moment = rng.uniform(0, length) if hit.total() < kills else None
            code, _ = world.command(folder, moment)
            if code != -signal.SIGKILL:
                break
            hit[phase(folder, whole)] += 1
        found = faults(folder, whole) if code == 0 else [f"exit code {code}: see the log"]
        if found:
            shutil.move(folder, world.home / f"wrong-{runs}")
            wrong += [f"run {runs}: {fault}" for fault in found]
    print(*wrong, sep="\n" if wrong else "")
    phases = ", ".join(f"{name} {count}" for name, count in hit.most_common())
    print(f"{hit.total()} kills in {runs} runs of {length:.1f} s ({phases}): {len(wrong)} faults")
    return 1 if wrong else 0


def phase(folder: Path, whole: Path) -> str:
    """What a killed run was doing, by what it left."""
    run = folder / "run"
    if not (run / "run.json").exists():
        return "loading"
    if json.loads((run / "run.json").read_text())["status"] == "complete":
        return "reports"
    if any((folder / "cache" / "adapters").glob(".*.unfinished")):
        return "training"
    if not (run / "questions.jsonl").exists():
        return "indexing"
    answered = [(place / "run" / "answers.jsonl") for place in (folder, whole)]
    have, all_of_them = (path.read_bytes().count(b"\n") if path.exists() else 0 for path in answered)
    return "timing" if have == all_of_them else "answering"


def faults(folder: Path, whole: Path) -> list[str]:
    """How a killed run differs from the one that nobody killed, and what it left."""
    found = []
    for name in EVIDENCE:
        mine, wanted = (Counter(rows(place / "run" / f"{name}.jsonl")) for place in (folder, whole))
        lost, more = (wanted - mine).total(), (mine - wanted).total()
        if lost or more:
            found.append(f"{name}: {lost} lost or different, {more} doubled or different")
    found += [f"no {name}" for name in REPORTS if not (folder / "run" / name).exists()]
    left = [path for path in folder.rglob(".*") if path.name != ".gitignore"]
    return found + [f"left: {path.relative_to(folder)}" for path in left]


def rows(path: Path) -> list[str]:
    """Rows of evidence as text, without what says how long something took."""
    if not path.exists():
        return []
    lines: list[dict[str, Any]] = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [json.dumps({k: v for k, v in line.items() if k not in TIMES}, sort_keys=True) for line in lines]


if __name__ == "__main__":
    sys.exit(main())
