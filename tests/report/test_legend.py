"""Words about a figure stand only where the figure stands: on the page, on the terminal, in the history."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from harness.analysis.accuracy import score_all
from harness.analysis.derive import derive
from harness.analysis.history.history import read_history
from harness.analysis.reading import read_run
from harness.analysis.results.run import RunResult, TaskResult
from harness.report import costs, decisions, glance, legend, plain, scoreboard, trend
from harness.report.page import trend as history_page
from harness.report.page.write import render
from harness.report.pictures.gallery import plots, views
from harness.report.pictures.plot import Plot
from harness.report.terminal import print_results
from harness.report.view import Table
from tests.analysis.decided import elected
from tests.analysis.histories import first, write_made
from tests.fakes import Silent
from tests.report.results import facts as small

RIGHT = {"base": 0.05, "rag": 0.6, "lora": 0.3, "oracle": 0.8}
MONEY, TIME = r"dollar|\$|break-even|a machine", r"latency|median|first token|tok/s|decode|timed"


def made(folder: Path, right: dict[str, float], **about: int) -> RunResult:
    return derive(read_run(elected(folder, {"facts": ("knowledge", right)}, **about)))


def meanings(results: RunResult) -> str:
    return " ".join((*legend.told(results, legend.MEANINGS), *legend.told(results, legend.LIMITS)))


def has(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.I) is not None


def printed(results: RunResult) -> str:
    out = io.StringIO()
    print_results(results, file=out, width=120)
    return " ".join(out.getvalue().split())


@pytest.fixture(scope="module")
def timed(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    return made(tmp_path_factory.mktemp("timed"), RIGHT)


@pytest.fixture(scope="module")
def untimed(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    return made(tmp_path_factory.mktemp("untimed"), {"base": 0.05, "few-shot": 0.6}, timed=0)


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """Too few timed questions for a median."""
    return made(tmp_path_factory.mktemp("quick"), RIGHT, timed=4)


def test_the_strip_names_what_stands_under_its_lines(
    timed: RunResult, quick: RunResult, untimed: RunResult
) -> None:
    said = [glance.reading(results.tasks["facts"]) for results in (timed, quick, untimed)]
    assert said[0].endswith("; median latency of one query.")
    assert "Under each: cost per 1,000 queries at " in said[1]
    assert [has("median", text) for text in said] == [True, False, False]


def test_a_page_speaks_of_no_median_that_it_does_not_show(timed: RunResult, tmp_path: Path) -> None:
    run = read_run(elected(tmp_path, {"facts": ("knowledge", RIGHT)}, timed=4))
    scores = score_all(run)
    html = render(run, scores, derive(run, scores)).split('<script type="application/json"')[0]
    assert not has("median", re.sub(r"(?s)<style>.*?</style>", "", html))


def test_the_terminal_names_the_figures_of_its_cells(
    timed: RunResult, quick: RunResult, untimed: RunResult
) -> None:
    caption = "accuracy (95 % interval) · p50 latency · dollars per 1,000 queries"
    assert caption in printed(timed)
    assert "n/a (n=4 < 10)" in printed(quick), "which says why there is none"
    assert "accuracy (95 % interval)" in printed(untimed)
    assert not has(f"p50|{MONEY}", printed(untimed).split("facts: ")[0])


def test_meanings_and_limits_are_of_figures_that_are_there(timed: RunResult, untimed: RunResult) -> None:
    assert all(has(pattern, meanings(timed)) for pattern in (MONEY, TIME, "recall@k", "adapters"))
    assert not has(f"{MONEY}|{TIME}|recall|passages|adapter", meanings(untimed))
    assert has("accuracy", meanings(untimed))


def test_what_cannot_be_compared_has_no_word_on_comparing(tmp_path: Path, timed: RunResult) -> None:
    alone = made(tmp_path, {"base": 0.5})
    assert legend.compared(alone) == ""
    assert not has("two strategies", meanings(alone))
    states = {scoreboard.standing(timed.tasks["facts"], name).state for name in RIGHT}
    assert ("≈" in legend.compared(timed)) == ("unresolved" in states)


def test_a_note_on_times_names_dollars_only_with_prices(tmp_path: Path, timed: RunResult) -> None:
    assert str(scoreboard.timed(timed.tasks["facts"])).startswith("Latency and dollars (at ")
    plan = {"facts": ("knowledge", RIGHT)}
    free = derive(read_run(elected(tmp_path, plan, price_sheet=None))).tasks["facts"]
    assert str(scoreboard.timed(free)).startswith("Latency rests on 12 timed questions")
    assert "cost" not in glance.reading(free)


@pytest.mark.parametrize(("count", "known"), [(12, True), (4, False)])
def test_pictures_speak_of_the_marks_that_they_have(tmp_path: Path, count: int, known: bool) -> None:
    run = read_run(elected(tmp_path, {"facts": ("knowledge", RIGHT)}, timed=count))
    view = views(derive(run), run.timings)["facts"]
    found = {plot.title: plot for plot in plots(view) if isinstance(plot, Plot)}
    latency = found["Latency of single questions"]
    assert ("the thick one is the median" in latency.caption) is known
    assert ("median" in latency.description) is known
    against = found["Accuracy against cost"]
    assert "Horizontal" not in against.caption, "all times of a strategy are the same"
    assert ("latency at once" in against.caption) is known


def test_what_stands_in_brackets_is_said_where_brackets_stand(
    timed: RunResult, quick: RunResult, tmp_path: Path
) -> None:
    def lead(task: TaskResult) -> str:
        return next(str(block) for block in costs.task_blocks(task) if "Dollars a month" in str(block))

    assert "bracket" not in lead(timed.tasks["facts"]), "all its times are the same"
    few = "n, the number of timed questions, where they are fewer than 10: too few to say. Prices"
    assert f"In brackets {few}" in lead(quick.tasks["facts"])
    assert "batched" not in lead(quick.tasks["facts"]), "no batch was timed"
    both = lead(small(tmp_path / "small"))
    assert f"In brackets the 95 % interval that the timed questions leave, or {few}" in both
    assert "batched figures have no interval" in both
    tied = made(tmp_path / "tied", {"base": 0.5, "few-shot": 0.5})
    decision = tied.tasks["facts"].decision
    table = decisions.decision_map(decision)
    shown = "(" in " ".join(str(cell) for row in (table.rows if table else ()) for cell in row)
    assert ("in brackets" in str(decisions.map_lead(decision))) == shown


def test_a_history_speaks_of_what_its_runs_have(tmp_path: Path) -> None:
    for name, ratios in (("timed", {"base": 1.0, "rag": 1.5}), ("untimed", None)):
        folder = tmp_path / name
        for number in (0, 1):
            write_made(folder, number, {"base": first(3, 8), "rag": first(5, 8)}, ratios=ratios)
        history = read_history(folder, Silent())
        text = f"{plain.sections(trend.report(history))} {history_page.render(history, folder)}"
        assert has("latency as a multiple of base's", text) == (name == "timed")
        assert has("Cost per query is shown as measured", text) == (name == "timed")
        assert not has("hollow|▲", re.sub(r"(?s)<style>.*?</style>", "", text)), (
            "no run is left out, and none changed"
        )
        (section,) = trend.report(history)
        table = section.blocks[0]
        assert isinstance(table, Table)
        assert "n/a" not in " ".join(str(cell) for row in table.rows for cell in row[1:])
