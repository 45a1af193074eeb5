"""A run, its scores and its results → report.html."""

from __future__ import annotations

from dataclasses import dataclass

from harness.analysis.accuracy import Scores
from harness.analysis.evidence import Evidence
from harness.analysis.results.decision import Decision
from harness.analysis.results.run import RunResult
from harness.report import decisions, opening, validity, words
from harness.report.document import document
from harness.report.page import assets, questions, whatif
from harness.report.page.template import as_json, template
from harness.report.pictures.gallery import TaskPictures, gallery
from harness.report.scoreboard import Board, board_of
from harness.report.view import Section, Table

SCRIPTS = ("page.js", "whatif.js", "whatif_page.js")
"""The page's own, in one module with the table component, under one hash."""


@dataclass(frozen=True, slots=True)
class PageTask:
    """A task as the template shows it. `change`: what would change the decision, a sentence an input."""

    name: str
    about: str
    decision: Decision
    mark: str
    change: tuple[str, ...]
    counts: tuple[validity.Count, ...]
    checks: Table
    board: Board
    tables: tuple[Section, ...]
    pictures: TaskPictures


def render(run: Evidence, scores: Scores, results: RunResult) -> str:
    """The whole page. A fault in a template raises: nothing is left blank silently."""
    script = assets.data_tables() + "".join(map(assets.own, SCRIPTS))
    tables, facts = document(results), whatif.whatif(results)
    pictures = {drawn.task: drawn for drawn in gallery(results, run.timings)}
    tasks = [
        PageTask(
            name=name,
            about=opening.about(task),
            decision=task.decision,
            mark=decisions.MARKS[task.decision.status],
            change=decisions.changes(task.decision),
            counts=validity.counts(task.validity),
            checks=validity.table(task.validity),
            board=board_of(task),
            tables=tables.tasks[name],
            pictures=pictures[name],
        )
        for name, task in results.tasks.items()
    ]
    html: str = template("page.html.j2").render(
        title=opening.TITLE,
        warnings=opening.warnings(results),
        command=results.command,
        policy=assets.policy([script]),
        style=assets.own("page.css"),
        script=script,
        tasks=tasks,
        in_front=decisions.IN_FRONT,
        overall=decisions.overall(results),
        facts=opening.what_was_run(results),
        whatif=facts,
        terms=as_json(facts),
        data=as_json(questions.questions(run, scores, results)),
        meaning=words.meaning(results),
        limits=words.LIMITS,
        general=tables.general,
    )
    return html
