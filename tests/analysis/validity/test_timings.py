"""A slow answer among the timed ones is named, and rules nobody out."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.analysis.validity.timings import slowest
from harness.records import TimingRow
from tests.analysis.races import checks, healthy


def rows(*seconds: float) -> list[TimingRow]:
    return [TimingRow("t", "s", f"q{n}", n, 0, None, 0.1, took, 10, 5) for n, took in enumerate(seconds)]


def test_one_slow_answer_among_twenty_is_named_with_what_it_does_to_the_mean(tmp_path: Path) -> None:
    run = healthy()
    slow = next(row for row in run["timings"] if row["strategy"] == "rag" and row["question_id"] == "q3")
    slow["e2e_s"] = 100.0
    check = checks(tmp_path, run)["timings"]
    assert (check["status"], check["strategies"], check["threshold"]) == ("warn", ["rag"], 0.1)
    # nine others of 1.0 to 1.9 s without 1.3 s: 13.2 s; with the slow one 113.2 s
    assert check["figure"] == pytest.approx((113.2 / 10) / (13.2 / 9) - 1)
    assert check["detail"] == (
        "One slow answer makes a mean, and with it a cost: rag took 100 s for question 'q3', 64.5 times the median, so "
        "that its mean is 11.3 s and not 1.47 s."
    )


@pytest.mark.parametrize(
    ("seconds", "moved"),
    [
        ([1.0] * 19 + [2.9], 0.0),  # less than three times the median
        ([1.0] * 19 + [3.1], (22.1 / 20) / 1.0 - 1),
        ([1.0] * 99 + [3.1], (102.1 / 100) / 1.0 - 1),  # looked at, and of no weight among a hundred
        ([0.0, 0.0, 5.0], 0.0),  # times of nothing
    ],
)
def test_how_far_the_slowest_moves_the_mean_of_the_others(seconds: list[float], moved: float) -> None:
    found = slowest(rows(*seconds))
    assert found is not None
    assert found.moved == pytest.approx(moved)


def test_of_two_answers_none_is_the_slow_one() -> None:
    assert slowest(rows(1.0, 100.0)) is None
