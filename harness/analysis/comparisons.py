"""Systems against each other, and adapters against the bare model on tasks that they were not trained for."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property

import numpy as np

from harness.analysis.accuracy import PerQuestion, ScoredAnswers, compared_means, per_question
from harness.analysis.latency_ratio import median_ratio
from harness.analysis.results.comparison import Comparison, Forgetting, LatencyRatio
from harness.analysis.statistics import paired
from harness.analysis.statistics.clusters import Floats, design_of
from harness.analysis.statistics.power import ALPHA, Noise, detectable
from harness.records import TimingRow
from harness.spec.system import System


@dataclass(frozen=True)
class Answered:
    """What a task's systems answered, for comparing them by one metric."""

    task: str
    metric: str
    clusters: Mapping[str, str]
    """Question id → cluster."""
    systems: Mapping[str, System]
    scored: Mapping[str, ScoredAnswers]
    """System name → its answers."""
    timings: Mapping[str, Sequence[TimingRow]]

    @cached_property
    def by_question(self) -> dict[str, PerQuestion]:
        """System name → question id → score, made once however many pairs a system is in."""
        return {name: per_question(self.scored[name], self.metric) for name in self.systems}


def comparisons(answered: Answered, failed: Container[str] = ()) -> list[Comparison]:
    """Every pair of the task's own systems, b − a on the same questions; adapters of other tasks are no part.

    The family is the pairs that a verdict rests on: of the candidate with the highest accuracy and each other one
    (`paired.race`). Other pairs stand by themselves: no verdict is made of them, and none of them makes a pair of the
    family harder to show. Candidates are neither controls nor `failed`, which a check rules out.
    """
    own = [name for name, system in answered.systems.items() if not system.trained_elsewhere(answered.task)]
    pairs = [
        pair for place, a in enumerate(own) for pair in _judge(answered, a, own[place + 1 :], timed=True)
    ]
    ranked = _ranked(answered, [name for name in own if name not in failed])
    leads = _leads(pairs, ranked)
    leader = next(iter(ranked), None)
    return [_compared(pair, answered.metric, *leads.get(pair.names, NO_RACE), leader) for pair in pairs]


def _ranked(answered: Answered, names: Sequence[str]) -> list[str]:
    """The candidates among these that answered anything, the most accurate first, of equals the earlier one.

    As the decision compares them, where one left out questions.
    """
    scores = {
        name: own
        for name in names
        if (own := answered.by_question[name]) and not answered.systems[name].control
    }
    means = {name: own.mean or 0.0 for name, own in scores.items()} | compared_means(scores)
    return sorted(means, key=lambda name: -means[name])


Level = tuple[float | None, float | None]
"""An adjusted p, and what the p has to reach."""
NO_RACE: Level = (None, None)


def _leads(pairs: Sequence[_Judged], ranked: Sequence[str]) -> dict[frozenset[str], Level]:
    """Each pair of candidates with the better of the two as the leader. `ranked`: candidates, the best first."""
    ps = {pair.names: pair.difference.p for pair in pairs}
    found: dict[frozenset[str], Level] = {}
    for above, name in enumerate(ranked):
        below = [frozenset((name, rival)) for rival in ranked[above + 1 :]]
        found |= zip(below, paired.race([ps[pair] for pair in below], above), strict=True)
    return found


def _compared(
    pair: _Judged, metric: str, p: float | None, level: float | None, leader: str | None
) -> Comparison:
    """A pair with its p as the leader's and its level, or by itself."""
    inside = level is not None and leader in pair.names
    row = _row(pair, metric, p if inside else pair.difference.p, level if inside else None)
    return replace(row, in_family=inside, p_leading=p, level_leading=level)


def forgetting(answered: Answered) -> list[Forgetting]:
    """What adapters trained for other tasks lost here, each against its own model as it is on the same questions."""
    bare = {system.model: name for name, system in answered.systems.items() if system.bare}
    guests = [
        (system, system.adapter, bare[system.model])
        for system in answered.systems.values()
        if system.adapter is not None and system.trained_elsewhere(answered.task) and system.model in bare
    ]
    judged = [_judge(answered, base, [system.name])[0] for system, _, base in guests]
    return [
        Forgetting(
            system=system.name,
            strategy=system.home_name,
            trained_for=adapter.task,
            base=answered.by_question[base].mean,
            adapter=answered.by_question[system.name].mean,
            comparison=comparison,
        )
        for (system, adapter, base), comparison in zip(guests, _family(judged, answered.metric), strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Judged:
    """A pair by itself, and what its questions show of the noise of their difference."""

    a: str
    b: str
    difference: paired.Difference
    noise: Noise | None
    latency_ratio: LatencyRatio | None

    @property
    def names(self) -> frozenset[str]:
        return frozenset((self.a, self.b))


def _judge(answered: Answered, a: str, others: Sequence[str], *, timed: bool = False) -> list[_Judged]:
    """Each of the others minus a. Those that share the same questions with it are judged at once."""
    alike: dict[tuple[str, ...], dict[str, Floats]] = {}
    for b in others:
        questions, values = answered.by_question[b].minus(answered.by_question[a])
        alike.setdefault(questions, {})[b] = values
    found: dict[str, tuple[paired.Difference, Noise | None]] = {}
    for questions, rows in alike.items():
        judged = paired.compare_all(np.stack([*rows.values()]), design_of(answered.clusters, questions))
        found |= dict(zip(rows, judged, strict=True))
    timings = answered.timings
    return [_Judged(a, b, *found[b], median_ratio(timings[a], timings[b]) if timed else None) for b in others]


def by_itself(answered: Answered, a: str, b: str) -> Comparison:
    """b − a on the questions that both answered, in no family."""
    (pair,) = _judge(answered, a, [b])
    return _row(pair, answered.metric, pair.difference.p, None)


def _family(pairs: Sequence[_Judged], metric: str) -> list[Comparison]:
    """The pairs with Holm's p over all of them and the verdict that it allows."""
    ps = [pair.difference.p for pair in pairs]
    adjusted = zip(pairs, paired.holm(ps), paired.holm_levels(ps), strict=True)
    return [_row(pair, metric, p, level) for pair, p, level in adjusted]


def _row(pair: _Judged, metric: str, p_adjusted: float | None, level: float | None) -> Comparison:
    """`level`: what the pair's p has to reach; None: it stands by itself, and 0.05 is asked."""
    found = pair.difference
    own = ALPHA if level is None and found.p is not None else level
    doubt = paired.doubt(found.ci_low, found.ci_high, found.p, p_adjusted)
    return Comparison(
        a=pair.a,
        b=pair.b,
        metric=metric,
        **asdict(replace(found, reason=found.reason or doubt)),
        mde_adjusted=detectable(pair.noise, own) if pair.noise and own else None,
        p_adjusted=p_adjusted,
        level=own,
        verdict=paired.verdict(found.ci_low, found.ci_high, p_adjusted),
        latency_ratio=pair.latency_ratio,
    )
