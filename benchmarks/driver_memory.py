"""What a run holds in memory by the number of its answers, all made up: engines that answer at once, and many systems.

So all that counts is the run itself: prompts, what was retrieved, what is settled. Each size is a process of its own.

    python -m benchmarks.driver_memory                                      # base and few-shot on 50 models each
    python -m benchmarks.driver_memory --strategies base few-shot rag oracle --resume
    python -m benchmarks.driver_memory --answers 1000000 --no-cache
    python -m benchmarks.driver_memory --answers 20000 --where              # which lines hold what, by tracemalloc
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from harness.engines.engine import EngineIdentity
from harness.engines.scripted import ScriptedEngine
from harness.run import pipeline
from harness.run.compare import compare
from harness.run.settings import Settings
from harness.run.tools import Model, Tools
from harness.spec.models import ModelEntry
from harness.spec.task import Task, load_task
from tests.fakes import Silent, WordEmbedder
from tests.run.worlds import lines

TRAIN, DOCUMENTS = 64, 2000
WORDS = [f"{first}{last}" for first in ("har", "bel", "cor", "dun", "fen", "gal") for last in
         ("bour", "low", "ner", "stan", "ton", "ward", "wick", "mere", "ford", "ley")]  # fmt: skip
MILLION = 1_000_000


@dataclass(frozen=True)
class Row:
    """What one process took. `made_mb`: held when all prompts are made; `make_s`: of the processor, to make them."""

    answers: int
    resumed: bool
    peak_mb: float
    made_mb: float
    make_s: float
    wall_s: float
    cpu_s: float

    @property
    def in_words(self) -> str:
        what = "resumed" if self.resumed else "answered"
        return (
            f"{self.answers:9,} {what}: peak {self.peak_mb:7.0f} MB, {self.made_mb:7.0f} MB with all prompts made, "
            f"{1e6 * self.make_s / self.answers:6.1f} µs to make one, {self.wall_s:6.0f} s in all"
        )


def sentence(rng: random.Random, words: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(words))


def written_task(home: Path, count: int) -> Task:
    """A task of so many questions, each with a gold document. Prompts have some 0.5 to 3 kB."""
    rng = random.Random(0)

    def question(id_: str) -> dict[str, Any]:
        asked = f"What of {sentence(rng, 22)}, {id_}?"
        return {
            "id": id_,
            "question": asked,
            "answers": [sentence(rng, 6)],
            "gold_docs": [f"d{rng.randrange(DOCUMENTS)}"],
        }

    lines(home / "made-up" / "test.jsonl", [question(f"q{n}") for n in range(count)])
    lines(home / "made-up" / "train.jsonl", [question(f"t{n}") for n in range(TRAIN)])
    docs = home / "docs"
    docs.mkdir()
    for n in range(DOCUMENTS):
        (docs / f"d{n}.md").write_text(f"# Of {sentence(rng, 3)}\n\n{sentence(rng, 50)}.\n", encoding="utf-8")
    path = home / "made-up.yaml"
    path.write_text(
        "name: made-up\nprobes: knowledge\ncorpus: docs\n"
        "questions: {test: made-up/test.jsonl, train: made-up/train.jsonl}\n"
        f"prompt: {{system: {sentence(rng, 40)}.}}\n"
        "answer: {type: text, max_tokens: 8, refusal: unknown}\nmetrics: [contains]\nexamples: {k: 8}\n"
        "retrieval: {k: 3, max_prompt_tokens: 4000}\n",
        encoding="utf-8",
    )
    return load_task(path)


def tools_of(home: Path, models: int) -> Tools:
    embedder = WordEmbedder()
    return Tools(
        tuple(
            Model(
                ModelEntry(name=f"m{n}", model="made-up"),
                ScriptedEngine(
                    lambda _prompt, _adapter: "harbour low",
                    EngineIdentity(f"made-up-{n}", "a script", f"{n:064x}", "float32", "cpu"),
                ),
                None,
                f"m{n}",
            )
            for n in range(models)
        ),
        lambda: embedder,
        embedder.name,
        home / "cache",
        Silent(),
    )


class Watch:
    """Looks on while a run makes its prompts."""

    def __init__(self, where: bool) -> None:
        self.make_s, self.made_mb, self._where = 0.0, 0.0, where
        self._make, self._ready = pipeline.ready, pipeline.Run.make_ready

    def __enter__(self) -> Watch:
        pipeline.ready = self._timed(self._make)
        pipeline.Run.make_ready = self._looked(self._ready)
        return self

    def __exit__(self, *_error: object) -> None:
        pipeline.ready, pipeline.Run.make_ready = self._make, self._ready

    def _timed(self, make: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any) -> Any:
            start = time.process_time()
            made = make(*args)
            self.make_s += time.process_time() - start
            return made

        return timed

    def _looked(self, make_ready: Callable[..., Any]) -> Callable[..., Any]:
        def looked(run: Any) -> Any:
            made = make_ready(run)
            self.made_mb = psutil.Process().memory_info().rss / 1e6
            if self._where:
                told("all prompts made")
            return made

        return looked


def told(when: str) -> None:
    """The lines that hold most of the memory."""
    print(f"-- {when}: {tracemalloc.get_traced_memory()[0] / 1e6:.1f} MB", file=sys.stderr)
    for held in tracemalloc.take_snapshot().statistics("lineno")[:20]:
        print(f"   {held}", file=sys.stderr)


def measured(options: argparse.Namespace) -> Row:
    """Run, or resume, one size in this process."""
    home, strategies = options.home, options.strategies
    models = options.systems // len(strategies)
    questions = options.one // (models * len(strategies))
    task = load_task(home / "made-up.yaml") if options.resumed else written_task(home, questions)
    tools = tools_of(home, models)
    settings = Settings(
        tasks=(str(task.path),),
        strategies=tuple(strategies),
        models=tuple(model.entry for model in tools.models),
        latency_queries=0,
        use_cache=not options.no_cache,
    )
    wall, cpu = time.perf_counter(), time.process_time()
    with Watch(options.where) as watch:
        if options.where:
            tracemalloc.start()
        compare(settings, [task], tools, home / "run", resume=options.resumed, command="")
        if options.where:
            told("all answered")
    return Row(
        answers=questions * models * len(strategies),
        resumed=options.resumed,
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
        made_mb=watch.made_mb,
        make_s=watch.make_s,
        wall_s=time.perf_counter() - wall,
        cpu_s=time.process_time() - cpu,
    )


def apart(options: argparse.Namespace, answers: int) -> Iterator[Row]:
    """The same in processes of their own: the run, and where that is asked for the run resumed when it is over."""
    with tempfile.TemporaryDirectory() as home:
        for resumed in (False, True) if options.resume else (False,):
            command = [
                sys.executable,
                "-m",
                "benchmarks.driver_memory",
                "--one",
                str(answers),
                "--home",
                home,
            ]
            command += ["--systems", str(options.systems), "--strategies", *options.strategies]
            command += [
                flag
                for flag, on in (
                    ("--no-cache", options.no_cache),
                    ("--where", options.where),
                    ("--resumed", resumed),
                )
                if on
            ]
            done = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=True)
            yield Row(**json.loads(done.stdout.splitlines()[-1]))


def fitted(rows: list[Row]) -> str:
    """What an answer takes, and a million of them, by the line through the peaks."""
    slope, start = np.polyfit([row.answers for row in rows], [1e6 * row.peak_mb for row in rows], 1)
    return f"{slope:.0f} bytes an answer; {(start + slope * MILLION) / 1e6:,.0f} MB at a million"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--answers", type=int, nargs="+", default=[20_000, 60_000, 200_000])
    add("--systems", type=int, default=100)
    add("--strategies", nargs="+", default=["base", "few-shot"])
    add("--no-cache", action="store_true", help="without the cache of answers")
    add("--resume", action="store_true", help="measure also a process that resumes the run when it is over")
    add(
        "--where",
        action="store_true",
        help="print the lines that hold most, at a few times the time and memory",
    )
    add("--one", type=int, help=argparse.SUPPRESS)
    add("--home", type=Path, help=argparse.SUPPRESS)
    add("--resumed", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(asdict(measured(options))))
        return
    rows: list[Row] = []
    for answers in options.answers:
        for row in apart(options, answers):
            print(row.in_words, flush=True)
            rows.append(row)
    for resumed in (False, True):
        own = [row for row in rows if row.resumed is resumed]
        if len(own) > 1:
            print(f"{'resumed' if resumed else 'answered'}: {fitted(own)}")
    print(json.dumps([asdict(row) for row in rows]))


if __name__ == "__main__":
    main()
