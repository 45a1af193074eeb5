"""The flags of `compare` and `decide` that say what a user needs. Kept apart from the model: `--help` is quick."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.errors import shown

MOST_QUERIES = 10**12
"""A month: a hundred for every person alive."""
MOST_MONTHS = 120

FIELDS = {
    "monthly_queries": "--monthly-queries",
    "horizon_months": "--horizon-months",
    "error_price_usd": "--error-price",
    "refresh_days": "--refresh-days",
    "min_accuracy": "--min-accuracy",
    "max_latency_s": "--max-latency",
    "latency_percentile": "--latency-percentile",
    "monthly_budget_usd": "--monthly-budget",
    "max_memory_gb": "--max-memory-gb",
    "citations": "--citations",
    "in_house": "--in-house",
}
"""Field of the requirements → its flag."""


def add_requirement_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags; each is None where it was not given, so that a file or the run itself can say it."""
    group = parser.add_argument_group("what you need (none is obligatory)")
    group.add_argument("--requirements", type=Path, metavar="FILE", help="a YAML file with any of these")

    def add(field: str, help: str, **how: Any) -> None:
        group.add_argument(FIELDS[field], dest=field, help=help, **how)

    add("monthly_queries", "your volume", type=whole(1, MOST_QUERIES), metavar="N")
    add(
        "horizon_months",
        "months over which one-off costs are spread (default 12)",
        type=whole(1, MOST_MONTHS),
        metavar="N",
    )
    add("error_price_usd", "what one wrong answer costs you", type=_number, metavar="USD")
    add("refresh_days", "how often the knowledge changes", type=_number, metavar="DAYS")
    add("min_accuracy", "the least share of right answers, 0 to 1", type=_number, metavar="SHARE")
    add("max_latency_s", "the longest time to the last token", type=_number, metavar="SECONDS")
    add("latency_percentile", "p50, p90, p95 or p99 of the latency (default p50)", metavar="PXX")
    add("monthly_budget_usd", "the most it may cost a month", type=_number, metavar="USD")
    add("max_memory_gb", "the memory that model and index may take", type=_number, metavar="GB")
    add("citations", "answers have to name their source", action="store_const", const=True)
    add("in_house", "data may not leave your own machines: no hosted model", action="store_const", const=True)


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """The type of a flag that takes a whole number from `least` up, and to `most` where that is given."""
    wanted = f"from {least} up" if most is None else f"from {least} to {most:,}"

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:  # no number, or one with more digits than Python reads
            value = least - 1
        if value < least or (most is not None and value > most):
            raise argparse.ArgumentTypeError(f"{shown(text)} is not a whole number {wanted}")
        return value

    return read


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{shown(text)} is not a number") from None
