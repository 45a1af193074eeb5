"""Specifications become SVG: text stays text, colours stay variables, the same each time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness.analysis.derive import derive
from harness.analysis.evidence import read_run
from harness.report.pictures import style
from harness.report.pictures.draw import draw
from harness.report.pictures.gallery import Room, gallery, plots
from harness.report.pictures.plot import Missing, Plot
from harness.spec.strategy import STRATEGIES
from tests.analysis.runs import write_run


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Room]:
    run = read_run(write_run(tmp_path_factory.mktemp("run")))
    return {room.task: room for room in gallery(derive(run), run.timings)}


def test_each_picture_is_drawn_or_says_why_not(rooms: dict[str, Room]) -> None:
    drawn = [one.plot.title for one in rooms["facts"].drawn]
    assert drawn == [
        "Accuracy against cost per query", "Cost per month over query volume", "Latency of single questions",
        "Where the time goes", "Where the accuracy goes", "Why rag was wrong", "Loss while training: lora",
        "Facts in the training set, and facts not in it",
    ]  # fmt: skip
    missing = {one.title: one.reason for room in rooms.values() for one in room.missing}
    assert "Decision map" in missing
    assert all(reason[0].islower() and not reason.endswith(".") for reason in missing.values())


def test_svg_is_well_formed_described_and_themed(rooms: dict[str, Room]) -> None:
    for one in (one for room in rooms.values() for one in room.drawn):
        root = ElementTree.fromstring(one.svg)
        assert root.get("role") == "img"
        assert root.get("aria-label") == f"{one.plot.title}. {one.plot.told}"
        assert not [e for e in root.iter() if e.get("id") or e.get("style")]
        assert "var(--ink)" in one.svg
        assert not set(root.attrib) & {"onload", "href"}


def test_names_from_data_are_text() -> None:
    name = "<script>alert(1)</script>&\"'"
    spec = style.picture(
        [{"mark": "text", "encoding": {"text": {"field": "x"}}}], height=20, rows=[{"x": name}]
    )
    svg = draw(Plot(name, "", name, spec)).svg
    assert "<script" not in svg
    assert name in "".join(ElementTree.fromstring(svg).itertext())


def test_the_same_plot_gives_the_same_bytes_in_another_process() -> None:
    spec = style.picture([{"mark": "point", "encoding": {"x": {"value": 3}}}], height=20)
    code = (
        "import json, sys; from harness.report.pictures.draw import draw; "
        "from harness.report.pictures.plot import Plot; "
        "sys.stdout.write(draw(Plot('a', 'b', 'c', json.loads(sys.argv[1]))).svg)"
    )
    other = subprocess.run(
        [sys.executable, "-c", code, json.dumps(spec)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert other.stdout == draw(Plot("a", "b", "c", spec)).svg


def test_every_strategy_has_a_colour_and_a_shape_of_its_own() -> None:
    names = list(STRATEGIES)
    css = (Path(style.__file__).parents[1] / "page/assets/page.css").read_text()
    for scale in (style.colours(names), style.shapes(names), style.dashes(names)):
        assert len({str(value) for value in scale["range"]}) == len(names)
    for colour in style.colours(names)["range"]:
        assert css.count(f"{colour[4:-1]}:") == 3  # light, dark, print
    assert style.colour("lora@facts") == style.colour("lora")


def test_powers_enclose_the_values() -> None:
    assert style.powers([0.003, 20.0]) == [0.001, 0.01, 0.1, 1.0, 10.0, 100.0]
    assert style.powers([10.0]) == [10.0, 100.0]


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
    assert style.log_ticks(values) == ticks


def test_run_without_evidence_has_reasons_only(tmp_path: Path) -> None:
    empty = {name: [] for name in ("answers", "batches", "timings", "passages")}
    run = read_run(write_run(tmp_path, **empty))
    found = plots(derive(run), "facts", run.timings)
    titles = [plot.title for plot in found if isinstance(plot, Plot)]
    assert titles == ["Loss while training: lora"]  # the manifest keeps it
    assert len([plot for plot in found if isinstance(plot, Missing)]) == len(found) - 1
