"""Where the time goes adds up, and only what was deployed is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from harness.records import TimingRow
from harness.report.pictures.plot import Missing, Plot, TaskView
from harness.report.pictures.times import LOG_FROM, MOST_POINTS, latency, mean_stages, stages, thinned


def timed(e2e: float, ttft: float = 0.0, retrieve: float | None = None, *, merged: bool = True) -> TimingRow:
    return TimingRow("t", "s", "q", 0, 0, retrieve, ttft, e2e, 10, 5, merged)


def timing(view: TaskView, **rows: Sequence[TimingRow]) -> TaskView:
    return replace(view, timed=rows)


def test_stages_by_hand() -> None:
    """Retrieval 1 and 3, first token at 2 and 6, end at 5 and 11: means 2, 4 − 2, 8 − 4."""
    rows = [timed(5.0, 2.0, 1.0), timed(11.0, 6.0, 3.0), timed(99.0, 98.0, 97.0, merged=False)]
    assert mean_stages(rows) == (2.0, 2.0, 4.0)
    assert mean_stages([timed(5.0, 2.0)]) == (0.0, 2.0, 3.0)
    assert mean_stages([]) is None


def test_bars_end_at_the_mean_latency(view: TaskView) -> None:
    plot = stages(timing(view, rag=[timed(5.0, 2.0, 1.0), timed(11.0, 6.0, 3.0)], base=[timed(1.0, 1.0)]))
    assert isinstance(plot, Plot)
    parts = plot.spec["layer"][0]["data"]["values"]
    assert [(part["start"], part["end"]) for part in parts][:3] == [(0.0, 2.0), (2.0, 4.0), (4.0, 8.0)]
    assert plot.description.count("2.00 s") == 2
    assert "4.00 s" in plot.description


def test_nothing_timed_says_why(view: TaskView) -> None:
    for plot in (latency(timing(view)), stages(timing(view)), latency(timing(view, base=[]))):
        assert isinstance(plot, Missing)
        assert "--latency-queries" in plot.reason


def test_one_strategy_alone_is_no_picture(view: TaskView) -> None:
    for picture in (latency, stages):
        assert isinstance(picture(timing(view, base=[timed(1.0)])), Missing)


def test_many_points_are_thinned_evenly_from_end_to_end() -> None:
    values = [float(i) for i in range(10_000)]
    kept = thinned(values)
    assert len(kept) == MOST_POINTS
    assert (kept[0], kept[-1]) == (0.0, 9_999.0)
    assert thinned([1.0, 2.0]) == [1.0, 2.0]


@pytest.mark.parametrize(("last", "scale"), [(2.0, None), (LOG_FROM, "log")])
def test_times_far_apart_stand_on_a_log_axis(last: float, scale: str | None, view: TaskView) -> None:
    plot = latency(timing(view, base=[timed(1.0)], rag=[timed(last)]))
    assert isinstance(plot, Plot)
    assert plot.spec["layer"][0]["encoding"]["x"]["scale"].get("type") == scale
