"""Strategies against each other, and adapters against the base model, as results.json has them."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.analysis import latency
from harness.analysis.accuracy import ScoredAnswer, differences, estimate, per_question
from harness.analysis.statistics import paired
from harness.analysis.statistics.clusters import Design
from harness.records import TimingRow

SEED = 0
"""Of every p and interval that is drawn: the same evidence gives the same bytes."""

Answered = Mapping[str, Sequence[ScoredAnswer]]
"""Strategy → its answers to one task."""
Clusters = Mapping[str, str]
"""Question id → cluster."""


def comparisons(
    answered: Answered, metric: str | None, clusters: Clusters, timed: Mapping[str, Sequence[TimingRow]]
) -> list[dict[str, Any]]:
    """Every pair of the task's own strategies on the primary metric; adapters of other tasks are no part.

    Differences, and ratios of latencies, are of b to a on the same questions.
    """
    own = [name for name in answered if "@" not in name]
    rows = [
        {
            **_judged(a, b, answered, metric, clusters),
            "latency_ratio": latency.paired_ratio(timed.get(a, ()), timed.get(b, ()), SEED),
        }
        for a, b in (itertools.combinations(own, 2) if metric else ())
    ]
    return _family(rows)


def forgetting(answered: Answered, metric: str | None, clusters: Clusters) -> list[dict[str, Any]]:
    """What adapters trained for other tasks lost here: a is base, b the adapter, on the same questions."""
    rows = []
    for name in answered if metric and "base" in answered else ():
        strategy, at, trained_for = name.partition("@")
        if at and metric:
            means = {
                key: estimate(per_question(answered[of], metric), clusters)["mean"]
                for key, of in (("base", "base"), ("adapter", name))
            }
            about = {"name": name, "strategy": strategy, "trained_for": trained_for, **means}
            rows.append({**about, **_judged("base", name, answered, metric, clusters)})
    return _family(rows)


def _judged(a: str, b: str, answered: Answered, metric: str | None, clusters: Clusters) -> dict[str, Any]:
    found = differences(answered[a], answered[b], metric or "")
    design = Design.of([clusters[name] for name in found])
    judged = paired.compare(np.array(list(found.values())), design, SEED)
    return {"a": a, "b": b, "metric": metric, **dataclasses.asdict(judged)}


def _family(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with Holm's p over all of them, and the verdict that it allows."""
    adjusted = paired.holm([row["p"] for row in rows])
    return [
        {**row, "p_adjusted": p, "verdict": paired.verdict(row["ci_low"], row["ci_high"], p)}
        for row, p in zip(rows, adjusted, strict=True)
    ]
