"""Specifications become SVG: text stays text, colours stay variables, the same each time."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import chain
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.report.pictures import chart
from harness.report.pictures.gallery import plots, views
from harness.report.pictures.plot import Missing, Plot, draw
from tests.analysis.runs import write_run


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Plot | Missing]]:
    run = read_run(write_run(tmp_path_factory.mktemp("run")))
    return {name: plots(view) for name, view in views(derive(run), run.timings).items()}


def test_each_picture_is_drawn_or_says_why_not(pictures: dict[str, list[Plot | Missing]]) -> None:
    assert [plot.title for plot in pictures["facts"] if isinstance(plot, Plot)] == [
        "Accuracy against cost", "Where the accuracy goes", "Cost per month over query volume", "Why rag was wrong",
        "Facts in the training set, and facts not in it", "Latency of single questions", "Where the time goes",
        "Loss while training: lora",
    ]  # fmt: skip
    every = chain.from_iterable(pictures.values())
    missing = {picture.title: picture.reason for picture in every if isinstance(picture, Missing)}
    assert "Decision map" in missing
    assert all(reason[0].islower() and not reason.endswith(".") for reason in missing.values())


def test_svg_is_well_formed_described_and_themed(pictures: dict[str, list[Plot | Missing]]) -> None:
    for plot in (plot for plot in chain.from_iterable(pictures.values()) if isinstance(plot, Plot)):
        svg = draw(plot)
        root = ElementTree.fromstring(svg)
        assert root.get("role") == "img"
        assert root.get("aria-label") == f"{plot.title}. {plot.description}"
        assert not [e for e in root.iter() if e.get("id") or e.get("style")]
        assert "var(--ink)" in svg
        assert not set(root.attrib) & {"onload", "href"}


def test_names_from_data_are_text() -> None:
    name = "<script>alert(1)</script>&\"'"
    spec = chart.picture(
        [{"mark": "text", "encoding": {"text": {"field": "x"}}}], height=20, rows=[{"x": name}]
    )
    svg = draw(Plot(name, "", name, spec))
    assert "<script" not in svg
    assert name in "".join(ElementTree.fromstring(svg).itertext())


def test_a_character_that_no_svg_may_hold_does_not_end_the_process() -> None:
    spec = chart.picture(
        [{"mark": "text", "encoding": {"text": {"field": "x"}}}], height=20, rows=[{"x": "a\x1b[31mb\uffff"}]
    )
    svg = draw(Plot("a\x1b", "", "b\uffff", spec))
    assert "a[U+001B][31mb[U+FFFF]" in "".join(ElementTree.fromstring(svg).itertext())


def test_the_same_plot_gives_the_same_bytes_in_another_process() -> None:
    spec = chart.picture([{"mark": "point", "encoding": {"x": {"value": 3}}}], height=20)
    code = (
        "import json, sys; from harness.report.pictures.plot import Plot, draw; "
        "sys.stdout.write(draw(Plot('a', 'b', 'c', json.loads(sys.argv[1]))))"
    )
    other = subprocess.run(
        [sys.executable, "-c", code, json.dumps(spec)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert other.stdout == draw(Plot("a", "b", "c", spec))


def test_run_without_evidence_has_reasons_only(tmp_path: Path) -> None:
    empty = {name: [] for name in ("answers", "batches", "timings", "passages")}
    run = read_run(write_run(tmp_path, **empty))
    found = plots(views(derive(run), run.timings)["facts"])
    titles = [plot.title for plot in found if isinstance(plot, Plot)]
    assert titles == ["Loss while training: lora"]  # the manifest keeps it
    assert len([plot for plot in found if isinstance(plot, Missing)]) == len(found) - 1
