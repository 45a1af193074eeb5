"""report.md: the short form for a pull request or a ticket, as GitHub-flavoured Markdown.

Verdict, scoreboard, validity, and where everything else stands. Every text from outside is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from harness.analysis.evidence import Evidence
from harness.analysis.validity.check import Status, name_of
from harness.report import decisions, lights, numbers, opening
from harness.report.mdtext import escape, table
from harness.report.page.scoreboard import Board, Score, board
from harness.report.page.verdict import Verdict, verdicts

Figures = dict[str, Any]
WORTH_SAYING = (Status.FAIL, Status.WARN)
"""Checks whose finding the short form repeats."""


def render(run: Evidence, results: Figures, page: str | None) -> str:
    """The short form. `page`: where report.html lies, relative to this text, or None where it has not been made."""
    made = opening.command(results)
    lines = [f"# {escape(opening.TITLE)}", ""]
    for warning in opening.warnings(results):
        lines += [f"> **{escape(warning)}**", ""]
    told = verdicts(results)
    lines += ["## Verdict", "", *map(_verdict, told)]
    lines += ["", escape(" ".join(decisions.overall(results)))]
    lines += ["", "## Scoreboard", *_boards(results)]
    lines += ["", "## Is the race valid?", ""]
    for one in told:
        lines += _validity(one, results["tasks"][one.task]["validity"])
    lines += ["", "## What was run", ""]
    lines += [f"- {name}: {escape(value)}" for name, value in opening.what_was_run(run, results)]
    lines += [f"- Command: {escape(made)}"] if made else []
    lines += ["", _link(page)]
    return "\n".join(lines) + "\n"


def _verdict(one: Verdict) -> str:
    told = [
        name
        for name, _ in one.left_out
        if any(said.startswith(f"{name} is left out") for said in one.sentences)
    ]
    left_out = [f"{name} is left out: {why}" for name, why in one.left_out if name not in told]
    said = " ".join(map(escape, (*one.sentences, *left_out)))
    return f"- **{escape(one.task)}: {escape(one.headline)}.** {said}".rstrip()


def _boards(results: Figures) -> Iterator[str]:
    """The page's scoreboard of each task."""
    for task, figures in results["tasks"].items():
        found = board(figures)
        yield from ("", f"### {escape(task)}, {figures['n']} questions", "")
        headers = (
            "Strategy",
            f"Accuracy ({found.metric}, 95 % interval)",
            "Beside the leader",
            *found.headers,
        )
        yield from table(headers, map(_score, found.scores))
        yield from _notes(found)
        yield from _whole(figures["strategies"])


def _score(one: Score) -> tuple[str, ...]:
    apart = f" ({one.standing.interval})" if one.standing.interval else ""
    accuracy = f"{one.accuracy} ({one.interval})" if one.bar else one.accuracy
    name = f"{one.name} (control)" if one.control else one.name
    return (name, accuracy, f"{one.standing.text}{apart}", *one.cells)


def _notes(found: Board) -> Iterator[str]:
    if found.timed:
        yield from ("", found.timed)
    if found.absent:
        reasons = "; ".join(f"{escape(name)} ({escape(why)})" for name, why in found.absent)
        yield from ("", f"Not applicable: {reasons}.")


def _whole(blocks: Figures) -> Iterator[str]:
    """Figures of all answers together, such as a perplexity: the only ones of a task without an accuracy."""
    names = dict.fromkeys(name for block in blocks.values() for name in block.get("aggregates", ()))
    for metric in names:
        said = ", ".join(
            f"{escape(name)} {escape(numbers.plain(block.get('aggregates', {}).get(metric)))}"
            for name, block in blocks.items()
        )
        yield from ("", f"{escape(metric)} of all answers, without an interval: {said}.")


def _validity(one: Verdict, checks: Sequence[Figures]) -> Iterator[str]:
    """How many checks of a task ended how; under it those that a reader must know of."""
    said = "; ".join(f"{light.mark} {light.text}" for light in one.lights) or "no check applies"
    yield f"- **{escape(one.task)}**: {escape(said)}."
    for status in WORTH_SAYING:
        for check in checks:
            if check["status"] == status:
                mark = lights.STATUSES[status].split(" ")[0]
                yield f"  - {mark} {escape(name_of(check))}: {escape(check['detail'])}"


def _link(page: str | None) -> str:
    rest = "every figure, the pictures, each question with its answers, and how to read all this"
    if page is None:
        return f"`harness report RUN` writes report.html into the run's folder: {rest}."
    return f"[report.html]({quote(page)}): {rest}."
