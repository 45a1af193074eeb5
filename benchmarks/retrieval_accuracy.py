"""What each step of retrieval does to the answers of `rag`: accuracy, and its gain paired on the same test questions.

    python -m benchmarks.retrieval_accuracy [--steps dense,bm25,hybrid] [--limit 60] [TASK.yaml …]

The steps are those of `retrieval_steps.py`, and so are the tasks where none is named. Each is compared as anyone would
compare it, by the default model, into the folder `--runs`, which keeps its evidence; what is there is not asked again.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.retrieval_steps import STEPS, TASKS, Step, is_there
from harness.analysis.accuracy import estimate, per_question, score_all
from harness.analysis.reading import read_run
from harness.analysis.results.figures import Estimate
from harness.analysis.statistics.clusters import design_of
from harness.analysis.statistics.paired import Difference, compare
from harness.cli import main as harness
from harness.report.mdtext import table
from harness.report.numbers import estimate as shown
from harness.report.view import table_of

FLAGS = ("--strategies", "rag", "--latency-queries", "0", "--guard", "none", "--workers", "2")


@dataclass(frozen=True, slots=True)
class Answered:
    """`rag` under one step of a task. `scores`: question id → score; `clusters`: question id → cluster."""

    task: str
    step: Step
    scores: Mapping[str, float]
    clusters: Mapping[str, str]

    @property
    def accuracy(self) -> Estimate:
        return estimate(self.scores, self.clusters)

    def gain(self, over: Answered) -> Difference:
        differences = [self.scores[name] - over.scores[name] for name in self.scores]
        return compare(differences, design_of(self.clusters, self.scores))


def answered(path: Path, step: Step, runs: Path, flags: list[str]) -> Answered:
    """Compare a task under a step, into a folder of its own where it is not there yet."""
    run = runs / f"{path.stem}-{step.name}"
    if not (run / "results.json").exists():
        file = runs / step.name / path.name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(_under(path, step)), encoding="utf-8")
        if code := harness(["compare", str(file), *FLAGS, *flags, "--output", str(run)]):
            raise SystemExit(code)
    evidence = read_run(run)
    (task,) = evidence.tasks
    metric = next(iter(evidence.manifest.tasks[task].metrics))
    scored = score_all(evidence)[task, "rag"]
    return Answered(task, step, per_question(scored, metric), evidence.clusters(task))


def _under(path: Path, step: Step) -> dict[str, object]:
    """The task file as it would be with the step's settings, its files named from anywhere."""
    task = dict(yaml.safe_load(path.read_text(encoding="utf-8")))
    task["corpus"] = str((path.parent / task["corpus"]).resolve())
    task["questions"] = {
        split: str((path.parent / file).resolve()) for split, file in task["questions"].items()
    }
    task["retrieval"] = step.settings.model_dump(mode="json", exclude_unset=True)
    return task


def rows(
    path: Path, steps: list[Step], runs: Path, flags: list[str]
) -> Iterator[tuple[Answered, Difference | None]]:
    """Each step with its gain over the one that it is held against, where that was asked too."""
    known: dict[str, Answered] = {}
    for step in steps:
        own = known[step.name] = answered(path, step, runs, flags)
        over = known.get(step.over or "")
        yield own, own.gain(over) if over else None


def _points(gain: Difference | None) -> str:
    if gain is None or gain.delta is None:
        return ""
    if gain.ci_low is None or gain.ci_high is None or gain.p is None:
        return f"{100 * gain.delta:+.1f}"
    return (
        f"{100 * gain.delta:+.1f} ({100 * gain.ci_low:+.1f} to {100 * gain.ci_high:+.1f}), p = {gain.p:.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="What each step of retrieval does to answers.")
    parser.add_argument("tasks", nargs="*", type=Path)
    parser.add_argument("--steps", default=",".join(step.name for step in STEPS))
    parser.add_argument("--limit", help="questions a task")
    parser.add_argument("--runs", type=Path, default=Path("reports/retrieval"))
    given = parser.parse_args()
    steps = [step for step in STEPS if step.name in given.steps.split(",")]
    found = [
        row
        for path in given.tasks or [path for path in TASKS if is_there(path)]
        for row in rows(path, steps, given.runs, ["--limit", given.limit] if given.limit else [])
    ]
    made = table_of(
        found,
        ("set", lambda row: row[0].task),
        ("n", lambda row: str(len(row[0].scores))),
        ("step", lambda row: row[0].step.name),
        ("right", lambda row: shown(row[0].accuracy)),
        ("over", lambda row: row[0].step.over or ""),
        ("gain, points", lambda row: _points(row[1])),
    )
    print(*table(made.headers, made.rows), sep="\n")


if __name__ == "__main__":
    main()
