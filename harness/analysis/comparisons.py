"""Systems against each other, and adapters against the bare model on tasks that they were not trained for."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np

from harness.analysis.accuracy import ScoredAnswer, estimate, per_question
from harness.analysis.latency_ratio import median_ratio
from harness.analysis.results.figures import Comparison, Forgetting, LatencyRatio
from harness.analysis.statistics import paired
from harness.analysis.statistics.clusters import Design
from harness.analysis.statistics.power import Noise, detectable, noise
from harness.records import TimingRow
from harness.spec.system import System

SEED = 0
"""Of every p and interval that is drawn: the same evidence gives the same bytes."""


@dataclass(frozen=True)
class Answered:
    """What a task's systems answered, for comparing them by one metric."""

    task: str
    metric: str
    clusters: Mapping[str, str]
    """Question id → cluster."""
    systems: Mapping[str, System]
    scored: Mapping[str, Sequence[ScoredAnswer]]
    """System name → its answers."""
    timings: Mapping[str, Sequence[TimingRow]]

    @cached_property
    def by_question(self) -> dict[str, dict[str, float]]:
        """System name → question id → score, made once however many pairs a system is in."""
        return {name: per_question(self.scored[name], self.metric) for name in self.systems}

    def differences(self, a: str, b: str) -> dict[str, float]:
        """Question id → (b − a) in score, of the questions that both answered."""
        first, second = self.by_question[a], self.by_question[b]
        return {name: score - first[name] for name, score in second.items() if name in first}


def comparisons(answered: Answered) -> list[Comparison]:
    """Every pair of the task's own systems, b − a on the same questions; adapters of other tasks are no part.

    Holm's family is the pairs of systems that one could deploy. A control explains the others and competes with
    none of them, so its pairs stand by themselves and make no other pair harder to show.
    """
    own = [name for name, system in answered.systems.items() if not system.trained_elsewhere(answered.task)]
    pairs = [
        _judge(answered, a, b, median_ratio(answered.timings[a], answered.timings[b], SEED))
        for a, b in itertools.combinations(own, 2)
    ]

    def controlled(pair: _Judged) -> bool:
        return answered.systems[pair.a].control or answered.systems[pair.b].control

    family = [pair for pair in pairs if not controlled(pair)]
    rows = _family(family, answered.metric)
    rows += [row for pair in pairs if controlled(pair) for row in _family([pair], answered.metric)]
    order = {(pair.a, pair.b): place for place, pair in enumerate(pairs)}
    return sorted(rows, key=lambda row: order[row.a, row.b])


def forgetting(answered: Answered) -> list[Forgetting]:
    """What adapters trained for other tasks lost here, against the bare model on the same questions."""
    bare = next((name for name, system in answered.systems.items() if system.bare), None)
    guests = {
        name: system.adapter
        for name, system in answered.systems.items()
        if system.adapter is not None and system.trained_elsewhere(answered.task)
    }
    if bare is None:
        return []
    compared = _family([_judge(answered, bare, name) for name in guests], answered.metric)
    return [
        Forgetting(
            system=name,
            strategy=answered.systems[name].strategy,
            trained_for=adapter.task,
            base=_mean(answered, bare),
            adapter=_mean(answered, name),
            comparison=comparison,
        )
        for (name, adapter), comparison in zip(guests.items(), compared, strict=True)
    ]


def _mean(answered: Answered, name: str) -> float | None:
    return estimate(answered.by_question[name], answered.clusters).mean


@dataclass(frozen=True, slots=True)
class _Judged:
    """A pair by itself, and what its questions show of the noise of their difference."""

    a: str
    b: str
    difference: paired.Difference
    noise: Noise | None
    latency_ratio: LatencyRatio | None


def _judge(answered: Answered, a: str, b: str, ratio: LatencyRatio | None = None) -> _Judged:
    changes = answered.differences(a, b)
    design = Design.of([answered.clusters[question] for question in changes])
    values = np.array(list(changes.values()))
    return _Judged(a, b, paired.compare(values, design, SEED), noise(values, design), ratio)


def _family(pairs: Sequence[_Judged], metric: str) -> list[Comparison]:
    """The pairs with Holm's p over all of them and the verdict that it allows.

    `mde_adjusted` is the smallest difference that could have been shown at the level that Holm asks of the pair.
    """
    ps = [pair.difference.p for pair in pairs]
    return [
        Comparison(
            a=pair.a,
            b=pair.b,
            metric=metric,
            **asdict(pair.difference),
            mde_adjusted=detectable(pair.noise, level) if pair.noise and level else None,
            p_adjusted=p,
            level=level,
            verdict=paired.verdict(pair.difference.ci_low, pair.difference.ci_high, p),
            latency_ratio=pair.latency_ratio,
        )
        for pair, p, level in zip(pairs, paired.holm(ps), paired.holm_levels(ps), strict=True)
    ]
