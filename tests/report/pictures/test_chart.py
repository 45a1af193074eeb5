"""Axes hold what is drawn on them."""

from __future__ import annotations

import pytest

from harness.report.pictures import chart


def test_powers_enclose_the_values() -> None:
    assert chart.powers([0.003, 20.0]) == [0.001, 0.01, 0.1, 1.0, 10.0, 100.0]
    assert chart.powers([10.0]) == [10.0, 100.0]


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0.0022, 0.0046], [0.002, 0.005]),
        ([0.002, 0.005], [0.001, 0.002, 0.005, 0.01]),  # a mark on the end of the axis would be cut in half
        ([3e-5, 2e-4, 0.0], [2e-5, 5e-5, 1e-4, 2e-4, 5e-4]),
        ([0.003, 20.0], [0.001, 0.01, 0.1, 1.0, 10.0, 100.0]),
        ([7.0], [5.0, 10.0]),
    ],
)
def test_ticks_of_a_log_axis_hold_the_values_closely(values: list[float], ticks: list[float]) -> None:
    assert chart.log_ticks(values) == ticks


@pytest.mark.parametrize(("longest", "columns"), [(8, 4), (14, 3), (22, 2), (60, 1)])
def test_a_legend_has_as_many_columns_as_its_labels_leave_space_for(longest: int, columns: int) -> None:
    assert chart.legend(["x" * longest] * 9)["columns"] == columns
    assert chart.legend(["x" * longest])["columns"] >= columns


def test_labels_of_several_models_have_room_for_their_wide_sign() -> None:
    assert chart.legend(["base@small", "rag@small", "lora@small", "base@large", "rag@large"])["columns"] == 3
