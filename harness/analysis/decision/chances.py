"""How likely each strategy is the best one: a seeded paired bootstrap over the questions.

Questions with the same scores under all strategies are interchangeable, so a resample is a multinomial draw
over the distinct rows of scores. That is the same bootstrap, and its cost does not grow with the questions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.analysis.decision.candidates import Setting
from harness.analysis.decision.choice import BY_VALUE, Entrant
from harness.analysis.statistics.clusters import Floats

DRAWS = 4000
CELLS = 8_000_000
"""The most numbers drawn; where scores are graded and questions many, draws are fewer, never below 500."""


def probability_best(
    entrants: Sequence[Entrant], clusters: Mapping[str, str], setting: Setting, basis: str, seed: int = 0
) -> dict[str, float]:
    """Strategy → the share of draws in which it is best, among the feasible ones; the shares sum to 1.

    By value, best is the least expected dollars; by accuracy, the highest accuracy, ties to the cheaper one.
    Uncertain is what the questions say; costs are taken as measured.
    """
    field = [entrant for entrant in entrants if entrant.feasible]
    if len(field) < 2:
        return {entrant.name: 1.0 for entrant in field}
    means = resampled_means([entrant.candidate.scores for entrant in field], clusters, seed)
    if means is None:
        return {}
    costs = np.array([entrant.monthly_usd or 0.0 for entrant in field])
    if basis == BY_VALUE:
        worth = -costs - (1 - means) * setting.monthly_queries * (setting.error_price_usd or 0.0)
    else:
        worth = np.round(means, 12)
    order = np.argsort(costs, kind="stable")  # the first of the best is the cheapest of them
    best = order[np.argmax(worth[:, order], axis=1)]
    return {entrant.name: float(np.mean(best == index)) for index, entrant in enumerate(field)}


def resampled_means(
    scores: Sequence[Mapping[str, float]], clusters: Mapping[str, str], seed: int
) -> Floats | None:
    """Draws × strategies: mean scores over resampled questions, or clusters of them where they have some.

    None where the strategies share no question.
    """
    shared = [question for question in scores[0] if all(question in other for other in scores)]
    if not shared:
        return None
    rows = np.array([[1.0, *(one[question] for one in scores)] for question in shared])
    rows = _by_cluster(rows, [clusters.get(question, f"\0{question}") for question in shared])
    kinds, counts = np.unique(rows, axis=0, return_counts=True)
    draws = max(500, min(DRAWS, CELLS // len(kinds)))
    total = int(counts.sum())
    drawn = np.random.default_rng(seed).multinomial(total, counts / total, size=draws)
    sums = drawn @ kinds
    means: Floats = sums[:, 1:] / sums[:, :1]
    return means


def _by_cluster(rows: Floats, labels: Sequence[str]) -> Floats:
    """Rows of one cluster summed: [questions, total score of each strategy]."""
    known = {label: index for index, label in enumerate(dict.fromkeys(labels))}
    summed = np.zeros((len(known), rows.shape[1]))
    np.add.at(summed, [known[label] for label in labels], rows)
    return summed


def pareto(entrants: Sequence[Entrant]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(dimensions, names of the strategies that no other beats in one of them without losing in another).

    Dimensions: accuracy, cost a month, median latency; one that is not known of all of them is left out.
    """
    columns: dict[str, list[Any]] = {
        "accuracy": [-entrant.accuracy for entrant in entrants],
        "cost": [entrant.monthly_usd for entrant in entrants],
        "latency": [entrant.candidate.latency.get("p50") for entrant in entrants],
    }
    known = {name: values for name, values in columns.items() if None not in values}
    rows = list(zip(*known.values(), strict=True))
    best = [
        entrant.name
        for entrant, row in zip(entrants, rows, strict=True)
        if not any(_dominates(other, row) for other in rows)
    ]
    return tuple(known), tuple(best)


def _dominates(one: Sequence[float], other: Sequence[float]) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))
