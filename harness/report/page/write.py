"""A run, its scores and its results → report.html."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.analysis.evidence import Evidence
from harness.analysis.results import Scores
from harness.report import words
from harness.report.document import document
from harness.report.page import assets, questions, scoreboard, verdict
from harness.report.page.text import as_json, visible
from harness.report.pictures.gallery import gallery
from harness.report.view import Bullets, Curve, Details, Section, Table

TEMPLATES = Path(__file__).with_name("templates")
SHOWN_ELSEWHERE = ("Is the race valid?", "Recommendation", "What these numbers mean", "Limits")
"""Sections of the document that the page shows in its own form."""
_KINDS = {str: "text", Table: "table", Bullets: "bullets", Curve: "curve", Details: "details"}


def render(run: Evidence, scores: Scores, results: dict[str, Any]) -> str:
    """The whole page. A fault in a template raises: nothing is left blank silently."""
    script = assets.data_tables() + assets.own("page.js")
    said = document(results)
    tables, general = folds(said.sections, tuple(results["tasks"]))
    rooms = {room.task: room for room in gallery(results, run.timings)}
    html: str = _template().render(
        title=said.title,
        warnings=said.warnings,
        command=dict(said.facts).get("Command", ""),
        policy=assets.policy([script]),
        style=assets.own("page.css"),
        script=script,
        verdicts=verdict.verdicts(results),
        facts=verdict.what_was_run(results, _corpora(run, results)),
        boards={task: scoreboard.board(block) for task, block in results["tasks"].items()},
        tables=tables,
        rooms=rooms,
        data=as_json(questions.questions(run, scores)),
        meaning=words.MEANING,
        limits=words.LIMITS,
        general=general,
    )
    return html


def folds(
    sections: Sequence[Section], tasks: Sequence[str]
) -> tuple[dict[str, list[Section]], list[Section]]:
    """The document's sections by the task whose heading they stand under, and those of the run as a whole."""
    by_task: dict[str, list[Section]] = {task: [] for task in tasks}
    general: list[Section] = []
    headings = {f"Task {task}": task for task in tasks}
    under: str | None = None
    for part in sections:
        if part.level == 2:
            under = headings.get(part.title)
        if under is not None:
            by_task[under].append(part)
        elif part.title not in SHOWN_ELSEWHERE:
            general.append(part)
    return by_task, general


def _corpora(run: Evidence, results: Mapping[str, Any]) -> dict[str, str]:
    """Task → its corpus, as the task file names it, of the tasks that have one."""
    named = {task: run.spec(task).get("corpus") for task in results["tasks"]}
    return {task: str(place) for task, place in named.items() if place}


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
