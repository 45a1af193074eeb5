"""What a newcomer adds: a picture is one row of a table, and a strategy more than there are colours needs nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.report.pictures import chart, gallery
from harness.report.pictures.plot import Missing, Plot, TaskView
from harness.report.write import write_reports
from harness.spec.strategy import STRATEGIES, Strategy
from tests.analysis import decided
from tests.analysis.runs import write_run


def answers(view: TaskView) -> Plot | Missing:
    """How many answers each system gave."""
    rows = [{"label": name, "n": row.n_answered} for name, row in view.figures.strategies.items()]
    if not rows:
        return Missing("Answers given", "nothing was answered")
    axes = chart.Axes(chart.number("answers"), chart.names())
    return Plot(
        "Answers given",
        "A bar is a system.",
        "; ".join(f"{row['label']}: {row['n']}" for row in rows),
        chart.picture([axes.layer(chart.bar(), "n", "label")], height=chart.ROW * len(rows), rows=rows),
    )


def test_a_picture_is_one_row_of_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery, "PICTURES", (*gallery.PICTURES, answers))
    write_reports(write_run(tmp_path / "run"))
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert page.count("<h4>Answers given</h4>") == 2  # once a task
    assert 'aria-label="Answers given. base: 4; lora: 4; rag: 4"' in page


@pytest.fixture
def nine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of the seven strategies of the table and of two more."""
    further = (
        Strategy("examples+gold", "a control of a test", ("examples", "gold")),
        Strategy("gold+examples", "a control of a test", ("gold", "examples")),
    )
    for strategy in further:
        monkeypatch.setitem(STRATEGIES, strategy.name, strategy)
        monkeypatch.setitem(decided.SECONDS, strategy.name, 2.5)
    right = {name: 0.1 + place / 12 for place, name in enumerate(STRATEGIES)}
    return decided.elected(tmp_path / "run", {"facts": ("knowledge", right)}, n=40)


def test_nine_systems_are_drawn_apart(nine: Path) -> None:
    write_reports(nine)
    page = (nine / "report.html").read_text(encoding="utf-8")
    start = page.index("<h4>Cost per month over query volume</h4>")
    figure = page[start : page.index("</figure>", start)]
    for name in STRATEGIES:
        assert f">{name}</text>" in figure or STRATEGIES[name].control
