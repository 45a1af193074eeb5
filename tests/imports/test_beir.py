"""A folder in BEIR's form becomes questions with gold documents; what it cannot give is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from harness.spec.task import load_task

DOCUMENTS = [
    {"_id": "d1", "title": "Drills", "text": "A drill may be kept 14 days."},
    {"_id": "d2", "title": "", "text": "The key is kept by Ada."},
    {"_id": "d3", "title": "", "text": ""},
]
QUERIES: list[dict[str, Any]] = [
    {"_id": "q1", "text": "How long may a drill be kept?", "metadata": {"answer": "14 days"}},
    {"_id": "q2", "text": "Who keeps the key?", "metadata": {}},
    {"_id": "q3", "text": "Which days?", "answers": ["14 days", "two weeks"]},
    {"_id": "q4", "text": "Never judged?"},
]
HEAD = "query-id\tcorpus-id\tscore\n"
QRELS = {"test": HEAD + "q1\td1\t1\nq1\td2\t0\nq2\td2\t2\n", "train": HEAD + "q3\td1\t1\nq1\td1\t1\n"}


@pytest.fixture
def beir() -> Path:
    folder = Path("nfq")
    (folder / "qrels").mkdir(parents=True)
    for name, rows in (("corpus", DOCUMENTS), ("queries", QUERIES)):
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    for split, rows_ in QRELS.items():
        (folder / "qrels" / f"{split}.tsv").write_text(rows_, encoding="utf-8")
    return folder


def test_queries_become_questions(beir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("answers.csv").write_text("query-id;answer\nq2;Ada\nq2;Ada Lovelace\n", encoding="utf-8")
    assert main(["tasks", "import", str(beir), "mine", "--answers", "answers.csv"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == ["mine/task.yaml", "mine/test.jsonl", "mine/train.jsonl"]
    assert "1 query of an earlier split left out of the later one: q1." in err
    assert main(["tasks", "validate", "mine/task.yaml"]) == 0
    task = load_task(Path("mine/task.yaml"))
    assert [(q.id, q.answers, q.gold_docs) for q in (*task.test, *task.train)] == [
        ("q1", ("14 days",), ("d1",)), ("q2", ("Ada", "Ada Lovelace"), ("d2",)),
        ("q3", ("14 days", "two weeks"), ("d1",)),
    ]  # fmt: skip


def test_queries_without_an_answer_are_left_out_and_named(
    beir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (beir / "qrels" / "test.tsv").write_text(QRELS["test"] + "q3\td9\t1\nq3\td3\t1\n", encoding="utf-8")
    assert main(["tasks", "import", str(beir), "mine"]) == 0
    said = capsys.readouterr().err
    assert "1 query without an answer left out (--answers FILE gives them): q2." in said
    assert (
        "2 judgements of documents that the corpus lacks, or has without text, left out: d9 and d3." in said
    )
    assert [question.id for question in load_task(Path("mine/task.yaml")).test] == ["q1", "q3"]


def test_a_set_without_answers_says_what_to_add(beir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"_id": row["_id"], "text": row["text"]} for row in QUERIES]
    (beir / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert main(["tasks", "import", str(beir), "mine"]) == 2
    said = capsys.readouterr().err
    assert "BEIR says which documents are relevant, and a task needs what is right to reply" in said
    assert "--answers FILE" in said
    assert not Path("mine").exists()


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("qrels/test.tsv", HEAD + "q1 d1 1\n", "test.tsv:2: a judgement is query-id, corpus-id and score"),
        ("qrels/test.tsv", HEAD + "q9\td1\t1\n", "test.tsv:2: there is no query 'q9'"),
        ("qrels/tset.tsv", HEAD, "tset.tsv: is no split"),
        ("queries.jsonl", '{"_id": "q1", "text": ""}\n', "queries.jsonl:1: a query needs _id and text"),
        ("queries.jsonl", '{"_id": "q1", "text": "a"}\n{"_id": "q1", "text": "b"}\n', "queries.jsonl:2: the _id 'q1'"),
        ("queries.jsonl", "{broken\n", "queries.jsonl:1: broken JSON"),
        ("queries.jsonl", "[]\n", "queries.jsonl:1: must be a JSON object"),
    ],
)  # fmt: skip
def test_mistakes_name_file_and_line(
    beir: Path, capsys: pytest.CaptureFixture[str], file: str, text: str, message: str
) -> None:
    (beir / file).write_text(text, encoding="utf-8")
    assert main(["tasks", "import", str(beir), "mine"]) == 2
    assert message in capsys.readouterr().err
    assert not Path("mine").exists()


def test_what_a_folder_lacks_is_named(beir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (beir / "qrels" / "test.tsv").unlink()
    assert main(["tasks", "import", str(beir), "mine"]) == 2
    assert "BEIR's form needs qrels/test.tsv, which the folder lacks." in capsys.readouterr().err
    assert main(["tasks", "import", str(beir), "mine", "--question", "q"]) == 2
    assert "--question cannot be given with a folder" in capsys.readouterr().err


def test_an_answer_to_no_query_is_named_by_row_and_column(
    beir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("answers.tsv").write_text("query-id\tanswer\nq7\tAda\n", encoding="utf-8")
    assert main(["tasks", "import", str(beir), "mine", "--answers", "answers.tsv"]) == 2
    assert "answers.tsv: row 2, column 'query-id': there is no query 'q7'" in capsys.readouterr().err
