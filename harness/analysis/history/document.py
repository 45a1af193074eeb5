"""A history as one JSON document, newest run first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.analysis.history.changes import Change
from harness.analysis.history.figures import Figures, Interval
from harness.analysis.history.history import History, TaskHistory
from harness.analysis.history.reading import PAGE, Run, Unread

SCHEMA_VERSION = 1
FACTS = {
    "model": ("name", "sha256", "revision", "dtype", "device"),
    "embedder": ("name", "sha256"),
    "machine": ("platform", "cpu", "threads", "accelerator"),
}
"""Of a run's manifest."""
CAUSE = ("cause", "name", "before", "after")


def document(history: History) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "folder": str(history.folder),
        "runs": [_entry(entry, history) for entry in reversed(history.entries)],
        "tasks": {name: _task(one) for name, one in history.tasks.items()},
    }


def _entry(entry: Run | Unread, history: History) -> dict[str, Any]:
    named = {"folder": entry.name, "created": entry.created or None}
    if isinstance(entry, Unread):
        return {**named, "read": False, "reason": entry.reason}
    manifest = entry.manifest
    return {
        **named,
        "read": True,
        "reason": history.faults.get(entry.folder),
        "run_id": entry.run_id,
        "status": entry.status,
        "quick": entry.quick,
        "incomplete": entry.incomplete,
        "missing_answers": entry.missing_answers,
        "compared": entry.counts and entry.folder not in history.faults,
        "derived": entry.derived,
        "page": f"{entry.name}/{PAGE}" if has_page(entry.folder) else None,
        **{name: _told(manifest.get(name), keys) for name, keys in FACTS.items()},
        "git_commit": str(manifest["git_commit"]) if manifest.get("git_commit") else None,
    }


def _told(part: Any, keys: tuple[str, ...]) -> dict[str, str | None] | None:
    """Facts of a manifest as text: whatever else stands there may be no JSON."""
    if not isinstance(part, Mapping):
        return None
    return {key: None if part.get(key) is None else str(part[key]) for key in keys}


def has_page(folder: Path) -> bool:
    return (folder / PAGE).is_file()


def _task(one: TaskHistory) -> dict[str, Any]:
    return {
        "series": dict(sorted((letter, key) for key, letter in one.series.items())),
        "runs": [_run(run, one) for run in reversed(one.runs)],
        "changes": [_change(change, one) for change in reversed(one.changes)],
    }


def _run(run: Run, one: TaskHistory) -> dict[str, Any]:
    block = run.tasks[one.task]
    return {
        "folder": run.name,
        "series": one.letter(run),
        "n": block.n,
        "metric": block.metric,
        "strategies": {name: _figures(found) for name, found in block.strategies.items()},
    }


def _figures(found: Figures) -> dict[str, Any]:
    return {
        "accuracy": _interval(found.accuracy),
        "per_query_usd": _interval(found.cost),
        "latency_ratio": _interval(found.ratio),
        "prompt_tokens": found.prompt_tokens,
        "completion_tokens": found.completion_tokens,
        "machine_usd_per_hour_of_use": found.machine_usd_per_hour,
        "hosted_usd": dict(found.hosted_usd),
    }


def _interval(found: Interval | None) -> dict[str, Any] | None:
    return found.to_json() if found else None


def _change(change: Change, one: TaskHistory) -> dict[str, Any]:
    step = change.step
    return {
        "figure": change.figure,
        "strategy": step.strategy,
        "series": one.series[step.series],
        "run": step.after.name,
        "since": step.before.name,
        "better": change.better,
        "before": change.before,
        "after": change.after,
        "size": change.size,
        "ci_low": change.ci_low,
        "ci_high": change.ci_high,
        "p_adjusted": change.p_adjusted,
        "n": change.n,
        "moved": [moved.to_json() for moved in change.moved],
        "causes": [{name: getattr(cause, name) for name in CAUSE} for cause in change.causes],
    }
