"""Where the time goes adds up, and only what was deployed is drawn."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.records import TimingRow
from harness.report.pictures.plot import Missing, Plot
from harness.report.pictures.times import LOG_FROM, MOST_POINTS, latency, mean_stages, middle, stages, thinned


def timed(e2e: float, ttft: float = 0.0, retrieve: float | None = None, *, merged: bool = True) -> TimingRow:
    return TimingRow("t", "s", "q", 0, 0, retrieve, ttft, e2e, 10, 5, merged)


def test_stages_by_hand() -> None:
    """Retrieval 1 and 3, first token at 2 and 6, end at 5 and 11: means 2, 4 − 2, 8 − 4."""
    rows = [timed(5.0, 2.0, 1.0), timed(11.0, 6.0, 3.0), timed(99.0, 98.0, 97.0, merged=False)]
    assert mean_stages(rows) == (2.0, 2.0, 4.0)
    assert mean_stages([timed(5.0, 2.0)]) == (0.0, 2.0, 3.0)
    assert mean_stages([]) is None


def test_bars_end_at_the_mean_latency() -> None:
    plot = stages({"rag": [timed(5.0, 2.0, 1.0), timed(11.0, 6.0, 3.0)]})
    assert isinstance(plot, Plot)
    parts = plot.spec["layer"][0]["data"]["values"]
    assert [(part["start"], part["end"]) for part in parts] == [(0.0, 2.0), (2.0, 4.0), (4.0, 8.0)]
    assert "rag: retrieve 2.00 s, to first token 2.00 s, decode 4.00 s." in plot.told


def test_nothing_timed_says_why() -> None:
    for plot in (latency({}), stages({}), latency({"base": []})):
        assert isinstance(plot, Missing)
        assert "no question was timed" in plot.reason


@given(st.lists(st.floats(0.001, 1e3), min_size=1, max_size=40))
def test_the_middle_is_the_median(values: list[float]) -> None:
    assert middle(sorted(values)) == pytest.approx(statistics.median(values))


def test_many_points_are_thinned_evenly_from_end_to_end() -> None:
    values = [float(i) for i in range(10_000)]
    kept = thinned(values)
    assert len(kept) == MOST_POINTS
    assert (kept[0], kept[-1]) == (0.0, 9_999.0)
    assert thinned([1.0, 2.0]) == [1.0, 2.0]


def test_times_far_apart_stand_on_a_log_axis() -> None:
    near, far = ({"a": [timed(1.0)], "b": [timed(last)]} for last in (2.0, LOG_FROM))
    scales = []
    for rows in (near, far):
        plot = latency(rows)
        assert isinstance(plot, Plot)
        scales.append(plot.spec["layer"][0]["encoding"]["x"]["scale"].get("type"))
    assert scales == [None, "log"]
