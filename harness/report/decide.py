"""What `decide` prints: the decision of each task at the user's setting, as text or as one JSON document."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from harness.analysis.again import Again
from harness.analysis.decision.requirements.table import required
from harness.analysis.results.decision import Decision
from harness.analysis.results.money import PriceFacts, Projection
from harness.analysis.results.run import Summary
from harness.analysis.results.turns import Turned
from harness.report import decisions, plain, prices
from harness.report.projections import PROJECTED, projections
from harness.report.view import Block, Bullets, led


@dataclass(frozen=True, slots=True)
class TaskDecision:
    """One task's decision with what its tokens would cost on hosted models, by system."""

    n: int
    primary_metric: str | None
    probes: str | None
    decision: Decision
    projections: dict[str, tuple[Projection, ...]]


@dataclass(frozen=True, slots=True)
class Document:
    """The decision part of results.json, and what it needs to be read alone."""

    schema_version: int
    run_id: str
    requirements: dict[str, int | float | str | bool | None]
    prices: PriceFacts
    turned: dict[str, Turned]
    summary: Summary
    tasks: dict[str, TaskDecision]


def document(again: Again) -> Document:
    results = again.results
    tasks = {
        name: TaskDecision(
            task.n,
            task.primary_metric,
            task.probes,
            task.decision,
            {system: row.cost.projections for system, row in task.strategies.items()},
        )
        for name, task in results.tasks.items()
    }
    return Document(
        results.schema_version,
        results.run_id,
        results.requirements,
        results.prices,
        again.turned,
        results.summary,
        tasks,
    )


def text(again: Again, run: PurePath) -> str:
    """What turned against the run's own setting, all verdicts; then each task's reasons and what would change it."""
    results = decisions.at_run(again.results, run)
    parts: list[Block] = [
        *prices.warnings(results),
        Bullets(tuple(turned.text for turned in again.turned.values() if turned.changed)),
        required(results.requirements).in_words,
        Bullets(decisions.lines(results)),
    ]
    for name, task in results.tasks.items():
        parts += [f"== {name} ==", *decisions.grounds(task.decision)]
        if (projected := projections(task)).rows:  # where hosted models were asked for
            parts += [PROJECTED, projected]
    parts += led("Over all tasks:", Bullets(results.summary.sentences))
    return plain.render(parts).strip()
