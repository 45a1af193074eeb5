"""The system messages that were proposed, and those that were taken."""

from __future__ import annotations

from harness.analysis.results.run import TaskResult
from harness.quantities import counted, dollars
from harness.records import ProposalRow
from harness.report.view import Block, Bullets, Columns, Table, table_of

LEAD = (
    "{} proposed by a model from training questions with their right replies; dev questions choose among them and the "
    "task's own. A fine-tune is trained on the task's own message."
)


def blocks(task: TaskResult) -> list[Block]:
    """Nothing where none were proposed."""
    if not task.effort.proposals:
        return []
    taken = {
        name: row.system.instructions.system
        for name, row in task.deployable.items()
        if row.system.instructions
    }
    own = Bullets(tuple(f"{name} is asked with: {text}" for name, text in taken.items()))
    kept = own or "Every strategy keeps the task's own message."
    return [LEAD.format(counted(len(task.effort.proposals), "system message")), kept, proposals(task)]


def proposals(task: TaskResult) -> Table:
    rows = task.effort.proposals
    return table_of(
        rows,
        ("Message", lambda row: row.text or "–"),
        (
            "Proposed by",
            lambda row: row.proposer if row.model is None else f"{row.proposer}, for {row.model}",
        ),
        *(PAID if any(row.usd is not None for row in rows) else ()),
        ("Not tried, as", lambda row: row.dropped or "–"),
    )


PAID: Columns[ProposalRow] = (("Request to a server", lambda row: dollars(row.usd)),)
