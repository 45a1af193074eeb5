"""A run of many tasks stays readable: one table first, the rest folded away, in every form."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.analysis.results.run import RunResult
from harness.report import markdown, overview
from harness.report.terminal import print_results
from harness.report.write import write_files
from tests.analysis import many_tasks
from tests.analysis.runs import write_run


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    return derive(read_run(many_tasks.write(tmp_path_factory.mktemp("many"))))


def cells(results: RunResult, name: str) -> tuple[str, ...]:
    shown = overview.board(results)
    assert shown
    (row,) = (row for row in shown.rows if row[0].startswith(name))
    return row


def test_every_task_has_a_row_and_the_group_stands_above_its_members(results: RunResult) -> None:
    shown = overview.board(results)
    assert shown
    assert shown.headers == ("Task", "Decision", *many_tasks.STRATEGIES, "Questions")
    assert [row[0] for row in shown.rows] == [
        "mmlu: acc of 20 tasks, by size", *many_tasks.members(), many_tasks.FILTERED, many_tasks.WHOLE
    ]  # fmt: skip
    assert (cells(results, "mmlu:")[1], cells(results, "mmlu:")[-1]) == ("a group", "640")


def test_filters_stand_side_by_side_and_figures_that_are_no_shares_by_their_names(results: RunResult) -> None:
    task = results.tasks[many_tasks.FILTERED].strategies["lora"]
    strict, flexible = task.by_filter["strict-match"], task.by_filter["flexible-extract"]
    assert (strict, flexible) == (0.0, task.metrics["exact_match,flexible-extract"].mean)
    assert (
        cells(results, many_tasks.FILTERED)[4]
        == f"strict-match 0.0 %,\nflexible-extract {100 * flexible:.1f} %"
    )
    assert cells(results, many_tasks.WHOLE)[2:5] == (
        "word_perplexity\n31.2", "not applicable", "word_perplexity\n19.5"
    )  # fmt: skip


@pytest.mark.parametrize("width", [80, 100, 160])
def test_the_terminal_shows_every_task_and_figure_whatever_its_width(results: RunResult, width: int) -> None:
    out = io.StringIO()
    print_results(results, file=out, width=width)
    table, _, _ = out.getvalue().partition(overview.title(results))
    assert "…" not in table
    assert max(map(len, table.splitlines())) <= width
    for name in (name for name in many_tasks.members() if len(name) <= 28):
        assert name in table
    mean = results.tasks[many_tasks.members()[0]].strategies["base"].accuracy.mean
    assert mean is not None
    assert f"{100 * mean:.1f}" in table


@pytest.mark.parametrize(("width", "shown"), [(80, False), (130, True)])
def test_a_wide_terminal_shows_the_decision_beside_the_task(
    results: RunResult, width: int, shown: bool
) -> None:
    out = io.StringIO()
    print_results(results, file=out, width=width)
    assert (overview.DECISION in out.getvalue()) is shown


def test_markdown_begins_with_the_table_and_folds_the_boards(results: RunResult) -> None:
    text = markdown.render(results, None)
    assert text.index("| mmlu: acc of 20 tasks, by size |") < text.index("<details><summary>")
    assert text.count("<details><summary>") == text.count("</details>") == 22
    assert "strict-match 0.0 %, flexible-extract" in text
    verdicts = text.partition("## Scoreboard")[0]
    assert "How sure" not in verdicts, "one line a task"


def test_the_page_folds_tasks_away_under_one_table(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    write_files(many_tasks.write(tmp_path / "run", count=4), [page])
    text = page.read_text(encoding="utf-8")
    assert text.index("All tasks</h3>") < text.index('<details class="task">')
    assert text.count('<details class="task">') == 3 * 6, "verdict, board and pictures of each"
    assert "flexible-extract" in text


def test_few_tasks_are_read_one_by_one(tmp_path: Path) -> None:
    assert overview.board(derive(read_run(write_run(tmp_path)))) is None
