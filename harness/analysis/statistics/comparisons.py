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
from harness.analysis.statistics.power import ALPHA, Noise, detectable, noise
from harness.records import TimingRow

SEED = 0
"""Of every p and interval that is drawn: the same evidence gives the same bytes."""

Answered = Mapping[str, Sequence[ScoredAnswer]]
"""Strategy → its answers to one task."""
Clusters = Mapping[str, str]
"""Question id → cluster."""
Row = dict[str, Any]


def comparisons(
    answered: Answered, metric: str | None, clusters: Clusters, timed: Mapping[str, Sequence[TimingRow]]
) -> list[Row]:
    """Every pair of the task's own strategies on the primary metric; adapters of other tasks are no part.

    Differences, and ratios of latencies, are of b to a on the same questions.
    """
    own = [name for name in answered if "@" not in name]
    rows = []
    for a, b in itertools.combinations(own, 2) if metric else ():
        row, seen = _judged(a, b, answered, metric, clusters)
        ratio = latency.paired_ratio(timed.get(a, ()), timed.get(b, ()), SEED)
        rows.append(({**row, "latency_ratio": ratio}, seen))
    return _family(rows)


def forgetting(answered: Answered, metric: str | None, clusters: Clusters) -> list[Row]:
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
            row, seen = _judged("base", name, answered, metric, clusters)
            rows.append(({**about, **row}, seen))
    return _family(rows)


def _judged(
    a: str, b: str, answered: Answered, metric: str | None, clusters: Clusters
) -> tuple[Row, Noise | None]:
    """A pair by itself, and what its questions show of the noise of their difference."""
    found = differences(answered[a], answered[b], metric or "")
    design = Design.of([clusters[name] for name in found])
    values = np.array(list(found.values()))
    judged = paired.compare(values, design, SEED)
    return {"a": a, "b": b, "metric": metric, **dataclasses.asdict(judged)}, noise(values, design)


def _family(judged: Sequence[tuple[Row, Noise | None]]) -> list[Row]:
    """The rows with Holm's p over all of them and the verdict that it allows.

    `mde_adjusted` is the smallest difference that could have been shown whatever the other pairs say: at 0.05
    over the number of pairs, which is the most that Holm asks of any.
    """
    adjusted = paired.holm([row["p"] for row, _ in judged])
    pairs = sum(p is not None for p in adjusted)
    return [
        {
            **row,
            "mde_adjusted": detectable(seen, ALPHA / pairs) if seen and p is not None else None,
            "p_adjusted": p,
            "verdict": paired.verdict(row["ci_low"], row["ci_high"], p),
        }
        for (row, seen), p in zip(judged, adjusted, strict=True)
    ]
