"""All tables of a run, as the page folds them away."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

from harness.analysis.bridge import typed
from harness.analysis.derive import derive
from harness.analysis.evidence import read_run
from harness.report.document import document
from harness.report.view import Document, Section, Table
from tests.analysis.runs import answers, write_run


def made(folder: Path, **replaced: Any) -> Document:
    run = read_run(write_run(folder, **replaced))
    raw = derive(run)
    return document(typed(run, raw))


def table(parts: Iterable[Section], title: str) -> Table:
    (found,) = [b for part in parts if part.title == title for b in part.blocks if isinstance(b, Table)]
    return found


def test_overview_row_by_row(tmp_path: Path) -> None:
    rows = table(made(tmp_path).tasks["facts"], "Overview").rows
    assert rows == (
        ("base", "25.0 % (4.6–69.9)", "4", "550 ms", "$0.0011", "$0.0044", "$0", "100"),
        ("lora", "50.0 % (15.0–85.0)", "4", "n/a (n=1 < 10)", "$0.0020", "$0.0040", "$66.20", "100"),
        ("rag", "75.0 % (30.1–95.4)", "4", "n/a (n=2 < 10)", "$0.0060", "$0.0080", "$0.010", "100"),
    )


def test_every_part_is_there(tmp_path: Path) -> None:
    report = made(tmp_path)
    assert {task: [part.title for part in parts] for task, parts in report.tasks.items()} == {
        "facts": ["Overview", "Decision", "Comparisons", "All metrics", "By kind of question", "Retrieval",
                  "Where the accuracy goes", "Speed", "Cost", "Answers"],
        "general": ["Overview", "Decision", "Not applicable", "What the fine-tune forgot", "Answers"],
    }  # fmt: skip
    assert [part.title for part in report.general] == ["Adapters", "Indexes", "Prices", "Versions"]


def test_a_task_opens_with_what_it_is_about(tmp_path: Path) -> None:
    opening = made(tmp_path).tasks["facts"][0].blocks[0]
    assert opening == (
        "Facts <b>nobody</b> knows | really. Probes knowledge. "
        "4 questions, 1 of them unanswerable; 9 training questions."
    )


def test_tables_are_rectangular(tmp_path: Path) -> None:
    report = made(tmp_path)
    for part in chain(report.general, *report.tasks.values()):
        for block in part.blocks:
            if isinstance(block, Table):
                assert {len(row) for row in block.rows} == {len(block.headers)}, part.title


def test_adapter_and_forgetting(tmp_path: Path) -> None:
    report = made(tmp_path)
    (adapter,) = table(report.general, "Adapters").rows
    assert adapter[:7] == ("lora for facts", "9", "2.0 (4 steps)", "100 s", "50.0", "2.000 → 0.500", "0.750")
    assert table(report.tasks["general"], "What the fine-tune forgot").rows == (
        (
            "lora trained for facts", "100.0 %", "50.0 %", "−50.0 points (−90.5 to +48.6)", "2", "1.000", "n/a",
            "cannot be resolved: only one question tells them apart, and at least 6 must",
        ),
    )  # fmt: skip


def test_none_right_is_no_price_for_a_right_one(tmp_path: Path) -> None:
    wrong = [{**row, "prediction": "no"} for row in answers()]
    assert (
        table(made(tmp_path, answers=wrong).tasks["facts"], "Overview").rows[0][5] == "n/a (none was right)"
    )


def test_partly_answered_says_of_how_many(tmp_path: Path) -> None:
    rows = table(made(tmp_path, answers=answers()[1:]).tasks["facts"], "Overview").rows
    assert rows[0][2] == "3 of 4"
