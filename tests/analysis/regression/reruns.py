"""Two runs of one small world, made by the real program over fakes, and ways to change the second."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.analysis.regression.findings import Outcome
from harness.analysis.regression.gate import Judgement, judge
from harness.spec.gate import Gate
from tests.run.worlds import (
    FallibleEngine,
    go,
    make_task,
    make_tools,
    manifest,
    plant_adapter,
    rows,
    settings_of,
)

STRATEGIES = ("base", "few-shot", "rag", "lora", "oracle")
SHEET = {
    "schema_version": 1, "date": "2026-01-01", "currency": "USD", "utilisation": 0.5,
    "machine": {"name": "box", "kind": "cpu", "usd_per_hour": 3.6, "date": "2026-01-01", "source": "made up"},
}  # fmt: skip


def run_world(folder: Path, *, engine: FallibleEngine | None = None, more: str = "", **settings: Any) -> Path:
    """Run the workshop task under fakes into `folder`/run, 8 questions timed. `more`: lines for the task file."""
    task = make_task(folder / "tasks", more=more)
    tools = make_tools(folder / "cache", engine)
    plant_adapter(task, "lora", tools)
    wanted = {"latency_queries": 8, "use_cache": False, **settings}
    return go(settings_of(task, *STRATEGIES, **wanted), [task], tools, folder / "run")


def edit_manifest(run: Path, change: Callable[[dict[str, Any]], None]) -> None:
    about = manifest(run)
    change(about)
    (run / "run.json").write_text(json.dumps(about), encoding="utf-8")


def edit_rows(run: Path, name: str, change: Callable[[int, dict[str, Any]], dict[str, Any]]) -> None:
    """Replace each row of an evidence file: what a fault would have written."""
    changed = [change(at, row) for at, row in enumerate(rows(run, name))]
    (run / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in changed), encoding="utf-8")


def judged(run: Path, baseline: Path, **options: Any) -> Judgement:
    return judge(run, baseline, options.pop("gate", Gate()), **options)


def fallen(judgement: Judgement, outcome: Outcome = Outcome.FAIL) -> set[tuple[str, str]]:
    """(Strategy, rule) of the findings with this outcome."""
    return {(one.strategy, one.rule) for one in judgement.findings if one.outcome is outcome}
