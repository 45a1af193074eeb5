"""What a report says of one task's money."""

from __future__ import annotations

from harness.analysis.results.money import Components, Cost
from harness.analysis.results.run import SystemResult, TaskResult
from harness.quantities import dollars
from harness.report.monthly import break_even, sentences, totals, totals_lead
from harness.report.per_query import or_why, queries_lead, queries_table
from harness.report.projections import PROJECTED, projections
from harness.report.view import Block, Bullets, Columns, Table, led, table_of


def task_blocks(task: TaskResult) -> list[Block]:
    """Everything about one task's money that is known, in the order in which it is asked for."""
    blocks = [
        *led(queries_lead(task), queries_table(task)),
        *led("What is paid once, at each change of knowledge, and for storage:", once(task)),
        *led(totals_lead(task), totals(task)),
        *led(
            "From how many queries a month on the first costs less in all than the second:", break_even(task)
        ),
        Bullets(sentences(task)),
        *led(PROJECTED, projections(task)),
    ]
    return [block for block in blocks if block]


def once(task: TaskResult) -> Table:
    """One-off cost with its terms, refresh and storage. Nothing where all pay for their prompt and evaluation alone."""
    rows = [row for row in task.strategies.values() if row.cost.components.evaluation_usd is not None]
    return table_of(
        rows if any(_apart(row.cost.components) for row in rows) else [],
        ("Strategy", lambda row: row.system.name),
        ("One-off cost", lambda row: or_why(row.cost.fixed_usd, row.cost.fixed_reason)),
        ("Engineer, prompt", lambda row: _term(row.cost.components.prompt_people_usd)),
        *(SERVED if any(row.cost.components.upfront_usd is not None for row in rows) else ()),
        ("Engineer, retrieval", lambda row: _term(row.cost.components.retrieval_people_usd)),
        ("Index", lambda row: _term(row.cost.components.index_usd)),
        ("Tuning cycles", lambda row: str(row.cost.assumptions.tuning_cycles or "–")),
        *(SEARCH if any(row.cost.components.tuning_usd is not None for row in rows) else ()),
        ("Training, a cycle", lambda row: _term(row.cost.components.training_usd)),
        ("Engineer, a cycle", lambda row: _term(row.cost.components.labour_usd)),
        ("Labels", lambda row: _term(row.cost.components.labels_usd)),
        ("Evaluation", lambda row: _term(row.cost.components.evaluation_usd)),
        ("Each change of knowledge", lambda row: dollars(row.cost.refresh_usd)),
        ("Storage a month", lambda row: _storage(row.cost)),
    )


SEARCH: Columns[SystemResult] = (("Search for settings", lambda row: _term(row.cost.components.tuning_usd)),)
SERVED: Columns[SystemResult] = (
    ("Adapter, as declared", lambda row: _term(row.cost.components.upfront_usd)),
)
"""Where a server holds an adapter: what it cost whoever made it."""


def _apart(parts: Components) -> bool:
    """Whether anything is paid once besides the prompt and its evaluation."""
    terms = (
        parts.training_usd, parts.labour_usd, parts.index_usd, parts.retrieval_people_usd, parts.upfront_usd,
    )  # fmt: skip
    return any(term is not None for term in terms)


def _term(usd: float | None) -> str:
    return "–" if usd is None else dollars(usd)


def _storage(cost: Cost) -> str:
    if cost.assumptions.stored_gb:
        return dollars(cost.storage_usd_per_month)
    stores = cost.components.index_usd is not None or cost.components.training_usd is not None
    return "not recorded" if stores else "–"
