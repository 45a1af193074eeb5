"""How likely each system is the best one: a seeded paired bootstrap over the questions.

Questions with the same scores under all systems are interchangeable, so a resample is a multinomial draw
over the distinct rows of scores. That is the same bootstrap, and its cost does not grow with the questions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from harness.analysis.decision.appraisal import Appraisal
from harness.analysis.decision.pairs import too_few
from harness.analysis.results.setting import Setting
from harness.analysis.results.verdict import Basis
from harness.analysis.statistics.clusters import Floats, design_of
from harness.analysis.statistics.intervals import quantile
from harness.analysis.statistics.power import fewest

DRAWS = 4000
CELLS = 8_000_000
"""The most numbers drawn; where scores are graded and questions many, draws are fewer, never below 500."""


@dataclass(frozen=True, slots=True)
class Chances:
    """`of`: system → its chance of being the best of the feasible ones; they sum to 1.

    Empty, with a reason (a clause), where the questions cannot tell.
    """

    of: Mapping[str, float] = field(default_factory=dict)
    reason: str | None = None


def probability_best(
    appraisals: Sequence[Appraisal],
    clusters: Mapping[str, str],
    setting: Setting,
    basis: Basis,
    trained: Mapping[str, float] | None = None,
) -> Chances:
    """The share of draws in which each is best. By value: the least expected dollars; by accuracy: the highest.

    `trained`: fine-tune → half the width of what other trainings may change (`pairs.trainings`), which is drawn too.
    Accuracies are those that candidates are compared by, once facts have changed; they vary as on the questions that
    all answered. Those that are equally good share a draw. To the draws one is added in which all are alike, so that no
    chance is ever 0 or 1: resampling cannot show what these questions do not hold. Costs are taken as measured.
    """
    feasible = [appraisal for appraisal in appraisals if appraisal.feasible]
    if len(feasible) < 2:
        return Chances(reason="fewer than two candidates meet the requirements")
    scores = [appraisal.candidate.scores for appraisal in feasible]
    shared = [name for name in scores[0] if all(name in other for other in scores)]
    design = design_of(clusters, shared)
    if design.clusters < fewest():
        return Chances(reason=too_few(design))
    measured = np.array([math.fsum(own[name] for name in shared) / len(shared) for own in scores])
    means = resampled_means(scores, clusters) - measured + [appraisal.accuracy for appraisal in feasible]
    if any(spread := [(trained or {}).get(appraisal.name, 0.0) for appraisal in feasible]):
        means += np.random.default_rng(1).normal(size=means.shape) * np.array(spread) / quantile(math.inf)
    worth = means
    if basis is Basis.VALUE:
        stake = setting.monthly_queries * (setting.error_price_usd or 0.0)
        costs = np.array([appraisal.monthly_usd or 0.0 for appraisal in feasible])
        worth = -costs - (1 - means) * stake
    best = np.isclose(worth, worth.max(axis=1, keepdims=True), rtol=1e-12, atol=1e-12)
    shares = (best / best.sum(axis=1, keepdims=True)).sum(axis=0)
    whole = (shares + 1 / len(feasible)) / (len(worth) + 1)
    return Chances({appraisal.name: float(share) for appraisal, share in zip(feasible, whole, strict=True)})


def resampled_means(scores: Sequence[Mapping[str, float]], clusters: Mapping[str, str]) -> Floats:
    """Draws × systems: mean scores over resampled questions, or clusters of them where they have some.

    The systems must share a question.
    """
    shared = [question for question in scores[0] if all(question in other for other in scores)]
    rows = np.array([[1.0, *(scored[question] for scored in scores)] for question in shared])
    rows = _by_cluster(rows, [clusters.get(question, question) for question in shared])
    kinds, counts = np.unique(rows, axis=0, return_counts=True)
    draws = max(500, min(DRAWS, CELLS // len(kinds)))
    total = int(counts.sum())
    drawn = np.random.default_rng(0).multinomial(total, counts / total, size=draws)
    sums = drawn @ kinds
    means: Floats = sums[:, 1:] / sums[:, :1]
    return means


def _by_cluster(rows: Floats, labels: Sequence[str]) -> Floats:
    """Rows of one cluster summed: [questions, total score of each system]."""
    known = {label: index for index, label in enumerate(dict.fromkeys(labels))}
    summed = np.zeros((len(known), rows.shape[1]))
    np.add.at(summed, [known[label] for label in labels], rows)
    return summed


def pareto(appraisals: Sequence[Appraisal]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(dimensions, names of the systems that no other beats in one of them without losing in another).

    Dimensions: accuracy, cost a month, median latency; one that is not known of all of them is left out.
    """
    columns: dict[str, list[Any]] = {
        "accuracy": [-appraisal.accuracy for appraisal in appraisals],
        "cost": [appraisal.monthly_usd for appraisal in appraisals],
        "latency": [appraisal.candidate.latency.p50 for appraisal in appraisals],
    }
    known = {name: values for name, values in columns.items() if None not in values}
    rows = list(zip(*known.values(), strict=True))

    def beaten(row: Sequence[float]) -> bool:
        return any(other != row and all(a <= b for a, b in zip(other, row, strict=True)) for other in rows)

    pairs = zip(appraisals, rows, strict=True)
    return tuple(known), tuple(appraisal.name for appraisal, row in pairs if not beaten(row))
