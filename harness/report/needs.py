"""What the user required, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.quantities import days, dollars, gigabytes, months, percent, queries, seconds, share

CLAUSES: dict[str, Callable[[Any], str]] = {
    "monthly_queries": lambda n: f"{queries(n)} a month",
    "horizon_months": lambda n: f"a horizon of {months(n)}",
    "error_price_usd": lambda usd: f"a wrong answer costs {dollars(usd)}",
    "refresh_days": lambda n: f"knowledge changes every {days(n)}",
    "min_accuracy": lambda least: f"accuracy at least {percent(least)}",
    "max_latency_s": lambda s: f"latency at most {seconds(s)}",
    "monthly_budget_usd": lambda usd: f"at most {dollars(usd)} a month",
    "max_memory_gb": lambda gb: f"memory at most {gigabytes(gb)}",
    "citations": lambda _: "answers name their source",
    "in_house": lambda _: "data stay on machines of your own",
    "accuracy_margin": lambda margin: f"a margin of {share(margin)} of accuracy",
    "value_margin": lambda margin: f"a margin of {percent(margin)} of value",
}
"""Requirement → its clause. What is None or False was not asked for; 0 was."""


def required(needs: Mapping[str, Any]) -> str:
    """What was required, in one sentence."""
    asked = {name: value for name, value in needs.items() if value is not None and value is not False}
    said = [clause(asked[name]) + _at(name, asked) for name, clause in CLAUSES.items() if name in asked]
    percentile = asked.get("latency_percentile")
    if percentile and "max_latency_s" not in asked:
        said.append(f"the {percentile} of the latency counts, but has no ceiling to keep")
    return (
        f"Required: {', '.join(said)}." if said else "Nothing was required; each task says what was assumed."
    )


def _at(name: str, asked: Mapping[str, Any]) -> str:
    return f" at the {asked.get('latency_percentile', 'p50')}" if name == "max_latency_s" else ""
