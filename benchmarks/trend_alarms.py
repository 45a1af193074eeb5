"""How often `trend` marks a change in a made-up history: where nothing ever changed, and where a loss was planted.

A history is 20 runs of three strategies on 200 questions. Some questions are always right, some never, and a part (the
loose ones) falls one way or the other each time, as on a system that does not repeat itself. Latency ratios rest on 20
questions with a spread of 20 % each, and every run is off by some 5 % as a whole. The loss comes half-way, to one
strategy, and strikes whole clusters.

    python benchmarks/trend_alarms.py
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np

from harness.analysis.history.marks import Scored, marks
from harness.analysis.history.runs import Entry, Point, Run, TaskRun
from harness.analysis.latency_ratio import mean_ratio
from harness.analysis.results.figures import Estimate, Tokens
from harness.analysis.results.money import Components
from harness.records import TimingRow
from harness.run.facts import ModelFacts, Seeds
from harness.run.machines import MachineFacts
from harness.run.manifest import Manifest
from harness.run.settings import Settings
from harness.spec.system import ModelRef, System

NONE = Estimate(None, None, None, 0)
FREE = Components(**{one.name: None for one in fields(Components)})
NOTHING = Manifest(
    run_id="", created="", status="complete", quick=False, command="", harness_version="", git_commit=None,
    settings=Settings(()), model=ModelFacts(name="m"), embedder=None, tasks={}, systems={}, plan=(),
    not_applicable={}, forgetting=(), seeds=Seeds(sampling=0, training=(0,), order=0), libraries={},
    machine=MachineFacts(),
)  # fmt: skip
"""What differs between runs is not looked at here."""
STRATEGIES = ("base", "lora", "rag")
SHARE = 0.6
TIMED, SPREAD, OFF = 20, 0.2, 0.05
Hits = np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass
class Kept:
    """Scores in memory, in place of run folders; `size` questions a cluster."""

    size: int
    by_folder: dict[Path, dict[str, Hits]] = field(default_factory=dict)

    def __call__(self, folder: Path) -> Scored:
        made = self.by_folder[folder]
        scores = {
            ("t", name): {f"q{i}": float(hit) for i, hit in enumerate(hits)} for name, hits in made.items()
        }
        n = len(next(iter(made.values())))
        return Scored(scores, {"t": {f"q{i}": f"c{i // self.size}" for i in range(n)}})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=500)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--questions", type=int, default=200)
    options = parser.parse_args()
    rows = []
    print(
        "| loose questions | a cluster | loss, points | marked where it came | marked elsewhere | latency marked |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for loose in (0.0, 0.05, 0.2):
        for size in (1, 4):
            for loss in (0.0, 0.1, 0.15):
                row = measured(options, loose, size, loss)
                rows.append(row)
                here = f"{row['found']:.1f}" if loss else ""
                cells = (
                    f"{loose:.0%}",
                    size,
                    f"{100 * loss:.0f}",
                    here,
                    f"{row['elsewhere']:.1f}",
                    f"{row['latency']:.1f}",
                )
                print("| " + " | ".join(map(str, cells)) + " |", flush=True)
    print(json.dumps(rows))


def measured(options: argparse.Namespace, loose: float, size: int, loss: float) -> dict[str, float]:
    """Percent of histories with a mark of accuracy at the loss, anywhere else, and of latency anywhere."""
    generator = np.random.Generator(np.random.PCG64(7))
    at, counts = options.runs // 2, {"found": 0, "elsewhere": 0, "latency": 0}
    for _ in range(options.histories):
        kept = Kept(size)
        runs = history(generator, kept, options, loose, loss)
        told = [(one.figure, one.run, one.strategy) for one in marks(runs, "t", kept)]
        planted = ("accuracy", str(at), "rag")
        counts["found"] += planted in told
        counts["elsewhere"] += any(f == "accuracy" and (f, r, s) != planted for f, r, s in told)
        counts["latency"] += any(figure == "latency ratio" for figure, _, _ in told)
    share = {name: 100 * count / options.histories for name, count in counts.items()}
    return {"loose": loose, "cluster": size, "loss": loss, **share}


def history(
    generator: np.random.Generator, kept: Kept, options: argparse.Namespace, loose: float, loss: float
) -> list[Entry]:
    """Runs in order. A cluster of questions is lost as a whole; loose ones fall for themselves."""
    n, runs = options.questions, []
    fixed = {name: generator.permutation(n) < SHARE * n for name in STRATEGIES}
    free = {name: generator.permutation(n) < loose * n for name in STRATEGIES}
    lost = lose(fixed["rag"], round(loss * n), kept.size)
    for number in range(options.runs):
        hits = {}
        for name in STRATEGIES:
            sure = lost if name == "rag" and number >= options.runs // 2 else fixed[name]
            hits[name] = np.where(free[name], generator.random(n) < 0.5, sure)
        folder = Path(str(number))
        kept.by_folder[folder] = hits
        points = {name: point(name, hits[name], generator) for name in STRATEGIES}
        task = TaskRun(folder.name, "", True, "series", n, "contains", points)
        run = Run(
            folder=folder.name, created=f"{number:04}", run_id=folder.name, status="complete", quick=False,
            incomplete=False, missing_answers=0, derived=False, compared=True, page=None,
            model=ModelFacts(name="m"), embedder=None, machine=MachineFacts(), git_commit=None, questions={"t": n},
        )  # fmt: skip
        runs.append(Entry(folder, run, {"t": task}, NOTHING))
    return runs


def lose(hits: Hits, count: int, size: int) -> Hits:
    """`count` right answers turned wrong, cluster after cluster."""
    places = [i for i in np.argsort(np.arange(len(hits)) // size * 7919 % 1009, kind="stable") if hits[i]]
    after = hits.copy()
    after[places[:count]] = False
    return after


def point(name: str, hits: Hits, generator: np.random.Generator) -> Point:
    ratio = NONE if name == "base" else timed(generator)
    accuracy = Estimate(math.fsum(hits) / len(hits), None, None, len(hits))
    system = System(name, name, ModelRef("m"))
    return Point(system, accuracy, NONE, ratio, 1, Tokens(None, None), FREE, None, {})


def timed(generator: np.random.Generator) -> Estimate:
    whole = generator.normal(0.4, OFF)
    times = np.exp(generator.normal(whole, SPREAD, TIMED))
    found = mean_ratio(rows([1.0] * TIMED), rows(times.tolist()))
    return Estimate(found.ratio, found.ci_low, found.ci_high, found.n) if found else NONE


def rows(seconds: Sequence[float]) -> list[TimingRow]:
    return [TimingRow("t", "s", f"q{i}", i, 0, None, 0.0, s, 1, 2) for i, s in enumerate(seconds)]


if __name__ == "__main__":
    main()
