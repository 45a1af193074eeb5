"""A run, its scores and its results → report.html."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.analysis.evidence import Evidence
from harness.analysis.results import Scores
from harness.report import decisions, opening, words
from harness.report.document import document
from harness.report.page import assets, questions, scoreboard, verdict, whatif
from harness.report.page.text import as_json, visible
from harness.report.pictures.gallery import gallery
from harness.report.view import Bullets, Table

TEMPLATES = Path(__file__).with_name("templates")
SCRIPTS = ("page.js", "whatif.js", "whatif_page.js")
"""The page's own, in one module with the table component, under one hash."""
_KINDS = {str: "text", Table: "table", Bullets: "bullets"}


def render(run: Evidence, scores: Scores, results: dict[str, Any]) -> str:
    """The whole page. A fault in a template raises: nothing is left blank silently."""
    script = assets.data_tables() + "".join(map(assets.own, SCRIPTS))
    wondered = whatif.whatif(run, scores, results)
    said = document(results)
    rooms = {room.task: room for room in gallery(results, run.timings)}
    html: str = _template().render(
        title=opening.TITLE,
        warnings=opening.warnings(results),
        command=opening.command(results),
        policy=assets.policy([script]),
        style=assets.own("page.css"),
        script=script,
        verdicts=verdict.verdicts(results),
        overall=decisions.overall(results),
        facts=opening.what_was_run(run, results),
        boards={task: scoreboard.board(block) for task, block in results["tasks"].items()},
        tables=said.tasks,
        rooms=rooms,
        fields=whatif.fields(wondered),
        percentiles=tuple(wondered["percentiles"]),
        hosted=whatif.any_hosted(wondered),
        terms=as_json(wondered),
        data=as_json(questions.questions(run, scores)),
        meaning=words.MEANING,
        limits=words.LIMITS,
        general=said.general,
    )
    return html


def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    environment.filters["kind"] = lambda block: _KINDS[type(block)]
    return environment.get_template("page.html.j2")
