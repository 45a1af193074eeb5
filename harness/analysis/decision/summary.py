"""All tasks side by side. Tasks of different kinds are never averaged: a mean of facts and manners means nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.analysis.results.decision import Decision
from harness.analysis.results.run import Summary, TaskSummary
from harness.analysis.results.verdict import Verdict
from harness.quantities import listed


def summary(decisions: Mapping[str, Decision], probes: Mapping[str, str | None]) -> Summary:
    """Each task's decision in short, grouped by what the task probes, and what holds over all of them."""
    by_kind: dict[str, dict[str, TaskSummary]] = {}
    for name, decision in decisions.items():
        by_kind.setdefault(probes[name] or "other", {})[name] = TaskSummary(
            decision.status, decision.recommended, decision.favourite, decision.questions_more
        )
    return Summary(by_kind, tuple(_sentences(by_kind)))


def _sentences(by_kind: Mapping[str, Mapping[str, TaskSummary]]) -> Iterator[str]:
    """What is recommended on which task, and whether it is the same everywhere: of these tasks, not of their kinds."""
    if sum(map(len, by_kind.values())) < 2:
        return  # the task's own headline says it
    tasks = {name: row.recommended for rows in by_kind.values() for name, row in rows.items()}
    chosen = {name: system for name, system in tasks.items() if system}
    judged = {
        name: row.favourite
        for rows in by_kind.values()
        for name, row in rows.items()
        if row.status is Verdict.BEST_OF_JUDGED and row.favourite
    }
    if not chosen and not judged:
        yield "Nothing is recommended for any task on this evidence."
        return
    for kind, rows in by_kind.items():
        if own := {name: chosen[name] for name in rows if name in chosen}:
            yield f"Recommended for {kind} tasks: {_on_tasks(own)}."
    if judged:
        yield f"Best of those that could be judged: {_on_tasks(judged)}."
    if without := [name for name in tasks if name not in chosen and name not in judged]:
        yield f"Nothing is recommended on {', '.join(without)}."
    if len(set(chosen.values())) > 1:
        yield "No one strategy is best on all of them: which task is like yours decides, not a mean over them."
    elif not judged and not without:
        yield "It is the same strategy on every task of this run; other tasks may differ."


def _on_tasks(systems: Mapping[str, str]) -> str:
    """A task's system each: `rag on facts and terms; lora on manners`."""
    tasks_of: dict[str, list[str]] = {}
    for name, system in systems.items():
        tasks_of.setdefault(system, []).append(name)
    return "; ".join(f"{system} on {listed(names)}" for system, names in tasks_of.items())
