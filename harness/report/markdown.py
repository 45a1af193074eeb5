"""report.md: the short form for a pull request or a ticket, as GitHub-flavoured Markdown.

Verdict, scoreboard, validity, and where everything else stands. Every text from outside is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from harness.analysis.results.checks import Status
from harness.analysis.results.run import RunResult, SystemResult, TaskResult
from harness.quantities import counted
from harness.report import decisions, labels, notes, opening, overview, scoreboard, validity
from harness.report.mdtext import escape, inline, table
from harness.report.numbers import estimate, figure


def render(results: RunResult, page: str | None) -> str:
    """The short form. `page`: where report.html lies, relative to this text, or None where it has not been made."""
    lines = [f"# {escape(opening.TITLE)}", ""]
    for warning in opening.warnings(results):
        lines += [f"> **{escape(warning)}**", ""]
    lines += ["## Verdict", ""]
    for name, task in results.tasks.items():
        lines += _verdict(name, task, brief=overview.many(results))
    lines += ["", escape(" ".join(decisions.overall(results)))]
    lines += ["", "## Scoreboard", *_overview(results), *_boards(results)]
    lines += ["", "## Is the comparison valid?", ""]
    for name, task in results.tasks.items():
        lines += _validity(name, task)
    lines += ["", "## What was run", ""]
    lines += [f"- {name}: {escape(value)}" for name, value in opening.what_was_run(results)]
    lines += [f"- Command: {escape(results.command)}"] if results.command else []
    lines += ["", _link(page)]
    return "\n".join(lines) + "\n"


def _verdict(name: str, task: TaskResult, *, brief: bool) -> Iterator[str]:
    """What to do; unless `brief`, how sure it is, what would change it, and what to do next."""
    decision = task.decision
    if brief:
        yield f"- {escape(name)}: {escape(decision.headline)}"
        return
    beside = [f"{title}: {sentence}" for title, sentence in decisions.beside(decision)]
    left_out = [decision.left_out(system) for system in decision.excluded]
    text = " ".join(map(escape, [*beside, *left_out]))
    yield f"- **{escape(name)}: {escape(decision.headline)}** {text}".rstrip()
    for step in decision.next_steps:
        yield f"  - Next: {inline(step)}"


def _overview(results: RunResult) -> Iterator[str]:
    """All tasks in one table, where there are many or some are in a group."""
    if board := overview.board(results):
        yield from ("", overview.title(results), "", *table(board.headers, board.rows))


def _boards(results: RunResult) -> Iterator[str]:
    """The page's scoreboard of each task, folded away where there are many."""
    many = overview.many(results)
    for note in notes.common(results):
        yield from ("", inline(note))
    for name, task in results.tasks.items():
        title = f"{escape(name)}, {counted(task.n, 'question')}"
        yield from ("", f"<details><summary>{title}</summary>" if many else f"### {title}", "")
        accuracy = f"Accuracy ({task.metric}, 95 % interval)"
        columns = scoreboard.columns(task)
        rows = [
            (row.label, _accuracy(row), _standing(task, name), *scoreboard.cells(task, row))
            for name, row in task.strategies.items()
        ]
        rows += [
            (row.label, estimate(row.estimate), scoreboard.CONSTANT, *("–" for _ in columns))
            for row in task.baselines
        ]
        headers = (column.header for column in columns)
        yield from table(("Strategy", accuracy, "Beside the leader", *headers), rows)
        yield from _notes(results, task)
        if many:
            yield from ("", "</details>")


def _accuracy(row: SystemResult) -> str:
    filters = scoreboard.filters(row)
    return f"{estimate(row.accuracy)}; {filters}" if filters else estimate(row.accuracy)


def _standing(task: TaskResult, name: str) -> str:
    _, text, interval = scoreboard.standing(task, name)
    return f"{text} ({interval})" if interval else text


def _notes(results: RunResult, task: TaskResult) -> Iterator[str]:
    """What the figures rest on, systems without any, and figures of all answers together (as a perplexity)."""
    for note in notes.notes(results, task):
        yield from ("", inline(note))
    if confused := labels.compact(task):
        yield from ("", *table(confused.headers, confused.rows))
    if absent := notes.absent(task):
        yield from ("", "Not applicable:", "")
        for row in absent:
            yield f"- {' '.join(inline(part) for part in (row.says, row.step) if part)}"
    for metric in task.aggregates:
        values = (f"{name} {figure(row.aggregates.get(metric))}" for name, row in task.strategies.items())
        yield from ("", escape(f"{metric} of all answers, without an interval: {', '.join(values)}."))


def _validity(name: str, task: TaskResult) -> Iterator[str]:
    """How many checks of a task ended how; under it those that failed or warn."""
    counts = "; ".join(f"{count.mark} {count.text}" for count in validity.counts(task.validity))
    yield f"- **{escape(name)}**: {escape(counts or 'no check applies')}."
    for status in (Status.FAIL, Status.WARN):
        for check in task.validity:
            if check.status == status:
                remedy = f" {inline(check.remedy)}" if check.remedy else ""
                yield f"  - {validity.mark(status)} {escape(check.title)}: {escape(check.detail)}{remedy}"


def _link(page: str | None) -> str:
    rest = "every figure, the pictures, each question with its answers, and how to read all this"
    if page is None:
        return f"`harness report RUN` writes report.html into the run's folder: {rest}."
    return f"[report.html]({quote(page)}): {rest}."
