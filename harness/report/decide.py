"""What `decide` prints: the decision of each task at the user's setting, as text or as one JSON document."""

from __future__ import annotations

from typing import Any

from harness.analysis.results.run import RunResult, TaskResult
from harness.report import costs, decisions, plain, prices
from harness.report.needs import required
from harness.report.view import Block, Bullets

Figures = dict[str, Any]


def document(results: Figures) -> Figures:
    """The decision part of results.json, and what it needs to be read alone."""
    return {
        "schema_version": results["schema_version"],
        "run_id": results["run_id"],
        "requirements": results["requirements"],
        "prices": results["prices"],
        "turned": results.get("turned", {}),
        "summary": results["summary"],
        "tasks": {
            name: {
                **{key: task[key] for key in ("n", "primary_metric", "probes", "decision")},
                "projections": {
                    strategy: block["cost"]["projections"] for strategy, block in task["strategies"].items()
                },
            }
            for name, task in results["tasks"].items()
        },
    }


def text(results: Figures, typed: RunResult) -> str:
    """What turned against the run's own setting, all verdicts; then each task's reasons and what would change it."""
    parts: list[Block] = [
        *prices.warnings(typed),
        turned(results),
        required(results["requirements"]),
        Bullets(decisions.lines(typed)),
    ]
    for name, task in results["tasks"].items():
        parts += [f"== {name} ==", *decisions.grounds(task["decision"]), *_projected(typed.tasks[name])]
    parts += ["Over all tasks:", Bullets(tuple(results["summary"]["sentences"]))]
    return plain.render(parts).strip()


def turned(results: Figures) -> Bullets:
    """How other terms turned each task; nothing where the terms are the run's own."""
    rows = results.get("turned", {}).values()
    return Bullets(tuple(row["text"] for row in rows if row["changed"]))


def _projected(task: TaskResult) -> list[Block]:
    """What the measured tokens would cost on hosted models, where any was asked for."""
    table = costs.projections(task)
    return [costs.PROJECTED, table] if table.rows else []
