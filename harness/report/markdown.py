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
from harness.report.page.verdict import Verdict, verdicts
from harness.report.scoreboard import Board, Score, board


def render(results: RunResult, page: str | None) -> str:
    """The short form. `page`: where report.html lies, relative to this text, or None where it has not been made."""
    found = verdicts(results)
    lines = [f"# {escape(opening.TITLE)}", ""]
    for warning in opening.warnings(results):
        lines += [f"> **{escape(warning)}**", ""]
    lines += ["## Verdict", "", *map(_verdict, found)]
    lines += ["", escape(" ".join(decisions.overall(results)))]
    lines += ["", "## Scoreboard", *_boards(results)]
    lines += ["", "## Is the comparison valid?", ""]
    for verdict in found:
        lines += _validity(verdict, results.tasks[verdict.task])
    lines += ["", "## What was run", ""]
    lines += [f"- {name}: {escape(value)}" for name, value in opening.what_was_run(results)]
    lines += [f"- Command: {escape(results.command)}"] if results.command else []
    lines += ["", _link(page)]
    return "\n".join(lines) + "\n"


def _verdict(verdict: Verdict) -> str:
    known = [
        name
        for name, _ in verdict.left_out
        if any(sentence.startswith(f"{name} is left out") for sentence in verdict.sentences)
    ]
    left_out = [f"{name} is left out: {why}" for name, why in verdict.left_out if name not in known]
    text = " ".join(map(escape, (*verdict.sentences, *left_out)))
    return f"- **{escape(verdict.task)}: {escape(verdict.headline)}.** {text}".rstrip()


def _boards(results: RunResult) -> Iterator[str]:
    """The page's scoreboard of each task."""
    for name, task in results.tasks.items():
        found = board(task)
        yield from ("", f"### {escape(name)}, {task.n} questions", "")
        headers = (
            "Strategy",
            f"Accuracy ({found.metric}, 95 % interval)",
            "Beside the leader",
            *found.headers,
        )
        yield from table(headers, map(_score, found.scores.values()))
        yield from _notes(found)
        yield from _aggregates(task)


def _score(score: Score) -> tuple[str, ...]:
    apart = f" ({score.standing.interval})" if score.standing.interval else ""
    accuracy = f"{score.accuracy} ({score.interval})" if score.interval else score.accuracy
    name = f"{score.name} (control)" if score.control else score.name
    return (name, accuracy, f"{score.standing.text}{apart}", *score.cells)


def _notes(found: Board) -> Iterator[str]:
    if found.timed:
        yield from ("", found.timed)
    if found.absent:
        reasons = "; ".join(f"{escape(name)} ({escape(why)})" for name, why in found.absent.items())
        yield from ("", f"Not applicable: {reasons}.")


def _aggregates(task: TaskResult) -> Iterator[str]:
    """Figures of all answers together, such as a perplexity: the only ones of a task without an accuracy."""
    for metric in task.aggregates:
        values = ((name, figure(row.aggregates.get(metric))) for name, row in task.strategies.items())
        listed = ", ".join(f"{escape(name)} {escape(value)}" for name, value in values)
        yield from ("", f"{escape(metric)} of all answers, without an interval: {listed}.")


def _validity(verdict: Verdict, task: TaskResult) -> Iterator[str]:
    """How many checks of a task ended how; under it those that failed or warn."""
    counts = "; ".join(f"{light.mark} {light.text}" for light in verdict.lights) or "no check applies"
    yield f"- **{escape(verdict.task)}**: {escape(counts)}."
    for status in (Status.FAIL, Status.WARN):
        for check in task.validity:
            if check.status == status:
                name = escape(check.title)
                yield f"  - {validity.mark(status)} {name}: {escape(check.detail)}"


def _link(page: str | None) -> str:
    rest = "every figure, the pictures, each question with its answers, and how to read all this"
    if page is None:
        return f"`harness report RUN` writes report.html into the run's folder: {rest}."
    return f"[report.html]({quote(page)}): {rest}."
