"""Files that people have, and what `tasks import` makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from harness.spec.task import Task, load_task

FAQ = "Question,Answer\nHow long may a drill be kept?,14 days\nWho keeps the key?,Ada\n"
FLAGS = ("--question", "Question", "--answer", "Answer")

PAIRS = [{"question": "How long?", "answer": "14 days"}, {"question": "Who?", "answer": "Ada"}]
READ = [("How long?", ("14 days",)), ("Who?", ("Ada",))]


def table(text: str, name: str = "faq.csv", encoding: str = "utf-8") -> str:
    Path(name).write_bytes(text.encode(encoding))
    return name


def workbook(sheets: dict[str, list[list[Any]]], formats: dict[str, str] | None = None) -> str:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for cell, form in (formats or {}).items():
            sheet[cell].number_format = form
    book.save("faq.xlsx")
    return "faq.xlsx"


def imported(*argv: str) -> list[dict[str, Any]]:
    """The test questions of a task that was imported, and that is valid."""
    assert main(["tasks", "import", *argv]) == 0
    folder = Path(argv[1])
    assert main(["tasks", "validate", str(folder / "task.yaml")]) == 0
    return [json.loads(line) for line in (folder / "test.jsonl").read_text(encoding="utf-8").splitlines()]


def imported_task(*argv: str) -> Task:
    assert main(["tasks", "import", argv[0], "mine", *argv[1:]]) == 0
    return load_task(Path("mine/task.yaml"))


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert main(["tasks", "import", argv[0], "mine", *argv[1:]]) == 2
    assert not Path("mine").exists()
    return capsys.readouterr().err


def lines(name: str, *rows: Any) -> str:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    Path(name).write_text(text, encoding="utf-8")
    return name


def whole(name: str, value: Any) -> str:
    Path(name).write_text(json.dumps(value), encoding="utf-8")
    return name


def asked(task: Task) -> list[tuple[str, tuple[str, ...]]]:
    return [(question.question, question.answers) for question in task.test]
