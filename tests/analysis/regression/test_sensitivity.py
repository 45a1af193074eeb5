"""What so many questions can tell: against simulated runs that are judged as the gate judges them."""

from __future__ import annotations

import numpy as np
import pytest

from harness.analysis.regression.findings import Outcome, outcome_of
from harness.analysis.regression.sensitivity import MOVED, sensitivity
from harness.analysis.statistics.clusters import Design
from harness.analysis.statistics.intervals import difference_interval

TRIALS = 600


def outcomes(n: int, loss: float, margin: float) -> dict[Outcome, float]:
    """Shares of simulated pairs of runs by outcome; `loss` on top of what moves by itself."""
    rng = np.random.Generator(np.random.PCG64(0))
    chances = [MOVED / 2 + loss, 1 - MOVED - loss, MOVED / 2]
    moved = rng.choice([-1.0, 0.0, 1.0], (TRIALS, n), p=chances)
    interval = difference_interval(moved, Design.of(range(n)))
    assert interval is not None
    found = [outcome_of(-high, -low, margin) for low, high in zip(*interval, strict=True)]
    return {outcome: found.count(outcome) / TRIALS for outcome in Outcome}


@pytest.mark.parametrize(("n", "margin"), [(60, 0.02), (200, 0.02), (200, 0.05), (500, 0.02)])
def test_the_smallest_loss_that_is_caught_fails_four_times_in_five(n: int, margin: float) -> None:
    found = sensitivity("t", n, n, margin)
    assert found.caught is not None
    assert 0.7 < outcomes(n, found.caught, margin)[Outcome.FAIL] < 0.92


@pytest.mark.parametrize("margin", [0.02, 0.05])
def test_the_questions_it_asks_for_are_enough(margin: float) -> None:
    found = sensitivity("t", 60, 60, margin)
    assert found.to_catch is not None
    assert found.to_pass is not None
    assert outcomes(found.to_catch, found.loss, margin)[Outcome.FAIL] > 0.72
    assert outcomes(found.to_pass, 0.0, margin)[Outcome.PASS] > 0.65
    assert outcomes(found.to_pass // 3, 0.0, margin)[Outcome.PASS] < 0.5


def test_a_few_questions_catch_nothing() -> None:
    assert sensitivity("t", 3, 3, 0.02).caught is None
    assert sensitivity("t", 60, 60, 0.2).loss == 0.4, "a loss worth catching lies well beyond the margin"
