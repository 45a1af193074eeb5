"""Checks of what stood in the prompt: passages found, passages kept, and the control above what it controls."""

from __future__ import annotations

import math

from harness.analysis.retrieval import recall
from harness.analysis.validity.check import (
    Case,
    Check,
    Finding,
    Limits,
    Status,
    absent,
    listed,
    verdict,
)
from harness.analysis.validity.paired import drop
from harness.quantities import percent, points
from harness.spec.strategy import Source, Strategy

RECALL = Limits(warn=0.5, fail=0.2)
"""recall@k, at the k of the prompt."""
ENOUGH_QUESTIONS = 10
"""With fewer questions that name gold documents, a low recall warns and does not fail."""
BELOW = Limits(warn=0.05, fail=0.01)
"""p of the control being below what it controls: two tasks in a hundred may fail by bad luck, not ten."""
TRUNCATED = Limits(warn=0.05, fail=0.25)
"""Share of prompts that lost passages to their budget."""


def finds_passages(case: Case) -> list[Check]:
    """A retriever that finds nothing makes `rag` a straw man."""
    name = "retrieval_floor"
    k = case.spec.get("retrieval", {}).get("k") or 3
    findings, parts, figures = [], [], {"k": float(k)}
    for strategy in case.retrieving:
        found = [recall(one, k) for one in case.own[strategy] if one.asked.question.gold_docs]
        if not found:
            continue
        mean = math.fsum(found) / len(found)
        status, threshold = RECALL.judge(mean)
        if status is Status.FAIL and len(found) < ENOUGH_QUESTIONS:
            status, threshold = Status.WARN, RECALL.warn
        findings.append(Finding(strategy.name, mean, status, threshold))
        parts.append(f"{strategy.name} {percent(mean)} (n={len(found)})")
        figures |= {f"{strategy.name}: recall": mean, f"{strategy.name}: questions": float(len(found))}
    if not findings:
        retrieved = "No answered question names gold documents, so recall is unknown."
        return [absent(name, retrieved if case.retrieving else "No strategy retrieves.")]
    return [verdict(name, findings, RECALL, f"recall@{k}: {listed(parts)}.", figures)]


def oracle_not_below(case: Case) -> list[Check]:
    """The same reader with the right passages must not do worse than with found ones."""
    name = "oracle_not_below_rag"
    control = next((s for s in case.own if s.control and Source.GOLD in s.context), None)
    reader = next((s for s in case.own if not s.adapted and s.context == (Source.RETRIEVED,)), None)
    if control is None or reader is None:
        return [absent(name, "The control and the strategy it controls did not both answer.")]
    given = [one for one in case.own[control] if one.row.shown_passages]
    change = drop(case.own[reader], given, case.metric, case.clusters)
    if change is None:
        return [absent(name, "No question was answered both with right and with found passages.")]
    status, _ = Limits(-BELOW.warn, -BELOW.fail).judge(-1.0 if change.p is None else -change.p)
    error = "" if change.delta >= 0 or status is not Status.PASS else ", within error"
    detail = (
        f"{control.name} − {reader.name} on questions with right passages: {points(change.delta)}{error} "
        f"({change.lost} lost, {change.gained} gained of {change.n})."
    )
    named = tuple(strategy.name for strategy in case.retrieving)
    return [Check(name, status, detail, change.delta, 0.0, named, change.figures)]


def keeps_passages(case: Case) -> list[Check]:
    """Prompts over their budget lose passages: more than a few, and the budget is what was measured."""
    name = "truncated_prompts"
    using = {s: case.own[s] for s in case.own if s.uses_corpus and case.own[s]}
    shares: list[tuple[Strategy, float, int]] = [
        (strategy, sum(one.row.dropped_passages > 0 for one in scored) / len(scored), len(scored))
        for strategy, scored in using.items()
    ]
    if not shares:
        return [absent(name, "No strategy puts passages into the prompt.")]
    findings = [Finding(strategy.name, share, *TRUNCATED.judge(share)) for strategy, share, _ in shares]
    parts = listed(f"{strategy.name} {percent(share)} of {n}" for strategy, share, n in shares)
    figures = {f"{strategy.name}: share": share for strategy, share, _ in shares}
    figures |= {f"{strategy.name}: prompts": float(n) for strategy, _, n in shares}
    return [verdict(name, findings, TRUNCATED, f"Prompts that lost passages: {parts}.", figures)]
