"""How far a run that has not ended has come, and whose answers a verdict has to wait for."""

from __future__ import annotations

from harness.analysis.evidence import Evidence, settled
from harness.analysis.results.unfinished import Unfinished
from harness.run.settings import effort


def unfinished(run: Evidence) -> Unfinished | None:
    """None where a run has ended, whichever way."""
    if run.manifest.status != "running":
        return None
    waiting = {task: waiting_for(run, task) for task in run.tasks}
    systems = len(run.planned)
    return Unfinished(
        systems=systems,
        answered=systems - sum(map(len, waiting.values())),
        waiting={task: names for task, names in waiting.items() if names},
        timed=_timed(run) if effort(run.manifest.settings).latency_queries else None,
    )


def waiting_for(run: Evidence, task: str) -> tuple[str, ...]:
    """The systems of a task whose answers are still to come; none once the run has ended, or set the task aside."""
    manifest = run.manifest
    if manifest.status != "running" or task in manifest.set_aside:
        return ()
    asked = len(run.questions.get(task, ()))
    return tuple(
        name
        for (of, name), seeds in run.planned.items()
        if of == task and (settled(run, (task, name)) < seeds * asked or not asked)
    )


def rivals_waited_for(run: Evidence, task: str) -> tuple[str, ...]:
    """Those of `waiting_for` that could be recommended."""
    systems = run.systems(task)
    return tuple(
        name
        for name in waiting_for(run, task)
        if not systems[name].control and not systems[name].trained_elsewhere(task)
    )


def _timed(run: Evidence) -> int:
    return sum(any(rows for (of, _), rows in run.timings.items() if of == task) for task in run.tasks)
