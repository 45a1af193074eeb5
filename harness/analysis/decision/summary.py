"""All tasks side by side. Tasks of different kinds are never averaged: a mean of facts and manners means nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
    chosen = {
        kind: list(dict.fromkeys(row["recommended"] for row in rows.values() if row["recommended"]))
        for kind, rows in by_kind.items()
    }
    told = [f"Recommended for {kind} tasks: {', '.join(names)}." for kind, names in chosen.items() if names]
    kinds = [names for names in chosen.values() if names]
    if len(kinds) > 1:
        same = all(names == kinds[0] and len(names) == 1 for names in kinds)
        told.append(
            "It is the same strategy for every kind."
            if same
            else "What is best depends on the kind of task; which of them is yours decides, not a mean over them."
        )
    return told or ["Nothing is recommended for any task on this evidence."]


def line(name: str, decision: Mapping[str, Any]) -> str:
    """A task's decision in one line."""
    status = decision["status"]
    if status == "recommended":
        return f"{name}: {decision['recommended']} is recommended"
    if status == "none_feasible":
        nearest = decision["nearest"]
        return f"{name}: no strategy meets the requirements" + (f"; nearest is {nearest}" if nearest else "")
    if status == "undecided":
        best = f"; best bet so far {decision['favourite']}" if decision["favourite"] else ""
        more = decision["questions_more"]
        return f"{name}: undecided{best}" + (f"; about {more:,} more questions would decide" if more else "")
    return f"{name}: nothing to choose between"
