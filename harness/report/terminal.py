"""The results for a terminal: a table with a row a system and a column a task, then one verdict a task."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from harness.analysis.results.run import RunResult
from harness.quantities import counted
from harness.report import decisions, prices
from harness.report.scoreboard import Board, board_of

if TYPE_CHECKING:
    from rich.table import Table


def print_results(results: RunResult, file: IO[str] | None = None, width: int | None = None) -> None:
    """Print accuracy, p50 latency and cost per query of every system and task (to standard output)."""
    from rich.console import Console

    console = Console(file=file, width=width, highlight=False)
    for text in _warnings(results):
        console.print(text, style="bold yellow", markup=False, soft_wrap=True)
    console.print(_table(results))
    for verdict in decisions.lines(results):
        console.print(verdict, markup=False, soft_wrap=True)


def _warnings(results: RunResult) -> list[str]:
    texts = ["Quick run: not fit for decisions."] if results.quick else []
    if results.incomplete:
        missing = counted(results.missing_answers, "answer")
        texts.append(f"Not complete (status: {results.status or 'unknown'}, {missing} missing).")
    return texts + prices.warnings(results)


def _table(results: RunResult) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_lines=False, pad_edge=False)
    table.add_column("Strategy", no_wrap=True)
    boards = {name: board_of(task) for name, task in results.tasks.items()}
    for name, task in results.tasks.items():
        table.add_column(Text(f"{name}\n{task.metric}, n={task.n}"))
    for system in dict.fromkeys(name for board in boards.values() for name in board.scores):
        table.add_row(Text(system), *(Text(_cell(board, system)) for board in boards.values()))
    table.caption = "accuracy (95 % interval) · p50 latency · dollars per query, one at a time"
    return table


def _cell(board: Board, system: str) -> str:
    score = board.scores.get(system)
    if score is None:
        return "not applicable" if system in board.absent else "–"
    accuracy = f"{score.accuracy} ({score.interval})" if score.interval else score.accuracy
    return f"{accuracy}\n{score.latency} · {score.per_query}" if score.timed else accuracy
