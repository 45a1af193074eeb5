"""Protects files whose names the file system spells otherwise than people type them."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from harness.spec.spelled import as_on_disk
from harness.spec.task import load_task


def decomposed(name: str) -> str:
    return unicodedata.normalize("NFD", name)


def test_names_that_differ_in_unicodes_form_alone_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / decomposed("Größe") / decomposed("é")
    folder.mkdir(parents=True)
    if (tmp_path / "Größe").exists():
        pytest.skip("this file system takes both spellings for one")
    monkeypatch.chdir(tmp_path)
    assert as_on_disk("Größe/é") == str(folder.relative_to(tmp_path))
    assert as_on_disk(tmp_path / "Größe/*.md") == f"{folder.parent}/*.md"
    assert as_on_disk("Größe/x/y") == str(folder.parent.relative_to(tmp_path) / "x/y")
    assert as_on_disk("nowhere") == "nowhere"
    assert as_on_disk(f"x{'y' * 5000}") == f"x{'y' * 5000}"


def test_a_task_names_its_files_as_they_are_typed(tmp_path: Path) -> None:
    corpus, questions = tmp_path / decomposed("Größe"), tmp_path / decomposed("prüfung.jsonl")
    corpus.mkdir()
    (corpus / "a.md").write_text("14 Tage")
    questions.write_text(
        '{"id": "q", "question": "Wie lange?", "answers": ["14 Tage"], "gold_docs": ["a"]}\n'
    )
    for named in ("Größe", "Größe/*.md"):
        (tmp_path / "task.yaml").write_text(
            f"name: sizes\nprobes: knowledge\ncorpus: {named}\nquestions: {{test: prüfung.jsonl}}\n"
            "prompt: {system: Kurz.}\nanswer: {type: text, max_tokens: 24}\nmetrics: [contains]\n",
            encoding="utf-8",
        )
        assert load_task(tmp_path / "task.yaml").test[0].gold_docs == ("a",)
