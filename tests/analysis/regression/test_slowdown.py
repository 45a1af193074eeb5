"""The latency rule: how much longer than base, on the same questions, against the margin and the history."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from harness.analysis.reading import read_timings
from harness.analysis.regression import slowdown
from harness.analysis.regression.findings import LatencyFigures, Outcome, Ruling
from harness.analysis.regression.pairing import Margins, Past
from harness.run.manifest_file import read_manifest
from tests.analysis.regression.reruns import made_up, pair_of

REPLIES = {"base": ["yes"] * 12, "rag": ["yes"] * 12}
BASE = [1.0 + 0.1 * at for at in range(12)]
NOISE = np.random.Generator(np.random.PCG64(5)).normal(0, 0.05, 12)


def times(factor: float, noise: float = 0.0) -> dict[str, list[float]]:
    return {
        "base": BASE,
        "rag": [factor * one * math.exp(noise * off) for one, off in zip(BASE, NOISE, strict=True)],
    }


def latency(
    tmp_path: Path, old: dict[str, list[float]], new: dict[str, list[float]], **options: object
) -> Ruling:
    runs = [made_up(tmp_path / name, REPLIES, times=timed) for name, timed in (("a", old), ("b", new))]
    rerun = pair_of(runs[1], runs[0], "rag", Margins(latency=1.25))
    return slowdown.latency(dataclasses.replace(rerun, **options))  # type: ignore[arg-type]


def figures_of(said: Ruling) -> LatencyFigures:
    assert isinstance(said.figures, LatencyFigures)
    return said.figures


def test_a_machine_ten_times_as_slow_is_no_slowdown(tmp_path: Path) -> None:
    new = {name: [10 * one for one in seconds] for name, seconds in times(2.0).items()}
    said = latency(tmp_path, times(2.0), new)
    assert said.outcome is Outcome.PASS
    assert figures_of(said).slowdown == pytest.approx(1.0)
    assert (figures_of(said).before, figures_of(said).after) == (pytest.approx(2.0), pytest.approx(2.0))


def test_the_interval_is_that_of_a_t_test_on_logarithms(tmp_path: Path) -> None:
    said = latency(tmp_path, times(2.0), times(2.6, noise=1.0))
    wanted = stats.ttest_1samp(math.log(1.3) + NOISE, 0).confidence_interval(0.95)
    assert figures_of(said).ci_low == pytest.approx(math.exp(wanted.low))
    assert figures_of(said).ci_high == pytest.approx(math.exp(wanted.high))
    assert figures_of(said).n == 12


@pytest.mark.parametrize(
    ("factor", "outcome"),
    [(2.0, Outcome.PASS), (2.4, Outcome.PASS), (2.5, Outcome.INCONCLUSIVE), (2.7, Outcome.FAIL)],
)
def test_the_whole_interval_has_to_lie_on_one_side_of_the_margin(
    tmp_path: Path, factor: float, outcome: Outcome
) -> None:
    said = latency(tmp_path, times(2.0), times(factor, noise=0.5))
    assert said.outcome is outcome
    assert said.detail.endswith("on 12 questions; margin 1.25")


def test_base_is_the_measure_and_not_measured(tmp_path: Path) -> None:
    run = made_up(tmp_path / "a", REPLIES, times=times(2.0))
    assert slowdown.latency(pair_of(run, run)).outcome is Outcome.NOT_APPLICABLE


def test_what_the_baseline_did_not_time_cannot_have_slowed_down(tmp_path: Path) -> None:
    said = latency(tmp_path, {}, times(2.0))
    assert said.outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("count", [0, 4])
def test_a_run_with_few_times_leaves_it_open(tmp_path: Path, count: int) -> None:
    few = {name: seconds[:count] for name, seconds in times(4.0).items()}
    said = latency(tmp_path, times(2.0), few)
    assert said.outcome is Outcome.INCONCLUSIVE
    assert said.detail.startswith(f"{count} questions")


def past_of(run: Path) -> Past:
    record = read_manifest(run)
    return Past(record, read_timings(run, record))


def test_a_history_widens_the_margin_to_its_own_noise() -> None:
    """√2 standard deviations, at Student's quantile; scipy's prediction interval for a difference of two runs."""
    means = [0.1, -0.1, 0.05, 0.2, -0.15, 0.0]
    wanted = math.exp(stats.t.ppf(0.975, 5) * math.sqrt(2) * np.std(means, ddof=1))
    assert slowdown.history_margin(means) == pytest.approx(wanted)
    assert slowdown.history_margin(means[:4]) is None


def test_a_noisy_history_excuses_and_one_under_other_settings_does_not(tmp_path: Path) -> None:
    same, other = (
        tuple(
            past_of(made_up(tmp_path / f"{k}/{at}", REPLIES, times=times(factor), k=k))
            for at, factor in enumerate((1.0, 1.5, 2.0, 2.5, 3.0, 3.5))
        )
        for k in (3, 5)
    )
    assert latency(tmp_path / "x", times(2.0), times(2.7)).outcome is Outcome.FAIL
    excused = latency(tmp_path / "y", times(2.0), times(2.7), history=same)
    assert excused.outcome is Outcome.PASS
    assert excused.margin == figures_of(excused).history_margin
    assert excused.margin
    assert excused.margin > 1.25
    assert latency(tmp_path / "z", times(2.0), times(2.7), history=other).outcome is Outcome.FAIL
