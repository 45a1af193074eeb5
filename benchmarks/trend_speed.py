"""How long `trend` takes over 200 made-up runs, start of the interpreter included.

Each run has three tasks of 200 questions under four strategies; two of a hundred answers differ from run to run, and
one strategy loses 15 points half-way. Target: 5 seconds where each run has its results.json (the first run's, with the
accuracies of this one put in, since deriving 200 takes minutes). With --derive there is none, and everything is made
of the evidence.

    python -m benchmarks.trend_speed
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmarks.decide_speed import taken
from benchmarks.made_up import Column, Row, answer, manifest, passages, question, timing
from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.files import to_json
from tests.analysis.runs import write_run

SHARES = {"base": 0.1, "lora": 0.5, "rag": 0.6, "oracle": 0.7}
TASKS = ("knowledge", "behaviour", "general")
NOISE = 0.02
LOSS = 0.15
START = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--questions", type=int, default=200, help="a task")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--derive", action="store_true", help="without results.json")
    parser.add_argument(
        "--keep", metavar="DIR", help="make the runs in DIR, a new folder, and leave them there"
    )
    options = parser.parse_args()
    if options.keep:
        Path(options.keep).mkdir(parents=True)
        for number in range(options.runs):
            write_made_up(Path(options.keep), number, options)
        return
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.runs):
            write_made_up(Path(folder), number, options)
        out = Path(folder) / "out.json"
        runs = [taken(["trend", folder, "--json"], str(out)) for _ in range(options.repeat)]
        printed = json.loads(out.read_text(encoding="utf-8"))
        size = (Path(folder) / "index.html").stat().st_size / 1e6
    marked = {task: [(one["run"], one["strategy"]) for one in found["changes"] if one["figure"] == "accuracy"]
              for task, found in printed["tasks"].items()}  # fmt: skip
    wall, processor = (
        statistics.median(getattr(run, unit) for run in runs) for unit in ("wall_s", "processor_s")
    )
    print(f"{options.runs} runs: median {wall:.2f} s, {processor:.2f} s of the processor; page {size:.1f} MB")
    print(f"planted at {options.runs // 2:03}; marked: {marked}")


def write_made_up(root: Path, number: int, options: argparse.Namespace) -> None:
    """Write a run; the same questions each time, and nearly the same answers."""
    folder, n = root / f"{number:03}", options.questions
    chance = random.Random(number)
    plan = [(task, strategy) for task in TASKS for strategy in SHARES]
    rows = []
    for task, strategy in plan:
        lost = LOSS if number >= options.runs // 2 and (task, strategy) == ("knowledge", "rag") else 0.0
        rows += [right_or_wrong(task, strategy, i, n, lost, chance) for i in range(n)]
    times = [
        timing(task, strategy, k, chance.uniform(0.9, 1.1)) for task, strategy in plan for k in range(20)
    ]
    about = {
        **manifest([Column(task, strategy, 0.0) for task, strategy in plan]),
        "run_id": f"{number}",
        "created": (START + timedelta(days=number)).isoformat(),
        "quick": False,
    }
    write_run(
        folder,
        manifest=about,
        questions=[question(task, i) for task in TASKS for i in range(n)],
        passages=passages(TASKS, n),
        answers=rows,
        timings=times,
        batches=[],
    )
    if not options.derive:
        results = results_of(root / "000")
        for task, strategy in plan:
            right = [row["prediction"] == f"value{row['question_id'].removeprefix(task)}"
                     for row in rows if (row["task"], row["strategy"]) == (task, strategy)]  # fmt: skip
            results["tasks"][task]["strategies"][strategy]["accuracy"]["mean"] = sum(right) / n
        (folder / "results.json").write_text(json.dumps({**results, "run_id": f"{number}"}), encoding="utf-8")


@lru_cache(maxsize=1)
def results_of(folder: Path) -> dict[str, Any]:
    results: dict[str, Any] = json.loads(to_json(derive(read_run(folder))))
    return results


def right_or_wrong(task: str, strategy: str, i: int, n: int, lost: float, chance: random.Random) -> Row:
    right = i * 37 % n < (SHARES[strategy] - lost) * n
    return {**answer(task, strategy, i, right != (chance.random() < NOISE), n), "strategy": strategy}


if __name__ == "__main__":
    main()
