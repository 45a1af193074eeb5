"""report.md: the short form for a pull request or a ticket, as GitHub-flavoured Markdown.

Verdict, scoreboard, validity, and where everything else stands. Every text from outside is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from harness.analysis.results.figures import Status
from harness.analysis.results.run import RunResult, TaskResult
from harness.report import decisions, opening, validity
from harness.report.mdtext import escape, table
from harness.report.numbers import figure
from harness.report.scoreboard import Board, Score, board_of


def render(results: RunResult, page: str | None) -> str:
    """The short form. `page`: where report.html lies, relative to this text, or None where it has not been made."""
    lines = [f"# {escape(opening.TITLE)}", ""]
    for warning in opening.warnings(results):
        lines += [f"> **{escape(warning)}**", ""]
    lines += ["## Verdict", "", *(_verdict(name, task) for name, task in results.tasks.items())]
    lines += ["", escape(" ".join(decisions.overall(results)))]
    lines += ["", "## Scoreboard", *_boards(results)]
    lines += ["", "## Is the comparison valid?", ""]
    for name, task in results.tasks.items():
        lines += _validity(name, task)
    lines += ["", "## What was run", ""]
    lines += [f"- {name}: {escape(value)}" for name, value in opening.what_was_run(results)]
    lines += [f"- Command: {escape(results.command)}"] if results.command else []
    lines += ["", _link(page)]
    return "\n".join(lines) + "\n"


def _verdict(name: str, task: TaskResult) -> str:
    decision = task.decision
    sentences = [reason.text for reason in decision.reasons[: decisions.IN_FRONT]]
    left_out = [decision.left_out(system) for system in decision.excluded]
    text = " ".join(map(escape, dict.fromkeys([*sentences, *left_out])))
    return f"- **{escape(name)}: {escape(decision.headline)}.** {text}".rstrip()


def _boards(results: RunResult) -> Iterator[str]:
    """The page's scoreboard of each task."""
    for name, task in results.tasks.items():
        board = board_of(task)
        yield from ("", f"### {escape(name)}, {task.n} questions", "")
        headers = (
            "Strategy",
            f"Accuracy ({board.metric}, 95 % interval)",
            "Beside the leader",
            *board.headers,
        )
        yield from table(headers, map(_score, board.scores.values()))
        yield from _notes(board)
        yield from _aggregates(task)


def _score(score: Score) -> tuple[str, ...]:
    apart = f" ({score.standing.interval})" if score.standing.interval else ""
    accuracy = f"{score.accuracy} ({score.interval})" if score.interval else score.accuracy
    name = f"{score.name} (control)" if score.control else score.name
    return (name, accuracy, f"{score.standing.text}{apart}", *score.cells)


def _notes(board: Board) -> Iterator[str]:
    if board.timed:
        yield from ("", board.timed)
    if board.absent:
        reasons = "; ".join(f"{escape(name)} ({escape(why)})" for name, why in board.absent.items())
        yield from ("", f"Not applicable: {reasons}.")


def _aggregates(task: TaskResult) -> Iterator[str]:
    """Figures of all answers together, such as a perplexity: the only ones of a task without an accuracy."""
    for metric in task.aggregates:
        values = ((name, figure(row.aggregates.get(metric))) for name, row in task.strategies.items())
        listed = ", ".join(f"{escape(name)} {escape(value)}" for name, value in values)
        yield from ("", f"{escape(metric)} of all answers, without an interval: {listed}.")


def _validity(name: str, task: TaskResult) -> Iterator[str]:
    """How many checks of a task ended how; under it those that failed or warn."""
    counts = "; ".join(f"{count.mark} {count.text}" for count in validity.counts(task.validity))
    yield f"- **{escape(name)}**: {escape(counts or 'no check applies')}."
    for status in (Status.FAIL, Status.WARN):
        for check in task.validity:
            if check.status == status:
                yield f"  - {validity.mark(status)} {escape(check.title)}: {escape(check.detail)}"


def _link(page: str | None) -> str:
    rest = "every figure, the pictures, each question with its answers, and how to read all this"
    if page is None:
        return f"`harness report RUN` writes report.html into the run's folder: {rest}."
    return f"[report.html]({quote(page)}): {rest}."
