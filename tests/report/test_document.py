"""What a report must say, in every format."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.evidence import read_run
from harness.analysis.results import derive
from harness.report import markdown
from harness.report.document import document
from harness.report.view import Document, Table
from tests.analysis.runs import answers, manifest, write_run


def made(folder: Path, **replaced: Any) -> Document:
    return document(derive(read_run(write_run(folder, **replaced))))


def table(report: Document, title: str) -> Table:
    (found,) = [
        b for part in report.sections if part.title == title for b in part.blocks if isinstance(b, Table)
    ]
    return found


def test_overview_row_by_row(tmp_path: Path) -> None:
    rows = table(made(tmp_path), "Task facts").rows
    assert rows == (
        ("base", "25.0 % (4.6–69.9)", "4", "550 ms", "$0.0011", "$0.0044", "$0", "100"),
        ("lora", "50.0 % (15.0–85.0)", "4", "n/a (n=1 < 10)", "$0.0020", "$0.0040", "$66.20", "100"),
        ("rag", "75.0 % (30.1–95.4)", "4", "n/a (n=2 < 10)", "$0.0060", "$0.0080", "$0.010", "100"),
    )


def test_every_part_is_there(tmp_path: Path) -> None:
    titles = [part.title for part in made(tmp_path).sections]
    assert titles == [
        "Is the race valid?", "Recommendation",
        "Task facts", "Decision", "Comparisons", "All metrics", "By kind of question", "Retrieval",
        "Where the accuracy goes", "Speed", "Cost", "Answers",
        "Task general", "Decision", "Not applicable", "What the fine-tune forgot", "Answers",
        "Adapters", "Indexes", "Prices", "What these numbers mean", "Limits", "Versions",
    ]  # fmt: skip


def test_tables_are_rectangular(tmp_path: Path) -> None:
    for part in made(tmp_path).sections:
        for block in part.blocks:
            if isinstance(block, Table):
                assert {len(row) for row in block.rows} == {len(block.headers)}, part.title


def test_adapter_and_forgetting(tmp_path: Path) -> None:
    report = made(tmp_path)
    (adapter,) = table(report, "Adapters").rows
    assert adapter[:7] == ("lora for facts", "9", "2.0 (4 steps)", "100 s", "50.0", "2.000 → 0.500", "0.750")
    assert table(report, "What the fine-tune forgot").rows == (
        (
            "lora trained for facts", "100.0 %", "50.0 %", "−50.0 points (−90.5 to +48.6)", "2", "1.000", "n/a",
            "cannot be resolved: only one question tells them apart, and at least 6 must",
        ),
    )  # fmt: skip


def test_four_questions_recommend_nothing_and_the_top_says_so(tmp_path: Path) -> None:
    report = made(tmp_path)
    assert [verdict.partition(":")[0] for verdict in report.verdicts] == ["facts", "general"]
    assert "undecided" in report.verdicts[0]
    assert "Nothing is recommended for any task on this evidence." in str(report.sections[1].blocks)


@pytest.mark.parametrize(
    ("about", "rows", "warnings"),
    [
        ({}, answers(), []),
        ({"quick": True}, answers(), ["quick run"]),
        ({"status": "interrupted"}, answers()[1:], [r"status: interrupted, 1 answer missing"]),
    ],
)
def test_warnings_on_top(tmp_path: Path, about: dict[str, Any], rows: list[Any], warnings: list[str]) -> None:
    found = made(tmp_path, manifest={**manifest(), **about}, answers=rows).warnings
    assert len(found) == len(warnings)
    for text, wanted in zip(found, warnings, strict=True):
        assert re.search(wanted, text)
        assert "not fit for decisions" in text


def test_none_right_is_no_price_for_a_right_one(tmp_path: Path) -> None:
    wrong = [{**row, "prediction": "no"} for row in answers()]
    assert table(made(tmp_path, answers=wrong), "Task facts").rows[0][5] == "n/a (none was right)"


def test_partly_answered_says_of_how_many(tmp_path: Path) -> None:
    rows = table(made(tmp_path, answers=answers()[1:]), "Task facts").rows
    assert rows[0][2] == "3 of 4"


def test_markdown_escapes_what_comes_from_outside(tmp_path: Path) -> None:
    text = markdown.render(made(tmp_path))
    assert r"Facts \<b\>nobody\</b\> knows \| really." in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in tables)
    assert markdown.escape("# a\n\n- b & `c`") == r"\# a - b &amp; \`c\`"
