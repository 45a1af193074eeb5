"""Protects that a misspelt gold document is refused before a model loads, with the id that was meant."""

from __future__ import annotations

from pathlib import Path

from harness.corpus.check import missing_gold
from harness.records import Question


def ask(name: str, *gold: str) -> Question:
    return Question(name, "?", ("a",), gold_docs=gold)


def test_missing_gold_documents_with_the_nearest_id() -> None:
    questions = [
        (ask("q1", "hr/leave"), Path("t.jsonl"), 1),
        (ask("q2", "hr/leaves", "zzz"), Path("t.jsonl"), 2),
        (ask("q3"), Path("t.jsonl"), 3),
        (ask("q4", "hr/leaves"), Path("t.jsonl"), 4),
    ]
    assert [str(error) for error in missing_gold(questions, {"hr/leave", "it/laptops"})] == [
        "t.jsonl:2: question 'q2': the corpus has no document 'hr/leaves'. Did you mean 'hr/leave'?",
        "t.jsonl:2: question 'q2': the corpus has no document 'zzz'.",
        "t.jsonl:4: question 'q4': the corpus has no document 'hr/leaves'. Did you mean 'hr/leave'?",
    ]


def test_nothing_missing_is_no_error() -> None:
    assert missing_gold([(ask("q", "a"), Path("t"), 1)], ["a"]) == []
