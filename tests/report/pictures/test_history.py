"""Pictures of a history: every run has its place, and a sign that is not colour alone marks a change."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from harness.analysis.history.history import TaskHistory, read_history
from harness.report.pictures import history as pictures
from harness.report.pictures.plot import Missing, Plot, draw
from tests.analysis.histories import first, write_made
from tests.fakes import Silent


def read(folder: Path) -> TaskHistory:
    return read_history(folder, Silent()).tasks["facts"]


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> TaskHistory:
    """Accuracy of rag falls at 2, its latency rises at 3; 4 asks other questions; 5 is quick."""
    folder = tmp_path_factory.mktemp("reports")
    for number, right in enumerate((120, 121, 90, 91)):
        hits = {"base": first(40, 200), "rag": first(right, 200)}
        write_made(folder, number, hits, ratios={"base": 1.0, "rag": 3.0 if number == 3 else 1.5})
    small = {"base": first(5, 40), "rag": first(20, 40)}
    write_made(folder, 4, small, ratios={"base": 1.0, "rag": 1.5})
    write_made(folder, 5, small, quick=True)
    return read(folder)


def drawn(task: TaskHistory) -> list[Plot]:
    return [plot for plot in pictures.plots("facts", task) if isinstance(plot, Plot)]


def rows(plot: Plot) -> list[dict[str, Any]]:
    return list(plot.spec["data"]["values"])


def test_every_run_and_strategy_has_its_place(task: TaskHistory) -> None:
    accuracy, cost, ratio = drawn(task)
    assert [(row["x"], row["strategy"]) for row in rows(accuracy)] == [
        (x, name) for name in ("base", "rag") for x in range(6)
    ]
    assert [row["value"] for row in rows(accuracy)][6:] == [0.6, 0.605, 0.45, 0.455, 0.5, 0.5]
    assert [row["compared"] for row in rows(accuracy)][:6] == [True] * 5 + [False]
    assert "".join(row["series"] for row in rows(accuracy)[:6]) == "AAAABB"
    assert len(rows(cost)) == 10  # the quick run timed nothing
    assert {row["strategy"] for row in rows(ratio)} == {"rag"}
    assert [round(row["value"], 2) for row in rows(ratio)] == [1.5, 1.5, 1.5, 3.0, 1.5]


def test_changes_carry_an_arrow(task: TaskHistory) -> None:
    accuracy, cost, ratio = drawn(task)
    assert [(row["x"], row["mark"]) for row in rows(accuracy) if row["mark"]] == [(2, "▼")]
    assert [(row["x"], row["mark"]) for row in rows(ratio) if row["mark"]] == [(3, "▲")]
    assert [row for row in rows(cost) if row["mark"]] == []
    assert "▼" in "".join(ElementTree.fromstring(draw(accuracy)).itertext())
    assert "from 60.5 % to 45.0 % at 002" in accuracy.description


def test_svg_is_well_formed_described_and_themed(task: TaskHistory) -> None:
    for plot in drawn(task):
        one = draw(plot)
        root = ElementTree.fromstring(one)
        assert root.get("aria-label") == f"{plot.title}. {plot.description}"
        assert "var(--ink)" in one
        assert abs(float(str(root.get("width"))) - pictures.chart.WIDTH) < 25
        texts = list(root.itertext())
        assert "B" in texts  # where other questions begin
        assert "01-07" in texts
        assert "rag" in texts


def test_no_picture_without_its_evidence(tmp_path: Path) -> None:
    write_made(tmp_path, 0, {"rag": first(3, 8)})
    accuracy, *others = pictures.plots("facts", read(tmp_path))
    assert isinstance(accuracy, Plot)
    assert all(isinstance(one, Missing) and one.reason[0].islower() for one in others)
    assert "var(--ink)" in draw(accuracy)  # one run is drawn as well


def test_names_from_a_run_are_text(tmp_path: Path) -> None:
    name = "<script>x</script>'\"\\"
    write_made(tmp_path, 0, {"base": first(3, 8), name: first(2, 8)}, ratios={"base": 1.0, name: 2.0})
    for plot in drawn(read(tmp_path)):
        svg = draw(plot)
        assert "<script" not in svg
        assert name in "".join(ElementTree.fromstring(svg).itertext())


def test_dates_are_days_or_times_of_one_day() -> None:
    moments = [datetime.datetime(2026, 1, day, 9, 5, tzinfo=datetime.UTC) for day in (2, 3)]
    assert pictures.dates(moments) == (["01-02", "01-03"], "runs, oldest left")
    assert pictures.dates(moments[:1] * 2) == (["09:05", "09:05"], "runs of 2026-01-02 UTC, oldest left")
    assert pictures.dates([None, moments[0]]) == (["", "09:05"], "runs of 2026-01-02 UTC, oldest left")
    assert pictures.dates([None]) == ([""], "runs, oldest left")


def test_specifications_are_plain_json(task: TaskHistory) -> None:
    for plot in drawn(task):
        assert json.loads(json.dumps(plot.spec, allow_nan=False)) == plot.spec
