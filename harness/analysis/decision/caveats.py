"""What speaks against a candidate: a requirement that it misses, or that nobody could check, or a check that failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.analysis.decision.choice import NONE_FEASIBLE
from harness.analysis.decision.needs import INTERVAL, MET, MISSED, UNKNOWN
from harness.analysis.decision.telling import Teller, Told

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


def excluded(tell: Teller, decision: Block) -> Iterator[Told]:
    for name, row in decision["excluded"].items():
        yield tell.say(f"{name} is left out, and nothing here speaks for or against it: {row}")
