"""A task before its run: documents, questions, strategies, what n can show, and what will spoil it."""

from __future__ import annotations

from dataclasses import dataclass

from harness.preview.case import Case
from harness.preview.documents import Documents, GoldCoverage, documents, gold_coverage
from harness.preview.findings import Finding, findings
from harness.preview.shows import Shows, shows
from harness.preview.strategies import Outlook, outlook

BEFORE_AND_AFTER = 2
"""What is compared on a task that shows what a fine-tune forgets."""


@dataclass(frozen=True, slots=True)
class Questions:
    """How many there are. `unanswerable`: of the test questions."""

    test: int
    train: int
    dev: int
    unanswerable: int


@dataclass(frozen=True, slots=True)
class Preview:
    """`called`: how commands name it. `documents`, `gold`: None where it names no corpus. `findings`: what will spoil a
    run of it.
    """

    task: str
    called: str
    path: str
    probes: str
    documents: Documents | None
    questions: Questions
    gold: GoldCoverage | None
    strategies: tuple[Outlook, ...]
    shows: Shows
    findings: tuple[Finding, ...]


def preview(case: Case) -> Preview:
    task = case.task
    strategies = outlook(case)
    candidates = sum(not row.control and row.why_not is None for row in strategies)
    can_show = shows(case, candidates if task.spec.probes != "general" else BEFORE_AND_AFTER)
    found = findings(case, can_show)
    return Preview(
        task.name,
        case.called,
        str(task.path),
        task.spec.probes,
        documents(case),
        Questions(len(task.test), len(task.train), len(task.dev), sum(not q.answerable for q in task.test)),
        gold_coverage(case),
        strategies,
        can_show,
        found,
    )
