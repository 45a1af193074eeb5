"""What every strategy reached in several runs, before and after `--tune` or `--optimise-prompt`, as Markdown tables.

    python -m benchmarks.set_tables RUN…

Each RUN is a run folder, read anew from its evidence. A run with either gives the second column of its tasks, any
other the first. Prints the figures of docs/measured.md: accuracies with the effort behind them, then the verdicts.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.analysis.results.run import RunResult, TaskResult
from harness.analysis.results.tuning import Tuning
from harness.quantities import seconds
from harness.report.mdtext import table
from harness.report.numbers import estimate
from harness.report.view import Table, table_of


@dataclass(frozen=True, slots=True)
class Pair:
    """A task as it was compared untuned and tuned. None: in no run that was given."""

    untuned: TaskResult | None
    tuned: TaskResult | None

    @property
    def compared(self) -> list[TaskResult]:
        return [task for task in (self.untuned, self.tuned) if task]

    @property
    def systems(self) -> list[str]:
        return [*dict.fromkeys(name for task in self.compared for name in task.strategies)]


def pairs(runs: list[RunResult]) -> list[Pair]:
    """The tasks of the runs, each once, in the order in which they come."""
    found: dict[str, dict[bool, TaskResult]] = {}
    for run in runs:
        tuned = bool(run.settings and run.settings.tries)
        for name, task in run.tasks.items():
            found.setdefault(name, {})[tuned] = task
    return [Pair(row.get(False), row.get(True)) for row in found.values()]


def accuracies(rows: list[Pair]) -> Table:
    return table_of(
        [(pair, name) for pair in rows for name in pair.systems],
        ("set", lambda row: row[0].compared[0].name),
        ("strategy", lambda row: row[1]),
        ("untuned", lambda row: _accuracy(row[0].untuned, row[1])),
        ("tuned", lambda row: _accuracy(row[0].tuned, row[1])),
        ("tried", lambda row: _effort(row[0].tuned, row[1])),
        ("chosen", lambda row: _chosen(row[0].tuned, row[1])),
    )


def verdicts(rows: list[Pair]) -> Table:
    return table_of(
        rows,
        ("set", lambda pair: pair.compared[0].name),
        ("n", lambda pair: str(pair.compared[0].n)),
        ("untuned", lambda pair: _verdict(pair.untuned)),
        ("tuned", lambda pair: _verdict(pair.tuned)),
    )


def _accuracy(task: TaskResult | None, name: str) -> str:
    if task is None:
        return ""
    return estimate(task.strategies[name].accuracy) if name in task.strategies else "does not apply"


def _search(task: TaskResult | None, name: str) -> Tuning | None:
    return task.effort.tuning.get(name) if task else None


def _effort(task: TaskResult | None, name: str) -> str:
    search = _search(task, name)
    return f"{search.tried} on {search.questions}, {seconds(search.seconds)}" if search else ""


def _chosen(task: TaskResult | None, name: str) -> str:
    search = _search(task, name)
    return next((trial.label for trial in search.trials if trial.chosen), search.said) if search else ""


def _verdict(task: TaskResult | None) -> str:
    return task.decision.headline if task else ""


def main(folders: list[str]) -> None:
    rows = pairs([derive(read_run(Path(folder))) for folder in folders])
    for made in (accuracies(rows), verdicts(rows)):
        print(*table(made.headers, made.rows), "", sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
