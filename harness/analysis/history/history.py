"""A folder of runs → its history: runs in the order in which they were made, series, and marks of changes."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase

from harness.analysis.history.marks import Mark, Scores, marks, scores_of_runs
from harness.analysis.history.runs import Entry, Run, TaskRun, Unread, read_entry, run_folders
from harness.errors import InputError, did_you_mean
from harness.progress import Progress

SCHEMA_VERSION = 2


@dataclass(frozen=True, slots=True)
class TaskHistory:
    """One task over the runs that asked it, newest first. `series`: letter → key; only runs of one are compared."""

    series: dict[str, str]
    runs: tuple[TaskRun, ...]
    changes: tuple[Mark, ...]

    @property
    def strategies(self) -> tuple[str, ...]:
        """In the order of the newest run that has them; systems of one strategy, as `rag@small`, stand together."""
        systems = {name: point.system for run in self.runs for name, point in run.strategies.items()}
        strategies = list(dict.fromkeys(system.strategy for system in systems.values()))
        return tuple(sorted(systems, key=lambda name: strategies.index(systems[name].strategy)))

    @property
    def marks(self) -> dict[tuple[str, str, str], Mark]:
        """(Folder of a run, system, figure) → the change that shows there."""
        return {(mark.run, mark.strategy, mark.figure): mark for mark in self.changes}


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All runs of a folder, newest first."""

    schema_version: int = SCHEMA_VERSION
    folder: str
    runs: tuple[Run | Unread, ...]
    tasks: dict[str, TaskHistory]

    @property
    def names(self) -> dict[str, str]:
        """Folder of a run → what people are told of it by."""
        return {run.folder: run.name for run in self.runs}


def read_history(
    folder: Path, progress: Progress, tasks: Sequence[str] = (), last: int | None = None
) -> History:
    """The history of the runs in `folder`: of these tasks (none: all), over the `last` newest runs (None: all).

    What has no date is kept in any case, before all others. What cannot be read is named in a note and kept as such.
    Raises InputError where the folder does not exist or no run has a task that was asked for.
    """
    folders = run_folders(folder)
    dated = [run for run in folders if run.moment]
    folders = [*(run for run in folders if not run.moment), *(dated[-last:] if last else dated)]
    read: list[Entry | Unread] = []
    known: dict[str, dict[str, str]] = {}
    with progress.track("reading runs", len(folders)) as advance:
        for run in folders:
            entry = read_entry(run, known)
            if isinstance(entry, Unread):
                progress.note(f"harness: {run.path} is left out: {entry.reason}")
            read.append(entry)
            advance(1)
    entries = [entry for entry in read if isinstance(entry, Entry)]
    faults: dict[Path, str] = {}
    scores = scores_of_runs(faults)
    histories = {task: task_history(entries, task, scores) for task in _chosen(entries, tasks, bool(folders))}
    for place, reason in faults.items():
        progress.note(f"harness: {place} is not compared with other runs: {reason}")
    runs = [entry if isinstance(entry, Unread) else _judged(entry, faults) for entry in read]
    return History(folder=str(folder), runs=tuple(reversed(runs)), tasks=histories)


def _judged(entry: Entry, faults: Mapping[Path, str]) -> Run:
    reason = faults.get(entry.path)
    return dataclasses.replace(entry.run, compared=False, reason=reason) if reason else entry.run


def _chosen(entries: Sequence[Entry], wanted: Sequence[str], any_found: bool) -> list[str]:
    """The tasks of the history, in the order of the newest run."""
    known = list(dict.fromkeys(name for entry in reversed(entries) for name in entry.tasks))
    lacking = [name for name in wanted if name not in known]
    if lacking and any_found:
        raise InputError(
            f"no run has the task {lacking[0]!r}{did_you_mean(lacking[0], known)}. Tasks: {', '.join(known) or 'none'}."
        )
    return [name for name in known if name in wanted] if wanted else known


def task_history(entries: Sequence[Entry], task: str, scores: Scores) -> TaskHistory:
    """One task over entries, oldest first. Series get the letters A, B, … in the order of their first run."""
    runs = [entry.tasks[task] for entry in entries if task in entry.tasks]
    letters = dict(zip(dict.fromkeys(run.series for run in runs), _letters(), strict=False))
    changes = [
        dataclasses.replace(mark, series=letters[mark.series]) for mark in marks(entries, task, scores)
    ]
    runs = [dataclasses.replace(run, series=letters[run.series]) for run in runs]
    return TaskHistory(
        {letter: key for key, letter in letters.items()}, tuple(reversed(runs)), tuple(reversed(changes))
    )


def _letters() -> Iterator[str]:
    """A, B, …, Z, AA, …"""
    for size in itertools.count(1):
        yield from map("".join, itertools.product(ascii_uppercase, repeat=size))
