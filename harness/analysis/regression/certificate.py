"""How often the gate would have failed with nothing changed (an A/A test), and how often it could not have told.

With a rerun of the same configuration at hand, the two runs are exchanged at random, question by question: whatever
differs between them is what happens with nothing changed. With one run alone, its answers are shaken: in each of two
copies a share of the questions (`churn`) takes the score of another question, which leaves the accuracy as it is;
and each copy draws its timed questions anew, so that differences between questions stand in for those between reruns,
which are smaller.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.analysis.accuracy import differences, per_question
from harness.analysis.regression import losses, slowdown
from harness.analysis.regression.findings import Outcome
from harness.analysis.regression.gate import Finding, judged
from harness.analysis.regression.pairing import (
    Rerun,
    Side,
    check_comparable,
    common,
    measured,
    reruns,
    same_run,
)
from harness.analysis.relative import BASE
from harness.analysis.statistics.clusters import Design, Floats
from harness.analysis.statistics.intervals import difference_interval, quantile, wilson
from harness.errors import InputError
from harness.spec.gate import TIERS, Gate

TRIALS = 2_000
CHURN = 0.02
"""The share of answers that a rerun gives another score, assumed where no rerun shows it. On one machine it is 0."""
SEED = 0
WANTED = 0.02
"""The most false alarms of a gate that can be lived with."""

Flags = Any
"""A numpy array of bool, one a trial."""


@dataclass(frozen=True, slots=True)
class Case:
    """Shares of the trials in which one rule failed, and in which it could not tell."""

    task: str
    strategy: str
    rule: str
    fail: float
    unsure: float


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the trials showed. `fail`, `unsure`: of the whole gate, the first with its 95 % interval.

    `exact`: findings of the exact tier that fail between the run and its rerun; none may.
    """

    trials: int
    churn: float | None
    """None where a rerun showed what changes by itself."""
    cases: tuple[Case, ...]
    fail: float
    fail_low: float
    fail_high: float
    unsure: float
    exact: tuple[Finding, ...]


def certify(
    run: Side,
    rerun: Side | None,
    gate: Gate,
    *,
    trials: int = TRIALS,
    churn: float = CHURN,
    partly: bool = False,
) -> Certificate:
    """Count false alarms in `trials` pairs of runs between which nothing changed.

    Raises InputError where the rerun is the run itself, or not one of the same questions (`partly`: of none of them).
    """
    if rerun and same_run(rerun, run):
        raise InputError(
            "the rerun is the run itself, which shows nothing of what changes by itself: run it again."
        )
    before = rerun or run
    gate.check_names(measured(before, run))
    found = common(before, run)
    check_comparable(found, partly=partly)
    rng = np.random.Generator(np.random.PCG64(SEED))
    cases: list[Case] = []
    failed, unsure = np.zeros(trials, dtype=bool), np.zeros(trials, dtype=bool)
    for one in reruns(before, run, found, gate):
        for rule, fails, tells in _trials(one, rng, trials, None if rerun else churn):
            cases.append(
                Case(one.task, one.strategy, rule, float(fails.mean()), float((~fails & ~tells).mean()))
            )
            failed |= fails
            unsure |= ~fails & ~tells
    share = float(failed.mean())
    low, high = (float(bound) for bound in wilson(np.array(share), np.array(float(trials))))
    findings = judged(before, run, found, gate).findings if rerun else ()
    exact = tuple(
        one for one in findings if one.counts and one.rule in TIERS["exact"] and one.outcome is Outcome.FAIL
    )
    return Certificate(
        trials,
        None if rerun else churn,
        tuple(cases),
        share,
        low,
        high,
        float((unsure & ~failed).mean()),
        exact,
    )


def _trials(
    one: Rerun, rng: np.random.Generator, trials: int, churn: float | None
) -> Iterator[tuple[str, Flags, Flags]]:
    """Rule, whether it failed and whether it passed, trial by trial; rules that do not count here are left out."""
    if "accuracy" in one.limits.fail_on:
        moved, names = _scores(one, rng, trials, churn)
        if moved is not None:
            yield "accuracy", *_accuracy(one, moved, names)
    if "latency" in one.limits.fail_on:
        moved = _times(one, rng, trials, paired=churn is None)
        if moved is not None:
            yield "latency", *latency_outcomes(moved, one.limits.latency_margin)


def _scores(
    one: Rerun, rng: np.random.Generator, trials: int, churn: float | None
) -> tuple[Floats | None, Sequence[str]]:
    """Differences of scores with nothing changed, shape (trials, questions), and the questions."""
    scores = per_question(one.scored(one.after), one.metric)
    if not scores:
        return None, ()
    if churn is None:
        found = differences(one.scored(one.before), one.scored(one.after), one.metric)
        observed = np.array(list(found.values()))
        return observed * rng.choice((-1.0, 1.0), (trials, len(observed))), list(found)
    values = np.array(list(scores.values()))
    return shaken(values, churn, trials, rng) - shaken(values, churn, trials, rng), list(scores)


def shaken(values: Floats, churn: float, trials: int, rng: np.random.Generator) -> Floats:
    """Copies of scores in which a share of the questions takes another one's, shape (trials, questions)."""
    others = values[rng.integers(0, len(values), (trials, len(values)))]
    return np.where(rng.random((trials, len(values))) < churn, others, values)


def _accuracy(one: Rerun, moved: Floats, names: Sequence[str]) -> tuple[Flags, Flags]:
    clusters = one.after.run.clusters(one.task)
    return accuracy_outcomes(moved, Design.of([clusters[name] for name in names]), one.limits.margin)


def accuracy_outcomes(moved: Floats, design: Design, margin: float) -> tuple[Flags, Flags]:
    """Whether the accuracy rule fails and whether it passes, for differences of shape (trials, questions)."""
    still = (moved == 0).all(axis=-1)  # the same answers throughout: nothing to infer
    bounds = difference_interval(moved, design)
    if bounds is None:
        return np.zeros(len(moved), dtype=bool), still
    low, high = bounds
    return losses.is_loss(high, margin), still | losses.is_none(low, margin)


def _times(one: Rerun, rng: np.random.Generator, trials: int, *, paired: bool) -> Floats | None:
    """Moves of the log ratio to base with nothing changed, shape (trials, questions); None where it is not judged."""
    old, new = (slowdown.ratios(side.run.timings, one) for side in (one.before, one.after))
    names = [name for name in new if name in old]
    if one.strategy == BASE or len(names) < slowdown.FEWEST:
        return None
    size = (trials, len(names))
    if paired:
        moves = np.array([new[name] - old[name] for name in names])
        return np.asarray(moves * rng.choice((-1.0, 1.0), size))
    logs = np.array([new[name] for name in names])
    return np.asarray(logs[rng.integers(0, len(logs), size)] - logs[rng.integers(0, len(logs), size)])


def latency_outcomes(moved: Floats, margin: float) -> tuple[Flags, Flags]:
    """The same of the latency rule, for moves of the log ratio of shape (trials, questions)."""
    n = moved.shape[-1]
    half = quantile(n - 1) * moved.std(axis=-1, ddof=1) / np.sqrt(n)
    centre = moved.mean(axis=-1)
    return slowdown.is_slower(centre - half, margin), slowdown.is_not_slower(centre + half, margin)
