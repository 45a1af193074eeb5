"""The results for a terminal: a table with one row per system and one column per task, then one verdict per task."""

from __future__ import annotations

import sys
import textwrap
from typing import IO, TYPE_CHECKING, cast

from harness.analysis.results.run import RunResult, SystemResult, TaskResult
from harness.process import AsIs
from harness.report import decisions, opening, overview, per_query, scoreboard, view
from harness.report.numbers import estimate, percentile
from harness.report.plain import ANY_WIDTH
from harness.report.view import as_text, visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

LONGEST_NAME = 32
"""Characters of a task's name on one line, where there are so many tasks that they stand below each other."""


def print_results(results: RunResult, file: IO[str] | None = None, width: int | None = None) -> None:
    """Print accuracy, p50 latency and cost per query of every system and task (to standard output)."""
    from rich.console import Console

    console = Console(file=file or cast(IO[str], AsIs(sys.stdout)), width=width, highlight=False)
    for text in opening.warnings(results):
        console.print(visible(text), style="bold yellow", markup=False, soft_wrap=True)
    shown = overview.board(results)
    if not overview.many(results):
        console.print(_table(results))
    if shown:
        console.print(_board(shown, console))
        console.print(overview.title(results), markup=False, soft_wrap=True)
    for name, task in results.tasks.items():
        if metrics := task.decision.other_metrics.text:
            console.print(visible(f"{name}, by other metrics: {metrics}"), markup=False, soft_wrap=True)
    for line, task in zip(decisions.lines(results), results.tasks.values(), strict=True):
        console.print(visible(line), markup=False, soft_wrap=True)
        for step in () if overview.many(results) else task.decision.next_steps:
            console.print(visible(f"  next: {step.in_words}"), markup=False, soft_wrap=True)


def _board(shown: view.Table, console: Console) -> Table:
    """All tasks below each other, as a terminal is higher than wide. Where words would have to be broken, the decisions
    are left to the sentences that follow."""
    whole = _below_each_other(shown)
    needed = console.measure(whole, options=console.options.update(width=ANY_WIDTH)).minimum
    return whole if needed <= console.width else _below_each_other(view.without(shown, overview.DECISION))


def _below_each_other(shown: view.Table) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_lines=False, pad_edge=False)
    for place, header in enumerate(shown.headers):
        table.add_column(_text(header), overflow="fold", no_wrap=place == 0)
    for name, *cells in shown.rows:
        table.add_row(_text("\n".join(textwrap.wrap(as_text(name), LONGEST_NAME))), *map(_text, cells))
    return table


def _table(results: RunResult) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_lines=False, pad_edge=False)
    table.add_column("Strategy", no_wrap=True)
    tasks = results.tasks.values()
    for task in tasks:
        table.add_column(_text(f"{task.name}\n{task.metric}, n={task.n}"))
    rows = {name: row for task in tasks for name, row in task.strategies.items()}
    for system, row in rows.items():
        table.add_row(_text(row.label), *(_text(_cell(task, system)) for task in tasks))
    if any(task.baselines for task in tasks):
        table.add_row("constant reply", *(_text(_constant(task)) for task in tasks))
    table.caption = _caption(results)
    return table


def _caption(results: RunResult) -> str:
    """What the figures of a cell are, in their order: those that stand in some cell."""
    tasks = results.tasks.values()
    rows = [row for task in tasks for row in task.strategies.values()]
    basis = next(filter(None, map(per_query.basis, tasks)), "one at a time")
    figures = (
        "accuracy (95 % interval)",
        "p50 latency" if any(map(_latency, rows)) else "",
        f"dollars per 1,000 queries, {basis}" if any(map(_cost, rows)) else "",
    )
    return " · ".join(filter(None, figures))


def _text(text: view.Text) -> Text:
    """Text in which nothing is markup, and nothing acts on the terminal."""
    from rich.text import Text

    return Text(visible(as_text(text)))


def _constant(task: TaskResult) -> str:
    """The best trivial baseline, which is no strategy."""
    best = task.best_baseline
    return f"{estimate(best.estimate)}\n{best.label}" if best else "–"


def _cell(task: TaskResult, system: str) -> str:
    row = task.strategies.get(system)
    if row is None:
        return "not applicable" if system in task.not_applicable else "–"
    under = " · ".join(filter(None, (_latency(row), _cost(row))))
    return "\n".join(filter(None, (estimate(row.accuracy), scoreboard.filters(row), under)))


def _latency(row: SystemResult) -> str:
    """Nothing where no question was timed; where they were too few, how many."""
    return percentile(row.latency_s, "p50") if row.latency_s.n else ""


def _cost(row: SystemResult) -> str:
    """Nothing where it is not known."""
    return "" if row.cost.per_query_usd is None else per_query.per_thousand(row)
