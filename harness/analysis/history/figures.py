"""What a history keeps of one strategy on one task in one run, taken from results.json and checked on the way."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.analysis.latency_ratio import MeanRatio

Block = Mapping[str, Any]


class UnfitError(Exception):
    """A results.json that lacks something, or has another kind of value in its place: derive it anew."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and its 95 % interval; the ends are None where too little was measured for one."""

    value: float
    low: float | None
    high: float | None
    n: int

    def to_json(self) -> dict[str, Any]:
        return {"value": self.value, "ci_low": self.low, "ci_high": self.high, "n": self.n}


@dataclass(frozen=True, slots=True)
class Spent:
    """What a query costs, in the parts that move with different things: dollars, one request at a time."""

    retrieve_usd: float
    prompt_usd: float
    generate_usd: float

    @property
    def total_usd(self) -> float:
        return self.retrieve_usd + self.prompt_usd + self.generate_usd


@dataclass(frozen=True, slots=True)
class Figures:
    """None: not measured, or not known."""

    accuracy: Interval | None
    seeds: int
    """How many trainings answered."""
    cost: Interval | None
    """Dollars a query, one at a time; n timed questions."""
    spent: Spent | None
    machine_usd_per_hour: float | None
    """Of an hour in which questions are answered: the price divided by the utilisation."""
    prompt_tokens: float | None
    completion_tokens: float | None
    """Mean of all answers."""
    hosted_usd: Mapping[str, float] = field(default_factory=dict)
    """Hosted model → what a query's tokens would cost there."""
    ratio: Interval | None = None
    """Latency as a multiple of base's (`analysis/latency_ratio.py`)."""


def figures_of(block: Block, ratio: MeanRatio | None) -> Figures:
    """From a strategy's block of results.json and what `mean_ratio` says of it. Raises UnfitError."""
    try:
        fair, cost, tokens, seeds = (block[name] for name in ("accuracy", "cost", "tokens", "seeds"))
        low, high = cost["per_query_ci_usd"] or (None, None)
        return Figures(
            accuracy=_interval(fair["mean"], fair["ci_low"], fair["ci_high"], fair["n"]),
            seeds=whole(seeds["n_seeds"]) if seeds else 1,
            cost=_interval(cost["per_query_usd"], low, high, cost["timed_n"]),
            spent=_spent(cost["components"]),
            machine_usd_per_hour=_hour(cost["assumptions"]),
            prompt_tokens=_number(tokens["prompt_mean"]),
            completion_tokens=_number(tokens["completion_mean"]),
            hosted_usd=_hosted(cost["projections"]),
            ratio=_interval(ratio.ratio, ratio.ci_low, ratio.ci_high, ratio.n) if ratio else None,
        )
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise UnfitError(str(error)) from error


def _interval(value: Any, low: Any, high: Any, n: Any) -> Interval | None:
    found = _number(value)
    return None if found is None else Interval(found, _number(low), _number(high), whole(n))


def _spent(parts: Block) -> Spent | None:
    prompt, generate = _number(parts["prompt_usd"]), _number(parts["generate_usd"])
    if prompt is None or generate is None:
        return None
    return Spent(_number(parts["retrieve_usd"]) or 0.0, prompt, generate)


def _hour(assumed: Block) -> float | None:
    hour, share = _number(assumed.get("usd_per_hour")), _number(assumed.get("utilisation"))
    return _number(hour / share) if hour is not None and share else None


def _hosted(rows: Any) -> dict[str, float]:
    costs = ((str(row["model"]), _number(row["per_query_usd"])) for row in rows)
    return {name: usd for name, usd in costs if usd is not None}


def _number(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UnfitError(f"{value!r} is not a number")
    return float(value)


def whole(value: Any) -> int:
    """A count. Raises UnfitError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise UnfitError(f"{value!r} is not a count")
    return value
