"""All tasks side by side. Tasks of different kinds are never averaged: a mean of facts and manners means nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.analysis.decision.choice import NONE_FEASIBLE, RECOMMENDED, UNDECIDED

Block = dict[str, Any]
UNNAMED = "other"


def summary(tasks: Mapping[str, Mapping[str, Any]]) -> Block:
    """{by_kind: {KIND: {TASK: …}}, sentences}: one entry a task, grouped by what it probes."""
    by_kind: dict[str, dict[str, Block]] = {}
    for name, task in tasks.items():
        decision = task["decision"]
        by_kind.setdefault(task["probes"] or UNNAMED, {})[name] = {
            "status": decision["status"],
            "recommended": decision["recommended"],
            "favourite": decision["favourite"],
            "questions_more": decision["questions_more"],
        }
    return {"by_kind": by_kind, "sentences": _sentences(by_kind)}


def _sentences(by_kind: Mapping[str, Mapping[str, Block]]) -> list[str]:
    """What is recommended on which task, and whether it is the same everywhere: of these tasks, not of their kinds."""
    rows = {
        (kind, task): row["recommended"] for kind, tasks in by_kind.items() for task, row in tasks.items()
    }
    chosen = {place: name for place, name in rows.items() if name}
    if not chosen:
        return ["Nothing is recommended for any task on this evidence."]
    told = [
        f"Recommended for {kind} tasks: {'; '.join(names)}."
        for kind in by_kind
        if (names := [f"{name} on {task}" for (of, task), name in chosen.items() if of == kind])
    ]
    without = [task for (_, task), name in rows.items() if not name]
    if without:
        told.append(f"Nothing is recommended on {', '.join(without)}.")
    if len(set(chosen.values())) > 1:
        told.append(
            "No one strategy is best on all of them: which task is like yours decides, not a mean over them."
        )
    elif len(rows) > 1 and not without:
        told.append("It is the same strategy on every task of this run; other tasks may differ.")
    return told


def line(name: str, decision: Mapping[str, Any]) -> str:
    """A task's decision in one line."""
    status = decision["status"]
    if status == RECOMMENDED:
        return f"{name}: {decision['recommended']} is recommended"
    if status == NONE_FEASIBLE:
        nearest = decision["nearest"]
        return f"{name}: no strategy meets the requirements" + (f"; nearest is {nearest}" if nearest else "")
    if status == UNDECIDED:
        best = f"; best bet so far {decision['favourite']}" if decision["favourite"] else ""
        more = decision["questions_more"]
        return f"{name}: undecided{best}" + (f"; about {more:,} more questions would decide" if more else "")
    return f"{name}: nothing to choose between"
