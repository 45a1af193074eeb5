"""All tables of a run, as the page folds them away."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from pathlib import Path

from harness.report import plain
from harness.report.document import run_sections, task_sections
from harness.report.view import Section, Table
from tests.analysis.runs import write_run
from tests.report.results import results_of
from tests.snapshots import Snapshots


def made(folder: Path) -> tuple[dict[str, tuple[Section, ...]], tuple[Section, ...]]:
    """The sections of each task, and those of the run as a whole."""
    results = results_of(write_run(folder))
    return {name: task_sections(task) for name, task in results.tasks.items()}, run_sections(results)


def test_all_tables_of_a_run(tmp_path: Path, snapshots: Snapshots) -> None:
    """But for the decision's, which tests/report/test_decisions.py looks at."""
    tasks, general = made(tmp_path)
    kept = {name: [part for part in parts if part.title != "Decision"] for name, parts in tasks.items()}
    texts = [f"== {name} ==\n\n{plain.sections(parts)}" for name, parts in kept.items()]
    snapshots.check("tables.txt", "\n\n".join([*texts, "== the run ==", plain.sections(general)]) + "\n")


def test_every_part_is_there(tmp_path: Path) -> None:
    tasks, general = made(tmp_path)
    assert {task: [part.title for part in parts] for task, parts in tasks.items()} == {
        "facts": ["Decision", "Comparisons", "All metrics", "By kind of question", "Retrieval",
                  "Where the accuracy goes", "Speed", "Cost", "Answers"],
        "general": ["Decision", "What the fine-tune forgot", "Answers"],
    }  # fmt: skip
    assert [part.title for part in general] == ["Adapters", "Indexes", "Prices", "Versions"]


def test_a_search_that_is_not_exact_and_a_refresh_are_shown(tmp_path: Path) -> None:
    results = results_of(write_run(tmp_path))
    index = replace(
        results.indexes["facts"], kind="hnsw", recall=0.985, recall_queries=200, embed_tokens=900, new_passages=2,
        new_tokens=40, new_s=1.5,
    )  # fmt: skip
    text = plain.sections(run_sections(replace(results, indexes={"facts": index})))
    assert "hnsw; 98.5 % of the ten nearest (200 queries)" in text
    assert "2 passages, 40 tokens, 1.50 s" in text
    for column in ("Search", "Embedded anew"):
        assert column not in plain.sections(run_sections(results))


def test_tables_are_rectangular(tmp_path: Path) -> None:
    tasks, general = made(tmp_path)
    for part in chain(general, *tasks.values()):
        for table in part.blocks:
            if isinstance(table, Table):
                assert {len(row) for row in table.rows} == {len(table.headers)}, part.title
