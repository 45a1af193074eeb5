"""A folder of runs → its history: runs in the order in which they were made, series, and changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.analysis.history import series
from harness.analysis.history.changes import Change, changes
from harness.analysis.history.reading import Reader, Run, Unread, found_in
from harness.analysis.history.scores import Scores
from harness.errors import InputError, did_you_mean
from harness.progress import Progress


@dataclass(frozen=True, slots=True)
class TaskHistory:
    """One task over the runs that asked it, oldest first."""

    task: str
    runs: tuple[Run, ...]
    series: Mapping[str, str]
    """Key of a series → its letter."""
    changes: tuple[Change, ...]

    @property
    def strategies(self) -> tuple[str, ...]:
        """In the order of the newest run that has them."""
        return tuple(
            dict.fromkeys(name for run in reversed(self.runs) for name in run.tasks[self.task].strategies)
        )

    def letter(self, run: Run) -> str:
        return self.series[run.tasks[self.task].series]


@dataclass(frozen=True, slots=True)
class History:
    """`entries`: all runs, oldest first. `faults`: run → why its answers could not be compared with others'."""

    folder: Path
    entries: tuple[Run | Unread, ...]
    tasks: Mapping[str, TaskHistory]
    faults: Mapping[Path, str]

    @property
    def runs(self) -> tuple[Run, ...]:
        return tuple(entry for entry in self.entries if isinstance(entry, Run))

    @property
    def unread(self) -> tuple[Unread, ...]:
        return tuple(entry for entry in self.entries if isinstance(entry, Unread))


def read_history(
    folder: Path, progress: Progress, tasks: Sequence[str] = (), last: int | None = None
) -> History:
    """The history of the runs in `folder`: of these tasks (none: all), over the `last` newest runs (None: all).

    What has no date is kept in any case, before all others. What cannot be read is named in a note and kept as such.
    Raises InputError where the folder does not exist or no run has a task that was asked for.
    """
    found = found_in(folder)
    dated = [one for one in found if one.moment]
    found = [*(one for one in found if not one.moment), *(dated[-last:] if last else dated)]
    reader, entries = Reader(), []
    with progress.track("reading runs", len(found)) as advance:
        for one in found:
            entry = reader.read(one)
            if isinstance(entry, Unread):
                progress.note(f"harness: {entry.folder} is left out: {entry.reason}")
            entries.append(entry)
            advance(1)
    runs = [entry for entry in entries if isinstance(entry, Run)]
    scores = Scores()
    told = {task: _task(task, runs, scores) for task in _chosen(runs, tasks, bool(found))}
    for place, reason in scores.faults.items():
        progress.note(f"harness: {place} is not compared with other runs: {reason}")
    return History(folder, tuple(entries), told, scores.faults)


def _chosen(runs: Sequence[Run], wanted: Sequence[str], any_found: bool) -> list[str]:
    """The tasks that are told of, in the order of the newest run."""
    known = list(dict.fromkeys(name for run in reversed(runs) for name in run.tasks))
    lacking = [name for name in wanted if name not in known]
    if lacking and any_found:
        raise InputError(
            f"no run has the task {lacking[0]!r}{did_you_mean(lacking[0], known)}. Tasks: {', '.join(known) or 'none'}."
        )
    return [name for name in known if name in wanted] if wanted else known


def _task(task: str, runs: Sequence[Run], scores: Scores) -> TaskHistory:
    having = tuple(run for run in runs if task in run.tasks)
    keys = series.names([run.tasks[task].series for run in having])
    return TaskHistory(task, having, keys, tuple(changes(having, task, scores)))
