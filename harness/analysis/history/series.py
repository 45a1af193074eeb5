"""Which runs can be compared: those that asked the same questions of a task and scored the answers alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.analysis.evidence import Asked
from harness.files import sha256_json


def questions_key(asked: Mapping[str, Asked]) -> str:
    """Names a set of questions: ids, texts, options and right answers, in whatever order they were asked."""
    rows = sorted(
        [q.id, q.question, list(q.answers), q.answerable, list(q.choices)]
        for q in (one.question for one in asked.values())
    )
    return sha256_json(rows)


def series_key(questions: str, spec: Mapping[str, Any]) -> str:
    """Names what makes accuracies of two runs one series: the questions, and how an answer is judged.

    A metric beside the first one may come and go: it moves no accuracy.
    """
    answer = spec.get("answer") or {}
    judged = {
        "metric": next(iter(spec.get("metrics") or ()), None),
        "type": answer.get("type"),
        "labels": answer.get("labels"),
        "refusal": answer.get("refusal"),
    }
    return sha256_json([questions, judged])


def names(keys: list[str]) -> dict[str, str]:
    """Key → A, B, …, Z, AA, … in the order in which the keys first appear."""
    return {key: _letters(number) for number, key in enumerate(dict.fromkeys(keys))}


def _letters(number: int) -> str:
    found = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        found = chr(ord("A") + rest) + found
    return found
