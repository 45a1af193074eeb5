"""Means and intervals of accuracy, against scipy and by hand."""

from __future__ import annotations

import pytest

from harness.analysis.accuracy import estimate, score, wilson
from harness.errors import InputError


@pytest.mark.parametrize(("right", "n"), [(0, 1), (1, 1), (0, 20), (7, 20), (20, 20), (331, 1000)])
def test_wilson_agrees_with_scipy(right: int, n: int) -> None:
    from scipy.stats import binomtest

    interval = binomtest(right, n).proportion_ci(confidence_level=0.95, method="wilson")
    assert wilson(right, n) == pytest.approx((interval.low, interval.high), abs=1e-12)


def test_graded_scores_have_no_wilson_interval_and_nothing_has_no_mean() -> None:
    assert estimate([0.5, 1.0], "f1") == {"mean": 0.75, "ci_low": None, "ci_high": None, "n": 2}
    assert estimate([], "contains") == {"mean": None, "ci_low": None, "ci_high": None, "n": 0}


@pytest.mark.parametrize("metrics", [[], ["vibes"]])
def test_run_scored_by_an_unknown_metric_is_refused(metrics: list[str]) -> None:
    with pytest.raises(InputError, match=r"metric|vibes"):
        score([], {}, {"name": "t", "metrics": metrics})
