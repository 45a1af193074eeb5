"""Labels and fields, on made-up answers that a hand can count: in the results, and in every form of a report."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.results.run import RunResult, TaskResult, read_results
from harness.report import labels
from harness.report.document import task_sections
from harness.report.write import write_reports
from tests.analysis.runs import answer, manifest, write_run

LABELS = ["card", "loan", "oos"]
RIGHT = ["card", "card", "card", "loan", "loan", "oos"]
REPLIES = {"base": ["card", "loan", "I think card", "loan", "card", "loan"], "lora": [" card\n", *RIGHT[1:]]}


def run(
    folder: Path, answer_: dict[str, Any], metric: str, right: list[str], replies: dict[str, list[str]]
) -> RunResult:
    spec = {
        "name": "facts", "probes": "behaviour", "questions": {"test": "q.jsonl"}, "answer": answer_,
        "prompt": {"system": "Answer."}, "metrics": [metric],
    }  # fmt: skip
    about = manifest()
    about["tasks"], about["not_applicable"] = {"facts": {"spec": spec}}, {}
    about["plan"] = [
        row
        for row in about["plan"]
        if (row["task"], row["strategy"]) in {("facts", name) for name in replies}
    ]
    questions = [
        {"task": "facts", "id": f"q{n}", "question": f"Number {n}?", "answers": [text]}
        for n, text in enumerate(right)
    ]
    rows = [
        answer("facts", name, f"q{n}", text, adapter="cd" * 32 if name == "lora" else None)
        for name, some in replies.items()
        for n, text in enumerate(some)
    ]
    write_run(folder, manifest=about, questions=questions, answers=rows, batches=[], timings=[], passages=[])
    write_reports(folder)
    return read_results((folder / "results.json").read_bytes())


@pytest.fixture
def task(tmp_path: Path) -> TaskResult:
    answer_ = {"type": "label", "max_tokens": 8, "labels": LABELS}
    return run(tmp_path, answer_, "label", RIGHT, REPLIES).tasks["facts"]


def test_labels_are_counted_one_by_one(task: TaskResult) -> None:
    base, lora = (task.strategies[name].labels for name in ("base", "lora"))
    assert base is not None
    assert lora is not None
    assert base.confusion == {
        "card": {"card": 1, "loan": 1, "": 1},
        "loan": {"card": 1, "loan": 1},
        "oos": {"loan": 1},
    }
    card, loan, oos = base.by_label.values()
    assert (card.n, card.precision, card.recall, card.f1) == (3, 1 / 2, 1 / 3, 2 / 5)
    assert (loan.precision, loan.recall, loan.f1) == (1 / 3, 1 / 2, 2 / 5)
    assert (oos.precision, oos.recall, oos.f1) == (None, 0, 0)
    assert base.macro_f1.mean == pytest.approx(0.8 / 3)
    assert (lora.macro_f1.mean, lora.macro_f1.n) == (1, 6)


def test_reports_show_macro_f1_and_what_is_taken_for_what(task: TaskResult, tmp_path: Path) -> None:
    (section,) = [section for section in task_sections(task) if section.title == "Labels"]
    _, macro, hardest, confused, matrix = section.blocks
    assert [row[2] for row in macro.rows] == ["1", "0"]
    assert hardest.rows[0] == ("oos", "1", "0.0 %", "100.0 %")
    assert dict.fromkeys(row[0] for row in confused.rows) == dict.fromkeys(
        ["card → no label", "card → loan", "loan → card", "oos → loan"]
    )
    assert matrix.headers == ("lora: right label ↓, reply →", *LABELS)
    assert matrix.rows == (("card", "3", "0", "0"), ("loan", "0", "2", "0"), ("oos", "0", "0", "1"))
    assert "Macro-F1: base 26.7 % (" in labels.note(task)
    short = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "Macro-F1: base 26.7 %" in short
    assert "right label ↓, reply →" in short
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "card → no label" in page
    assert '<p class="note">Macro-F1: base 26.7 %' in page


def test_the_summary_holds_macro_f1_with_its_interval(task: TaskResult, tmp_path: Path) -> None:
    base, _ = csv.DictReader((tmp_path / "summary.csv").read_text(encoding="utf-8").splitlines())
    figures = task.strategies["base"].labels
    assert figures is not None
    wanted = (figures.macro_f1.mean, figures.macro_f1.ci_low, figures.macro_f1.ci_high)
    assert tuple(float(base[name]) for name in ("macro_f1", "macro_f1_low", "macro_f1_high")) == wanted


def test_of_many_labels_only_the_worst_are_shown(tmp_path: Path) -> None:
    many = [f"label {n}" for n in range(20)]
    answer_ = {"type": "label", "max_tokens": 8, "labels": many}
    task = run(tmp_path, answer_, "label", many, {"base": [*many[1:], many[0]]}).tasks["facts"]
    (section,) = [section for section in task_sections(task) if section.title == "Labels"]
    assert [len(block.rows) for block in section.blocks[1:]] == [1, labels.SHOWN, labels.SHOWN]
    table = labels.compact(task)
    assert table is not None
    assert table.headers[0] == "Right label → reply (the 5 most frequent of 20 pairs)"


def test_fields_are_judged_where_the_right_answer_has_them(tmp_path: Path) -> None:
    right = [json.dumps(value) for value in ({"date": "1 May", "people": 2}, {"date": "2 May"}, {})]
    replies = ['{"date": "1 May", "people": "2"}', '{"people": 2, "date": "2 May"}', "none"]
    task = run(tmp_path, {"type": "json", "max_tokens": 8}, "json_fields", right, {"base": replies}).tasks[
        "facts"
    ]
    row = task.strategies["base"]
    assert row.accuracy.mean == pytest.approx((1 / 2 + 1 / 2 + 0) / 3)
    assert list(row.fields) == ["date", "people"]
    date, people = row.fields.values()
    assert (date.accuracy.mean, date.accuracy.n, date.invented.mean) == (1, 2, 0)
    assert (people.accuracy.mean, people.accuracy.n) == (0, 1)
    assert (people.invented.mean, people.invented.n) == (0.5, 2)
    (section,) = [section for section in task_sections(task) if section.title == "Fields of JSON answers"]
    assert [block.rows[0][0] for block in section.blocks[1:]] == ["date", "date"]
    assert "Fields of base: date 100.0 % and people 0.0 % right." in (tmp_path / "report.md").read_text(
        encoding="utf-8"
    )


def test_other_tasks_have_neither(tmp_path: Path) -> None:
    task = run(tmp_path, {"type": "text", "max_tokens": 8}, "contains", ["Ann"], {"base": ["Ann"]}).tasks[
        "facts"
    ]
    assert (task.strategies["base"].labels, task.strategies["base"].fields, labels.note(task)) == (
        None,
        {},
        "",
    )
