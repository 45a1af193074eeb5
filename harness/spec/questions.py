"""A question file (JSONL) → questions, with every mistake as `file:line: what is wrong`.

Two kinds of mistakes: a record that is no question at all (its shape), and a question that the task
could not ask or score (its sense). Keys that a record does not need are left alone, as real data carries
many, unless one looks like a misspelling of a key that is absent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.errors import InputError
from harness.records import Question
from harness.spec.mistakes import nearest, shown
from harness.spec.taskspec import Answer
from harness.spec.yamlfile import read_source

_TEXTS = ("id", "question", "fact_id", "cluster")
_LISTS = ("answers", "gold_docs", "choices", "tags")
_FIELDS = (*_TEXTS, *_LISTS, "answerable")
_PUNCTUATION = ".,;:!?\"'()[]“”‘’«»…"


@dataclass(frozen=True)
class QuestionFile:
    """A question file as it was read: `lines` tells the line of each id, `errors` all that is wrong."""

    path: Path
    sha256: str
    questions: tuple[Question, ...] = ()
    lines: dict[str, int] = field(default_factory=dict)
    errors: tuple[InputError, ...] = ()

    def place(self, question: Question) -> str:
        return f"{self.path}:{self.lines[question.id]}"


def read_questions(path: Path, answer: Answer | None) -> QuestionFile:
    """Read a question file; never raises for what is in it, but lists the mistakes in `errors`.

    Without `answer` (the task file is wrong there) only what every type asks for is checked.
    Raises InputError where the file is missing, unreadable or not UTF-8.
    """
    source = read_source(path)
    questions: list[Question] = []
    lines: dict[str, int] = {}
    errors: list[InputError] = []
    records = 0
    # Only "\n" ends a line: str.splitlines would cut records at U+2028, which JSON allows in a string.
    for number, line in enumerate(source.text.split("\n"), start=1):
        if not line.strip():
            continue
        records += 1
        question, mistakes = parse_record(line, answer)
        if question and question.id in lines:
            mistakes.append(f"the id {shown(question.id)} is taken already, in line {lines[question.id]}.")
        elif question:
            lines[question.id] = number
            questions.append(question)
        errors += [InputError(mistake, path=path, line=number) for mistake in mistakes]
    if not records:
        errors.append(InputError("the file holds no questions.", path=path))
    return QuestionFile(path, source.sha256, tuple(questions), lines, tuple(errors))


def parse_record(line: str, answer: Answer | None) -> tuple[Question | None, list[str]]:
    """One line of a question file: the question (None where the record has no good shape) and its mistakes."""
    try:
        row = json.loads(line, parse_constant=_refuse_constant, object_pairs_hook=_distinct)
    except json.JSONDecodeError as error:
        return None, [f"broken JSON at column {error.colno}: {error.msg[:1].lower()}{error.msg[1:]}."]
    except ValueError as error:
        return None, [f"broken JSON: {error}."]
    except RecursionError:
        return None, ["broken JSON: nested too deeply."]
    if not isinstance(row, dict):
        return None, ["is not a JSON object: a question is {…} with id, question and answers."]
    mistakes = _shape(row)
    if mistakes:
        return None, mistakes
    question = Question.from_json({**row, "answers": row.get("answers") or ()})
    return question, _sense(question, answer)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {shown(twice)} is given twice")
    return row


def _shape(row: dict[str, Any]) -> list[str]:
    """What keeps a record from being a question: missing keys, misspelled keys, wrong types."""
    meant = {near: key for key in row if (near := _meant(key)) and near not in row}
    mistakes = [f"{shown(key)} is not a known key (did you mean {near!r}?)." for near, key in meant.items()]
    mistakes += [f"{key!r} is missing." for key in ("id", "question") if key not in row and key not in meant]
    unanswerable = row.get("answerable") is False
    if "answers" not in row and "answers" not in meant and not unanswerable:
        mistakes.append("'answers' is missing (only a question with answerable: false has none).")
    mistakes += [text for key in _TEXTS if key in row and (text := _wrong_text(key, row[key]))]
    mistakes += [text for key in _LISTS if key in row and (text := _wrong_list(key, row[key]))]
    if "answerable" in row and not isinstance(row["answerable"], bool):
        mistakes.append(f"'answerable' must be true or false, but is {shown(row['answerable'])}.")
    return mistakes


@lru_cache(maxsize=1024)
def _meant(key: str) -> str | None:
    """The known key that an unknown one is probably a misspelling of."""
    return None if key in _FIELDS else nearest(key, _FIELDS, cutoff=0.85)


def _wrong_text(key: str, value: Any) -> str:
    if value is None and key not in ("id", "question"):
        return ""  # optional, and left open
    if not isinstance(value, str):
        hint = f" (write {json.dumps(str(value))})" if type(value) in (int, float) else ""
        return f"{key!r} must be text, but is {shown(value)}{hint}."
    if not value.strip():
        return f"{key!r} is empty."
    return "" if _is_unicode(value) else f"{key!r} has half a surrogate pair, which is no character."


def _wrong_list(key: str, value: Any) -> str:
    if value is None and key != "answers":
        return ""
    if not isinstance(value, list):
        hint = f" (write [{json.dumps(value, ensure_ascii=False)}])" if isinstance(value, str) else ""
        return f"{key!r} must be a list of texts, but is {shown(value)}{shown_hint(hint)}."
    wrong = next((text for text in value if not isinstance(text, str) or not text.strip()), None)
    if wrong is not None or None in value:
        return f"{key!r} must hold texts that are not empty, but holds {shown(wrong)}."
    good = all(_is_unicode(text) for text in value)
    return "" if good else f"{key!r} has half a surrogate pair, which is no character."


def shown_hint(hint: str) -> str:
    return hint if len(hint) <= 80 else ""


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
