"""How much of its workers a run uses: measured times of batches, replayed by workers that sleep.

A whole answer pass, evidence on disk, goes through the real pool and executor; only what computes is a clock. So what
is lost is what the driver takes for each piece of work, and what workers wait for at the end of a run.

    python -m benchmarks.spread                                                    # made-up times, seeded
    python -m benchmarks.spread --batches reports/RUN/batches.jsonl --unit-s 0     # a run's own, at their own speed
    python -m benchmarks.spread --workers 64 --actors 2                            # over Ray, 2 processes that sleep
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import heapq
import itertools
import json
import math
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.cluster.engine import ClusterEngine
from harness.cluster.executor import ClusterExecutor
from harness.cluster.pool import Pool, StartWorker
from harness.cluster.rays import RayWorker, joined
from harness.cluster.units import Answer, Done, Hello, Refused, Train, Unit
from harness.engines.engine import Completion, PromptFacts, Request
from harness.engines.scripted import ScriptedEngine
from harness.finetune.trainer import Training
from harness.run.answer import AnswerPass
from harness.run.answer_cache import AnswerCache
from harness.run.batches import BATCH_TOKENS
from harness.run.executor import Strand
from harness.run.folder import RunFolder
from harness.run.plan import Job, setup_of
from harness.run.prepare import ReadyJob, TaskContext, ready
from harness.spec.strategy import STRATEGIES
from harness.spec.system import LoRA
from harness.spec.task import load_task
from tests.fakes import Silent
from tests.run.worlds import run_of, write_task

LONGEST = 5.0
"""A made-up batch takes at most so many times the mean."""


@dataclass(frozen=True)
class Times:
    """Seconds of units: of a batch, one that was measured, drawn by what it asks; of a training, always the same."""

    batches: tuple[float, ...]
    training: float

    def of(self, unit: Unit[Any]) -> float:
        if isinstance(unit, Answer):
            return random.Random(str(unit.requests[0].prompt)).choice(self.batches)
        return self.training

    def scaled(self, mean: float) -> Times:
        """With batches that take so long in the mean; 0: as they are."""
        factor = mean / statistics.fmean(self.batches) if mean else 1.0
        return Times(tuple(seconds * factor for seconds in self.batches), self.training * factor)


def measured(path: Path | None, seed: int, training: float) -> Times:
    """Those of a run's batches.jsonl, else made up with a heavy tail. `training`: as many batches as one takes."""
    if path:
        lines = path.read_text(encoding="utf-8").splitlines()
        batches = tuple(float(json.loads(line)["wall_s"]) for line in lines)
    else:
        rng = random.Random(seed)
        batches = tuple(min(rng.lognormvariate(-0.32, 0.8), LONGEST) for _ in range(1000))
    return Times(batches, training * statistics.fmean(batches))


# Workers that sleep


class Alarms:
    """One thread that calls back when it is time."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        threading.Thread(target=self._go, daemon=True).start()

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), call))
            self._changed.notify()

    def _go(self) -> None:
        while True:
            with self._changed:
                while not self._due or (left := self._due[0][0] - time.monotonic()) > 0:
                    self._changed.wait(left if self._due else None)
                _, _, call = heapq.heappop(self._due)
            call()


def slept(unit: Unit[Any], seconds: float) -> Done[Any]:
    """What comes of a unit that took so long."""
    texts = unit.requests if isinstance(unit, Answer) else ()
    return Done([Completion("forty-two", 3, "stop") for _ in texts], seconds)


def hello(name: str) -> Hello:
    return Hello("node", "host", f"{name}.err", "0", {}, "a clock", 1, None)


@dataclass(eq=False)
class Sleeper:
    """Implements `Worker` in this process."""

    name: str
    times: Times
    alarms: Alarms

    def ready(self) -> Future[Hello | Refused]:
        begun: Future[Hello | Refused] = Future()
        begun.set_result(hello(self.name))
        return begun

    def do(self, unit: Unit[Any]) -> Future[Done[Any] | Refused]:
        given: Future[Done[Any] | Refused] = Future()
        seconds = self.times.of(unit)
        self.alarms.after(seconds, lambda: given.set_result(slept(unit, seconds)))
        return given

    def end(self) -> None:
        pass


class Dormitory:
    """An actor in which many workers sleep."""

    def __init__(self, times: Times) -> None:
        self._times = times

    async def hello(self) -> Hello:
        return hello("dormitory")

    async def do(self, unit: Unit[Any]) -> Done[Any]:
        seconds = self._times.of(unit)
        await asyncio.sleep(seconds)
        return slept(unit, seconds)


class Guest(RayWorker):
    """One of an actor's many: the actor stays when it ends."""

    def end(self) -> None:
        pass


@contextlib.contextmanager
def workers(times: Times, actors: int) -> Iterator[StartWorker]:
    """What starts workers: in this process, or in so many actors of a Ray that is started here."""
    if not actors:
        alarms = Alarms()
        yield lambda number: Sleeper(f"worker-{number}", times, alarms)
        return
    with joined("local", "benchmark"):
        import ray

        options = {"num_cpus": 0, "max_concurrency": 1000}
        made: list[Any] = [ray.remote(Dormitory).options(**options).remote(times) for _ in range(actors)]
        ray.get([actor.hello.remote() for actor in made])
        events = ThreadPoolExecutor(1)
        yield lambda number: Guest(f"worker-{number}", made[number % actors], events)


# A run of them


class Sized(ScriptedEngine):
    """A script whose prompts are as long as lets `rows` of them into a batch."""

    def __init__(self, rows: int) -> None:
        super().__init__(lambda _prompt, _adapter: "forty-two")
        self._tokens = BATCH_TOKENS // rows

    def inspect(self, request: Request) -> PromptFacts:
        return replace(super().inspect(request), tokens=self._tokens, longest=self._tokens)


@dataclass(frozen=True)
class Load:
    """What there is to do: jobs alike, of whole batches. `trainings`: jobs that wait for one."""

    jobs: int
    batches: int
    rows: int
    trainings: int

    def made(self, home: Path) -> list[ReadyJob]:
        engine, made = Sized(self.rows), []
        for number in range(self.jobs):
            test = [
                {"id": f"q{n}", "question": f"What is number {n} of {number}?", "answers": [str(n)]}
                for n in range(self.batches * self.rows)
            ]
            path = write_task(home, f"job-{number}", test=test, with_corpus=False, with_train=False)
            task = load_task(path)
            system = setup_of(engine, "none", 0)(task, STRATEGIES["base"])
            made.append(ready(Job(task.name, system), TaskContext(task, engine, None, 0)))
        return made


@dataclass(frozen=True)
class Row:
    """What came of a run. `cpu_s`: of this process, that of the sleeping workers in it included."""

    workers: int
    actors: int
    unit_s: float
    units: int
    answers: int
    asked_s: float
    """What the units take, one after the other."""
    wall_s: float
    least_s: float
    """What it takes where a driver costs nothing: workers wait for the last units alone."""
    cpu_s: float
    efficiency: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "efficiency", self.asked_s / (self.workers * self.wall_s))

    @property
    def at_most(self) -> float:
        return self.asked_s / (self.workers * self.least_s)

    @property
    def in_words(self) -> str:
        return (
            f"{self.workers:4} workers, {self.units:6} units of {self.unit_s:5.2f} s: {self.efficiency:4.0%} of "
            f"{self.wall_s:6.1f} s, {self.at_most:4.0%} at most; {self.units / self.wall_s:6.1f} units/s, processor "
            f"{1000 * self.cpu_s / self.units:5.2f} ms a unit, {1000 * self.cpu_s / self.answers:5.3f} ms an answer"
        )


def go(load: Load, times: Times, start: StartWorker, count: int, place: Path, actors: int) -> Row:
    """Answer all jobs by so many workers, from the first unit to the last line of evidence."""
    jobs = load.made(place)
    executor = ClusterExecutor(Pool(start, count, print), lambda: Pool(start, 1, print))
    engine = ClusterEngine(Sized(load.rows), 0, executor)
    folder = RunFolder.create(place / "run", run_of())
    cache = AnswerCache(place / "answers.sqlite", Silent())
    answers = AnswerPass(engine, folder, cache, Silent(), time.perf_counter, executor)
    training = Train(0, Training("lora", LoRA(task="t"), (), (), 0), "")

    def answer(number: int) -> None:
        if number < load.trainings:
            executor.wait(training)
        answers.run(jobs[number], None)

    strands: list[Strand] = [functools.partial(answer, number) for number in range(load.jobs)]
    wall, cpu = time.perf_counter(), time.process_time()
    executor.together(strands)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    executor.dismiss()
    lines = [json.loads(line) for line in (place / "run" / "batches.jsonl").read_text().splitlines()]
    took = [times.training] * load.trainings + [line["wall_s"] for line in lines]
    answered = sum(line["questions"] for line in lines)
    assert answered == load.jobs * load.batches * load.rows
    return Row(
        workers=count,
        actors=actors,
        unit_s=statistics.fmean(times.batches),
        units=len(took),
        answers=answered,
        asked_s=sum(took),
        wall_s=wall,
        least_s=scheduled(took, count),
        cpu_s=cpu,
    )


def scheduled(took: Sequence[float], count: int) -> float:
    """When the last unit ends, where each goes to the worker that is free first."""
    free = [0.0] * count
    for seconds in took:
        heapq.heappush(free, heapq.heappop(free) + seconds)
    return max(free)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--batches", type=Path, metavar="FILE", help="the batches.jsonl of a run (default: made-up times)")
    add("--workers", type=int, nargs="+", default=[1, 8, 64, 512])
    add("--unit-s", type=float, default=2.0, help="seconds that a batch takes in the mean (0: as measured)")
    add("--each", type=int, default=20, help="batches for each worker, in the mean")
    add("--jobs", type=int, default=16, help="jobs that they belong to")
    add("--rows", type=int, default=16, help="answers in a batch")
    add("--trainings", type=int, default=0, help="so many jobs wait for a training")
    add("--training", type=float, default=20.0, help="as many batches as a training takes")
    add("--actors", type=int, default=0, help="actors of Ray that workers sleep in (0: in this process)")
    add("--seed", type=int, default=0)
    options = parser.parse_args()
    times = measured(options.batches, options.seed, options.training).scaled(options.unit_s)
    rows = []
    for count in options.workers:
        jobs = min(options.jobs, count * options.each)
        load = Load(jobs, math.ceil(count * options.each / jobs), options.rows, options.trainings)
        with tempfile.TemporaryDirectory() as home, workers(times, options.actors) as start:
            rows.append(go(load, times, start, count, Path(home), options.actors))
        print(rows[-1].in_words, flush=True)
    print(json.dumps([asdict(row) for row in rows]))


if __name__ == "__main__":
    main()
