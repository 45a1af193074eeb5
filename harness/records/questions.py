"""Questions of a task, as it is read and as evidence keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.ranges import Count, Name, Text


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a task. Any one of `answers` is right; an unanswerable question has none.

    At most one of these says what else is right under `kind_match`: `parts`, all of which an answer has; `tolerance`,
    how far its number may be off (`0.5`, `2%`); `pattern`, a regular expression.
    """

    id: Name
    question: Text
    answers: tuple[Text, ...]
    gold_docs: tuple[Name, ...] = ()
    answerable: bool = True
    choices: tuple[Text, ...] = ()
    tags: tuple[Text, ...] = ()
    fact_id: Name | None = None
    cluster: Name | None = None
    parts: tuple[Text, ...] = ()
    tolerance: Text | None = None
    pattern: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRow(Question):
    """One line of `questions.jsonl`: a question as a run asked it.

    `fact_seen`: its fact is in the training set in other words; None where that has no sense. `query_tokens`: what the
    embedder would have to read to look for passages, prefix included; None where none are looked for. `answer_in_gold`:
    an answer stands in the parsed text of its gold documents; None where that was not looked for. `quoted`: control
    tokens of the model that it holds, which were read as text; `imitated`: texts that it holds and that the chat
    template marks turns with, without a token for them.
    """

    task: Name
    fact_seen: bool | None = None
    query_tokens: Count | None = None
    answer_in_gold: bool | None = None
    quoted: tuple[str, ...] = ()
    imitated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRow(Question):
    """One line of `training.jsonl`: a question that a strategy may learn from."""

    task: Name
    split: Literal["train", "dev"]
