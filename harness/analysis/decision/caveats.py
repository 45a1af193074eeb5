"""What speaks against a candidate: a requirement that it misses, or that nobody could check, or a check that failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.analysis.decision.choice import NONE_FEASIBLE
from harness.analysis.decision.needs import MISSED, UNKNOWN
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
    """Who misses what, and what nobody could check; the nearest of none has been told."""
    for name in decision["candidates"]:
        if decision["status"] != NONE_FEASIBLE or name != decision["nearest"]:
            yield from outcomes(decision, name, MISSED)
        yield from outcomes(decision, name, UNKNOWN)


def outcomes(decision: Block, name: str, status: str) -> Iterator[Told]:
    """A candidate's outcomes of one status, a sentence each."""
    for index, outcome in enumerate(decision["candidates"][name]["requirements"]):
        if outcome["status"] == status:
            at = f"decision/candidates/{name}/requirements/{index}/figures"
            figures = {f"{at}/{figure}": value for figure, value in outcome["figures"].items()}
            yield {
                "text": f"{name}: {LABELS[outcome['requirement']]}: {outcome['detail']}.",
                "figures": figures,
            }


def excluded(tell: Teller, decision: Block) -> Iterator[Told]:
    for name, row in decision["excluded"].items():
        yield tell.say(f"{name} is left out, and nothing here speaks for or against it: {row}")
