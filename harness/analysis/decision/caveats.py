"""What speaks against a candidate: requirements that it misses or may miss, checks that warn or that it failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.analysis.decision.choice import NONE_FEASIBLE
from harness.analysis.decision.needs import INTERVAL, MET, MISSED, UNKNOWN
from harness.analysis.decision.telling import Told
from harness.analysis.validity.check import Status, clause, name_of
from harness.spec.strategy import STRATEGIES

Block = Mapping[str, Any]

LABELS = {
    "min_accuracy": "accuracy",
    "max_latency_s": "latency",
    "monthly_budget_usd": "budget",
    "max_memory_gb": "memory",
    "citations": "citations",
    "in_house": "data",
    "refresh_days": "update interval",
}


def requirements(decision: Block) -> Iterator[Told]:
    """Who misses what, what nobody could check, and what is met, but not for certain; the nearest has been told."""
    for name, row in decision["candidates"].items():
        if decision["status"] != NONE_FEASIBLE or name != decision["nearest"]:
            yield from outcomes(decision, name, MISSED)
        yield from outcomes(decision, name, UNKNOWN)
        if row["feasible"]:
            yield from outcomes(decision, name, MET)


def outcomes(decision: Block, name: str, status: str) -> Iterator[Told]:
    """A candidate's outcomes of one status, a sentence each; of those that are met, the ones that may not be."""
    for index, outcome in enumerate(decision["candidates"][name]["requirements"]):
        if outcome["status"] != status or (status == MET and not INTERVAL & set(outcome["figures"])):
            continue
        at = f"decision/candidates/{name}/requirements/{index}/figures"
        met = "met, but not for certain: " if status == MET else ""
        yield {
            "text": f"{name}: {LABELS[outcome['requirement']]}: {met}{outcome['detail']}.",
            "figures": {f"{at}/{figure}": value for figure, value in outcome["figures"].items()},
        }


def warnings(task: Block, decision: Block) -> Iterator[Told]:
    """Checks with a warning about the favourite or a rival, a sentence each."""
    if decision["favourite"] is None:
        return
    racing = {name for name, row in decision["candidates"].items() if row["feasible"]}
    for index, check in enumerate(task.get("validity", ())):
        named = [name for name in check["strategies"] if name in racing]
        if check["status"] == Status.WARN and named:
            yield {
                "text": f"Warning for {', '.join(named)} ({name_of(check)}): {clause(check['detail'])}.",
                "figures": found_by(index, check),
            }


def not_measured(task: Block, decision: Block) -> Iterator[Told]:
    """A fine-tune that leads while nobody looked at what it forgot."""
    best = decision["favourite"]
    if best is None or not STRATEGIES[best].adapted:
        return
    for check in task.get("validity", ()):
        if check["check"] == "forgetting" and check["status"] == Status.NOT_APPLICABLE:
            yield {"text": f"What {best} forgot was {clause(check['detail'])}.", "figures": {}}


def excluded(task: Block, decision: Block) -> Iterator[Told]:
    """Who is left out, and the figures of the checks that it failed."""
    for name, why in decision["excluded"].items():
        figures: dict[str, Any] = {}
        for index, check in enumerate(task.get("validity", ())):
            if check["status"] == Status.FAIL and name in check["strategies"]:
                figures |= found_by(index, check)
        yield {
            "text": f"{name} is left out, and nothing here speaks for or against it: {why}",
            "figures": figures,
        }


def found_by(index: int, check: Block) -> dict[str, Any]:
    """The figures of the check's sentence, by their places."""
    return {f"validity/{index}/figures/{name}": value for name, value in check["figures"].items()}
