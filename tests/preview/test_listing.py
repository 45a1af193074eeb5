"""`tasks docs` lists documents as they were read, and what was passed over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli import main
from harness.corpus.documents import read_corpus
from harness.preview.listing import lines, listing
from harness.spec.settings import Retrieval
from tests.corpus.fakes import HashEmbedder


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "docs/old").mkdir(parents=True)
    (tmp_path / "docs/loans.md").write_text(
        "# Loans\n\n" + "A drill may be kept 14 days. " * 10, encoding="utf-8"
    )
    (tmp_path / "docs/old/keys.txt").write_text("Ada.", encoding="utf-8")
    (tmp_path / "docs/plan.png").write_bytes(b"x")
    (tmp_path / "q.jsonl").write_text(
        '{"id": "a", "question": "Who?", "answers": ["Ada"]}\n', encoding="utf-8"
    )
    (tmp_path / "t.yaml").write_text(
        "name: t\nprobes: knowledge\ncorpus: docs\nquestions: {test: q.jsonl}\nprompt: {system: Answer.}\n"
        "answer: {type: text, max_tokens: 8}\nmetrics: [contains]\n",
        encoding="utf-8",
    )
    return "t.yaml"


def test_documents_with_their_passages_and_what_was_passed_over(task: str) -> None:
    settings = Retrieval(chunk_tokens=32, overlap_tokens=0, within=("loans",))
    found = listing("t", read_corpus("docs"), "docs", settings, HashEmbedder())
    assert [(doc.id, doc.title, doc.characters) for doc in found.documents] == [
        ("loans", "Loans", 298),
        ("old/keys", "Keys", 4),
    ]
    loans, keys = (doc.passages for doc in found.documents)
    assert loans is not None
    assert loans > 1
    assert keys == 0, "it is not searched"
    assert [*lines(found)][-2:] == ["\nPassed over:", "plan.png: files of type .png are not read"]


def test_the_command_and_its_json(task: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "docs", task]) == 0
    text = capsys.readouterr().out
    assert "old/keys           4       n/a  Keys" in text
    assert "Passages are not counted" in text
    assert main(["tasks", "docs", task, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["documents"][1] == {"id": "old/keys", "title": "Keys", "characters": 4, "passages": None}
    assert found["passed_over"][0]["reason"] == "files of type .png are not read"


def test_a_task_without_a_corpus_has_none(task: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(task)
    path.write_text(path.read_text().replace("corpus: docs\n", ""), encoding="utf-8")
    assert main(["tasks", "docs", task]) == 2
    assert "t.yaml: names no corpus, so the task has no documents." in capsys.readouterr().err
