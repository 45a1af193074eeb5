"""A run, its scores and its results → report.html."""

from __future__ import annotations

from harness.analysis.accuracy import Scores
from harness.analysis.evidence import Evidence
from harness.analysis.results.run import RunResult
from harness.quantities import percent
from harness.report import (
    decisions,
    document,
    glance,
    legend,
    notes,
    opening,
    overview,
    scoreboard,
    tables,
    validity,
)
from harness.report.numbers import ends
from harness.report.page import assets, questions, whatif
from harness.report.pictures import gallery
from harness.report.pictures.plot import draw
from harness.spec.strategy import meanings

SCRIPTS = ("page.js", "whatif.js", "whatif_page.js")
"""The page's own, in one module with the table component, under one hash."""


def render(run: Evidence, scores: Scores, results: RunResult, refresh: int | None = None) -> str:
    """The whole page; `refresh`: after how many seconds a browser reads it again.

    A fault in a template raises: nothing is left blank silently.
    """
    script = assets.data_tables() + "".join(map(assets.own, SCRIPTS))
    facts = whatif.whatif(results)
    tasks = tuple(results.tasks.values())
    judged = tuple(task for task in tasks if not task.is_guard) or tasks
    html: str = assets.template("page.html.j2").render(
        title=opening.TITLE,
        refresh=refresh,
        policy=assets.policy([script]),
        style=assets.own("page.css"),
        script=script,
        results=results,
        tasks=tasks,
        judged=judged,
        ordered=(*judged, *(task for task in tasks if task not in judged)),
        pictures={name: gallery.plots(view) for name, view in gallery.views(results, run.timings).items()},
        draw=draw,
        whatif=facts,
        terms=assets.as_json(facts),
        data=assets.as_json(questions.questions(run, scores, results)),
        gallery=gallery,
        glance=glance,
        legend=legend,
        opening=opening,
        decisions=decisions,
        validity=validity,
        scoreboard=scoreboard,
        notes=notes,
        percent=percent,
        ends=ends,
        document=document,
        tables=tables,
        overview=overview,
        strategies=meanings(row.system.strategy for row in results.systems),
    )
    return html
