"""The A/A certificate: it counts what the gate itself would have said, with nothing changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.analysis.regression import losses, slowdown
from harness.analysis.regression.certificate import (
    accuracy_outcomes,
    certify,
    latency_outcomes,
    shaken,
)
from harness.analysis.regression.findings import Outcome
from harness.analysis.regression.pairing import Side
from harness.analysis.relative import interval
from harness.analysis.statistics import paired
from harness.analysis.statistics.clusters import Design
from harness.errors import InputError
from harness.spec.gate import Gate, Terms
from tests.analysis.regression.reruns import edit_rows, made_up

RNG = np.random.Generator(np.random.PCG64(3))


def test_where_nothing_changes_by_itself_the_gate_never_fails(worlds: tuple[Path, Path]) -> None:
    run, rerun = (Side.read(one) for one in worlds)
    found = certify(run, rerun, Gate(), trials=50)
    assert (found.fail, found.unsure, found.churn, found.exact) == (0.0, 0.0, None, ())
    assert {case.rule for case in found.cases} == {"accuracy", "latency"}
    assert found.fail_high == pytest.approx(3.8415 / (50 + 3.8415), abs=1e-4)  # Wilson's of 0 in 50
    still = certify(run, None, Gate(), trials=50, churn=0.0)
    assert (still.fail, still.unsure, still.churn) == (0.0, 0.0, 0.0)


def test_what_fails_exactly_between_run_and_rerun_did_change(rerun: Path, baseline: Path) -> None:
    edit_rows(rerun, "answers", lambda at, row: {**row, "prediction": "x"} if at == 0 else row)
    (one,) = certify(Side.read(rerun), Side.read(baseline), Gate(), trials=20).exact
    assert (one.rule, one.outcome) == ("answers", Outcome.FAIL)
    lenient = Gate(Terms(fail_on=("accuracy", "latency")))
    assert certify(Side.read(rerun), Side.read(baseline), lenient, trials=20).exact == ()


def test_rules_that_may_not_fail_are_not_counted(worlds: tuple[Path, Path]) -> None:
    found = certify(Side.read(worlds[0]), None, Gate(Terms(fail_on=("latency",))), trials=20)
    assert {case.rule for case in found.cases} == {"latency"}


def test_a_run_is_no_rerun_of_itself(worlds: tuple[Path, Path]) -> None:
    side = Side.read(worlds[0])
    with pytest.raises(InputError, match="the rerun is the run itself"):
        certify(side, side, Gate())


def test_other_questions_are_refused_or_left_out(tmp_path: Path) -> None:
    run = Side.read(made_up(tmp_path / "b", {"base": ["yes"] * 9}))
    rerun = Side.read(made_up(tmp_path / "a", {"base": ["yes"] * 8}))
    with pytest.raises(InputError, match="--common"):
        certify(run, rerun, Gate(), trials=5)
    assert certify(run, rerun, Gate(), trials=5, partly=True).fail == 0.0


def test_the_same_run_gives_the_same_certificate(worlds: tuple[Path, Path]) -> None:
    side = Side.read(worlds[0])
    assert certify(side, None, Gate(), trials=30) == certify(side, None, Gate(), trials=30)


@pytest.mark.parametrize("size", [1, 3])
def test_trials_are_judged_as_the_accuracy_rule_judges(size: int) -> None:
    moved = RNG.choice([-1.0, 0.0, 1.0], (60, 90), p=[0.12, 0.85, 0.03])
    moved[0] = 0.0
    design = Design.of([at // size for at in range(90)])
    fails, passes = accuracy_outcomes(moved, design, 0.02)
    for row, fail, tell in zip(moved[1:], fails[1:], passes[1:], strict=True):
        one = paired.compare(row, design)
        assert one.ci_low is not None
        assert one.ci_high is not None
        said = losses.outcome(one.ci_low, one.ci_high, 0.02)
        assert (fail, tell) == (said is Outcome.FAIL, said is Outcome.PASS)
    assert (fails[0], passes[0]) == (False, True)  # the same answers throughout
    assert 0 < fails.sum() < 60


def test_trials_are_judged_as_the_latency_rule_judges() -> None:
    moved = RNG.normal(0.25, 0.2, (40, 12))
    fails, passes = latency_outcomes(moved, 1.25)
    for row, fail, tell in zip(moved, fails, passes, strict=True):
        said = slowdown.outcome(*interval(list(row))[1:], 1.25)
        assert (fail, tell) == (said is Outcome.FAIL, said is Outcome.PASS)


def test_shaking_keeps_the_accuracy_and_moves_the_share_that_was_said() -> None:
    """Of a churned half of scores that are half right, half get the other score: a quarter."""
    values = np.array([0.0, 1.0] * 50)
    copies = shaken(values, 0.5, 2000, RNG)
    assert copies.mean() == pytest.approx(0.5, abs=0.01)
    assert (copies != values).mean() == pytest.approx(0.25, abs=0.01)
    assert (shaken(values, 0.0, 3, RNG) == values).all()


def test_the_shipped_defaults_keep_what_is_promised() -> None:
    """At most 2 % false alarms with 2 % of answers changed; 90 % of losses of 10 points found at n = 200."""
    right = (RNG.random(200) < 0.5).astype(float)
    design = Design.of(list(range(200)))
    same = shaken(right, 0.02, 1000, RNG) - shaken(right, 0.02, 1000, RNG)
    assert accuracy_outcomes(same, design, 0.02)[0].mean() <= 0.02
    kept = RNG.random((1000, 200)) >= 0.2  # a fifth of the right half
    lost = shaken(right, 0.02, 1000, RNG) * kept - shaken(right, 0.02, 1000, RNG)
    assert accuracy_outcomes(lost, design, 0.02)[0].mean() >= 0.9
