"""The results for a terminal: a table with a row a strategy and a column a task, then one verdict a task."""

from __future__ import annotations

from typing import IO, Any

from harness.quantities import counted
from harness.report import decisions, numbers, prices


def print_results(results: dict[str, Any], file: IO[str] | None = None, width: int | None = None) -> None:
    """Print accuracy, p50 latency and cost per query of every strategy and task (to standard output)."""
    from rich.console import Console

    console = Console(file=file, width=width, highlight=False)
    if results["quick"]:
        console.print("Quick run: not fit for decisions.", style="bold yellow", markup=False)
    if results["incomplete"]:
        status, missing = results["status"] or "unknown", results["missing_answers"]
        text = f"Not complete (status: {status}, {counted(missing, 'answer')} missing)."
        console.print(text, style="bold yellow", markup=False)
    for text in prices.warnings(results):
        console.print(text, style="bold yellow", markup=False, soft_wrap=True)
    console.print(_table(results))
    for verdict in decisions.lines(results):
        console.print(verdict, markup=False, soft_wrap=True)


def _table(results: dict[str, Any]) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    tasks = results["tasks"]
    table = Table(box=box.SIMPLE_HEAD, show_lines=False, pad_edge=False)
    table.add_column("Strategy", no_wrap=True)
    for name, task in tasks.items():
        table.add_column(Text(f"{name}\n{numbers.metric_of(task)}, n={task['n']}"))
    for strategy in dict.fromkeys(name for task in tasks.values() for name in task["strategies"]):
        cells = [Text(_cell(task, strategy)) for task in tasks.values()]
        table.add_row(Text(strategy), *cells)
    table.caption = "accuracy (95 % interval) · p50 latency · dollars per query, one at a time"
    return table


def _cell(task: dict[str, Any], strategy: str) -> str:
    block = task["strategies"].get(strategy)
    if block is None:
        return "not applicable" if strategy in task["not_applicable"] else "–"
    lines = [numbers.estimate(block["accuracy"])]
    if block["latency_s"]["n"]:
        price = numbers.dollars(block["cost"]["per_query_usd"])
        lines.append(f"{numbers.percentile(block['latency_s'], 'p50')} · {price}")
    return "\n".join(lines)
