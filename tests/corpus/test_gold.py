"""Gold documents by the names that people give them: ids, files, ends of paths; never a guess between two."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.corpus.documents import read_corpus
from harness.corpus.gold import GoldNames, with_gold_ids
from harness.spec.task import Task, load_task


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    for name in ("policies/loans.md", "policies/keys.txt", "old/keys.md", "fees.md", "fees.html", "plan.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("A drill may be kept 14 days.", encoding="utf-8")
    rows = ({"_id": "wiki/Ada", "text": "Ada keeps the key."}, {"_id": "7", "text": "Seven."})
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("policies/loans", ["policies/loans"]),
        ("loans", ["policies/loans"]),
        ("loans.md", ["policies/loans"]),
        ("./policies/loans.md", ["policies/loans"]),
        ("policies\\loans.md", ["policies/loans"]),
        ("docs/policies/loans.md", ["policies/loans"]),
        ("loans.pdf", ["policies/loans"]),
        ("2019/loans", []),
        ("oans", []),
        ("loans.zip", []),
        ("keys", ["old/keys", "policies/keys"]),
        ("keys.txt", ["policies/keys"]),
        ("fees", ["fees"]),
        ("fees.md", ["fees"]),
        ("fees.html", ["fees.html"]),
        ("Ada", ["wiki/Ada"]),
        ("7", ["7"]),
        ("rows.jsonl", []),
        ("", []),
    ],
)
def test_a_document_is_called_by_its_id_or_by_an_end_of_its_path(
    docs: Path, name: str, ids: list[str]
) -> None:
    assert GoldNames(read_corpus(docs)).ids_of(name) == ids


def test_what_a_name_cannot_mean_is_a_sentence(docs: Path) -> None:
    fault = GoldNames(read_corpus(docs)).fault
    assert (
        fault("keys")
        == "'keys' is the name of 2 documents, 'old/keys' and 'policies/keys'; write the whole id."
    )
    assert fault("policies/laons") == (
        "the corpus has no document 'policies/laons' (did you mean 'policies/loans'?)."
    )
    assert fault("laons.md").endswith("(did you mean 'loans'?).")
    assert fault("plan") == "the document 'plan' was passed over: plan.png: files of type .png are not read."


def task_of(folder: Path, *gold: str) -> Task:
    row = {"id": "a", "question": "How long?", "answers": ["14 days"], "gold_docs": gold}
    (folder / "q.jsonl").write_text(json.dumps(row), encoding="utf-8")
    (folder / "t.yaml").write_text(
        "name: t\nprobes: knowledge\ncorpus: docs\nquestions: {test: q.jsonl}\nprompt: {system: Answer.}\n"
        "answer: {type: text, max_tokens: 8}\nmetrics: [contains]\n",
        encoding="utf-8",
    )
    return load_task(folder / "t.yaml")


def test_a_task_has_its_gold_documents_by_id_each_once(tmp_path: Path, docs: Path) -> None:
    task, errors = with_gold_ids(task_of(tmp_path, "loans.md", "Ada", "policies/loans"), read_corpus(docs))
    assert errors == []
    assert task.test[0].gold_docs == ("policies/loans", "wiki/Ada")


def test_names_that_mean_nothing_are_told_at_their_question_all_at_once(tmp_path: Path, docs: Path) -> None:
    _, errors = with_gold_ids(task_of(tmp_path, "keys", "nowhere", "fees"), read_corpus(docs))
    ambiguous, unknown = map(str, errors)
    assert ambiguous.startswith(f"{tmp_path}/q.jsonl:1: gold_docs: 'keys' is the name of 2 documents")
    assert unknown.endswith("the corpus has no document 'nowhere'.")
