"""The flags of `compare` and `decide` that say what a user needs. Kept apart from the model: `--help` is quick."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
}
"""Field of the requirements → its flag."""


def add_requirement_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags; each is None where it was not given, so that a file or the run itself can say it."""
    group = parser.add_argument_group("what you need (none is obligatory)")
    group.add_argument("--requirements", type=Path, metavar="FILE", help="a YAML file with any of these")

    def add(field: str, help: str, **how: Any) -> None:
        group.add_argument(FIELDS[field], dest=field, help=help, **how)

    add("monthly_queries", "your volume", type=whole(1), metavar="N")
    add(
        "horizon_months",
        "months over which one-off costs are spread (default 12)",
        type=whole(1),
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


def whole(least: int) -> Callable[[str], int]:
    """The type of a flag that takes a whole number from `least` up."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} up")
        return value

    return read


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
