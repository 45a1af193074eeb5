"""A run, its scores and its results → report.html."""

from __future__ import annotations

from harness.analysis.derive import Scores
from harness.analysis.evidence import Evidence
from harness.analysis.results.run import RunResult
from harness.report import decisions, opening, scoreboard, words
from harness.report.document import document
from harness.report.page import assets, questions, verdict, whatif
from harness.report.page.template import as_json, template
from harness.report.pictures.gallery import gallery

SCRIPTS = ("page.js", "whatif.js", "whatif_page.js")
"""The page's own, in one module with the table component, under one hash."""


def render(run: Evidence, scores: Scores, results: RunResult) -> str:
    """The whole page. A fault in a template raises: nothing is left blank silently."""
    script = assets.data_tables() + "".join(map(assets.own, SCRIPTS))
    facts = whatif.whatif(results)
    tables = document(results)
    rooms = {room.task: room for room in gallery(results, run.timings)}
    html: str = template("page.html.j2").render(
        title=opening.TITLE,
        warnings=opening.warnings(results),
        command=results.command,
        policy=assets.policy([script]),
        style=assets.own("page.css"),
        script=script,
        verdicts=verdict.verdicts(results),
        overall=decisions.overall(results),
        facts=opening.what_was_run(results),
        boards={task: scoreboard.board(figures) for task, figures in results.tasks.items()},
        tables=tables.tasks,
        rooms=rooms,
        whatif=facts,
        terms=as_json(facts),
        data=as_json(questions.questions(run, scores, results)),
        meaning=words.meaning(results),
        limits=words.LIMITS,
        general=tables.general,
    )
    return html
