"""`trend`: a history for a terminal, a table a task with a row a run, and its page."""

from __future__ import annotations

import re
from typing import IO, Any

from harness.analysis.history.causes import ACCURACY, COST, LATENCY
from harness.analysis.history.history import History, TaskHistory
from harness.analysis.history.reading import Run
from harness.quantities import counted
from harness.report import history as words

WIDTH = 120
ROWS = 20
"""Runs of a task that a terminal gets where no number was asked for."""
NAME = 32
"""Of the column that names a run; what is longer is cut."""
MODEL = 15
_NOISE = re.compile(r"\((R|TM)\)|\b(Processor|CPU)\b")
"""What processors are called besides their names."""


def print_history(
    history: History, file: IO[str] | None = None, width: int | None = None, rows: int | None = None
) -> None:
    """Print each task's table, its `rows` newest runs with the newest first, and under it all that changed."""
    from rich.console import Console

    console = Console(file=file, width=width, highlight=False)
    if not width and (console.width > WIDTH or not console.is_terminal):
        console.width = WIDTH
    console.print(words.opening(history), markup=False, soft_wrap=True)
    for one in history.tasks.values():
        console.print(_table(one, history, rows or ROWS))
        for change in reversed(one.changes):
            console.print(f"{one.task}: {words.sentence(change)}", markup=False, soft_wrap=True)
        if not one.changes:
            console.print(words.unchanged(one), markup=False, soft_wrap=True)


def _table(one: TaskHistory, history: History, rows: int) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    several = len(one.series) > 1
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, leading=1)
    table.title = Text(f"{one.task} ({one.runs[-1].tasks[one.task].metric})", style="bold")
    table.title_justify = "left"
    table.add_column("Run", no_wrap=True, max_width=NAME)
    table.add_column("n", justify="right")
    for strategy in one.strategies:
        table.add_column(Text(strategy), justify="right", overflow="fold")
    found = words.marks(one)
    for run in one.runs[: -rows - 1 : -1]:
        n = f"{run.tasks[one.task].n}" + (f"\n{one.letter(run)}" if several else "")
        cells = [_cell(run, one.task, strategy, found) for strategy in one.strategies]
        table.add_row(Text(_about(run, history), overflow="ellipsis"), Text(n), *map(Text, cells))
    letters = " Letters tell the sets of questions apart; only equal ones are compared." if several else ""
    older = len(one.runs) - rows
    table.caption = (
        "Accuracy; dollars per query, one at a time; latency as a multiple of base's. "
        f"{words.UP}{words.DOWN} changed since the last comparable run.{letters}"
        + (f" {counted(older, 'older run')} stand in the page." if older > 0 else "")
    )
    table.caption_justify = "left"
    return table


def _about(run: Run, history: History) -> str:
    state = words.state(run, history, brief=True)
    machine = " ".join(_NOISE.sub("", words.computed_on(run)).replace(" ,", ",").split())
    lines = [
        f"{words.when(run.created)}  {words.commit(run)}",
        run.name,
        f"{_cut(words.model(run), MODEL)}  {machine}",
        *([f"({state})"] if state else []),
    ]
    return "\n".join(_cut(line, NAME) for line in lines)


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else f"{text[: size - 1]}…"


def _cell(run: Run, task: str, strategy: str, found: words.Marks) -> str:
    figures = run.tasks[task].strategies.get(strategy)
    if figures is None:
        return "–"
    told = (
        (ACCURACY, words.accuracy(figures)),
        (COST, words.cost(figures)),
        (LATENCY, words.ratio(figures, strategy)),
    )
    lines = []
    for figure, text in told:
        mark = words.arrow(found.get((run.name, strategy, figure)))
        lines.append(f"{mark} {text}" if mark else text)
    return "\n".join(lines)
