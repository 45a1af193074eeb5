"""All tables of a run, as the page folds them away."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any

from harness.report import plain
from harness.report.document import document
from harness.report.view import Document, Table
from tests.analysis.runs import write_run
from tests.report.results import results_of
from tests.snapshots import Snapshots


def made(folder: Path, **replaced: Any) -> Document:
    return document(results_of(write_run(folder, **replaced)))


def tables(report: Document) -> list[tuple[str, Table]]:
    parts = chain(report.general, *report.tasks.values())
    return [(part.title, block) for part in parts for block in part.blocks if isinstance(block, Table)]


def test_all_tables_of_a_run(tmp_path: Path, snapshots: Snapshots) -> None:
    """But for the decision's, which tests/report/test_decisions.py looks at."""
    report = made(tmp_path)
    kept = {
        name: [part for part in parts if part.title != "Decision"] for name, parts in report.tasks.items()
    }
    texts = [f"== {name} ==\n\n{plain.sections(parts)}" for name, parts in kept.items()]
    snapshots.check(
        "tables.txt", "\n\n".join([*texts, "== the run ==", plain.sections(report.general)]) + "\n"
    )


def test_every_part_is_there(tmp_path: Path) -> None:
    report = made(tmp_path)
    assert {task: [part.title for part in parts] for task, parts in report.tasks.items()} == {
        "facts": ["Decision", "Comparisons", "All metrics", "By kind of question", "Retrieval",
                  "Where the accuracy goes", "Speed", "Cost", "Answers"],
        "general": ["Decision", "Not applicable", "What the fine-tune forgot", "Answers"],
    }  # fmt: skip
    assert [part.title for part in report.general] == ["Adapters", "Indexes", "Prices", "Versions"]


def test_tables_are_rectangular(tmp_path: Path) -> None:
    for title, table in tables(made(tmp_path)):
        assert {len(row) for row in table.rows} == {len(table.headers)}, title
