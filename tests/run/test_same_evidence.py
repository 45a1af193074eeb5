"""The whole evidence of a small run, and the names of its cached answers, byte for byte as they were before.

A change that means to alter them takes the new hashes by `pytest --snapshot-update`, and says why.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.engines.engine import AdapterRef
from harness.files import sha256_text
from harness.spec.strategy import STRATEGIES
from tests.run.worlds import FallibleEngine, go, make_task, make_tools, questions, rows, settings_of
from tests.snapshots import Snapshots


def script(prompt: str, adapter: AdapterRef | None) -> str:
    """Another reply to every prompt, and of an adapter; not to where the adapter lies."""
    return sha256_text(f"{prompt}{'adapted' if adapter else ''}")[:8]


def test_a_run_writes_what_it_wrote_before(tmp_path: Path, snapshots: Snapshots) -> None:
    options = [{**row, "choices": [*row["answers"], "none"]} for row in questions()]
    chosen = make_task(tmp_path, "options", answer="choice", test=options, with_train=False)
    tasks = [make_task(tmp_path), chosen]
    engine = FallibleEngine()
    engine._script = script
    tools = make_tools(tmp_path / "cache", engine)
    settings = replace(
        settings_of(tasks[0], *STRATEGIES, latency_queries=2), tasks=tuple(str(task.path) for task in tasks)
    )
    run = go(settings, tasks, tools, tmp_path / "run")
    kept = {path.stem: rows(run, path.stem) for path in sorted(run.glob("*.jsonl"))}
    told = {name: [plain(row) for row in found] for name, found in kept.items()}
    told["keys of cached answers"] = keys(tmp_path / "cache" / "answers.sqlite")
    lines = [f"{name}: {len(found)} rows, {sha256_text(json.dumps(found))}" for name, found in told.items()]
    snapshots.check("evidence.txt", "".join(f"{line}\n" for line in lines))


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row without what a processor may round otherwise, and without what an adapter's files come to."""
    found = [{**ranked, "score": None} for ranked in row.get("retrieved", ())]
    return {**row, "retrieved": found, "adapter": None}


def keys(cache: Path) -> list[str]:
    """What the answers of a run are called in the cache."""
    database = sqlite3.connect(cache)
    try:
        return sorted(key for (key,) in database.execute("SELECT key FROM answers"))
    finally:
        database.close()
