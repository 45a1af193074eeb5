"""All tasks side by side. Tasks of different kinds are never averaged: a mean of facts and manners means nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.analysis.results.decision import Decision
from harness.analysis.results.run import Summary, TaskSummary
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
    if not chosen:
        yield "Nothing is recommended for any task on this evidence."
        return
    for kind, rows in by_kind.items():
        tasks_of: dict[str, list[str]] = {}
        for name in rows:
            if name in chosen:
                tasks_of.setdefault(chosen[name], []).append(name)
        if tasks_of:
            on = (f"{system} on {listed(names)}" for system, names in tasks_of.items())
            yield f"Recommended for {kind} tasks: {'; '.join(on)}."
    if without := [name for name in tasks if name not in chosen]:
        yield f"Nothing is recommended on {', '.join(without)}."
    if len(set(chosen.values())) > 1:
        yield "No one strategy is best on all of them: which task is like yours decides, not a mean over them."
    elif len(tasks) > 1 and not without:
        yield "It is the same strategy on every task of this run; other tasks may differ."
