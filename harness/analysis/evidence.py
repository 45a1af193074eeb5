"""Read a run folder, strictly: what a run wrote is believed only where it is whole and consistent.

A kill can tear the last line of an append-only file: that row never happened. Anything else that does not
fit (a broken line in the middle, an answer to a question nobody asked, two different answers to the same
question) is an InputError with file and line, because figures made of it would look like any other.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Never, TypeVar

from harness.analysis.statistics.clusters import cluster_ids
from harness.errors import InputError, shown
from harness.records import (
    AnswerRow,
    BatchRow,
    Passage,
    PromptSample,
    Question,
    TimingRow,
    TrainingQuestion,
)
from harness.run.folder import read_manifest

T = TypeVar("T")
Pair = tuple[str, str]
"""Task and strategy."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as a run asked it. `fact_seen`: its fact is in the training set (None: unknown)."""

    task: str
    question: Question
    fact_seen: bool | None


@dataclass(frozen=True)
class Evidence:
    """Everything a run measured, as it stands in its folder."""

    folder: Path
    manifest: dict[str, Any]
    questions: dict[str, dict[str, Asked]]
    """Task → question id → question, in the order in which they were asked."""
    answers: dict[Pair, tuple[AnswerRow, ...]]
    batches: dict[Pair, tuple[BatchRow, ...]]
    timings: dict[Pair, tuple[TimingRow, ...]]
    passages: dict[tuple[str, str], Passage]
    """(Task, chunk id) → passage."""
    torn_lines: int
    """Unfinished last lines that were left out."""
    training: dict[str, tuple[TrainingQuestion, ...]] | None = None
    """Task → questions that could be learnt from; None where the run did not keep them."""
    prompts: dict[Pair, PromptSample] = dataclasses.field(default_factory=dict)

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Every task and strategy that was planned or answered, in the plan's order."""
        planned = [(entry["task"], entry["strategy"]) for entry in self.manifest.get("plan", ())]
        return tuple(dict.fromkeys([*planned, *self.answers]))

    def spec(self, task: str) -> dict[str, Any]:
        """The task file's content as the run used it."""
        spec = self.manifest.get("tasks", {}).get(task, {}).get("spec", {})
        return spec if isinstance(spec, dict) else {}

    def clusters(self, task: str) -> dict[str, str]:
        """Question id → the cluster of questions that it stands or falls with."""
        index = self.manifest.get("indexes", {}).get(task) or {}
        asked = {name: one.question for name, one in self.questions.get(task, {}).items()}
        return cluster_ids(asked, index.get("documents"))

    def adapter_key(self, pair: Pair) -> str | None:
        """The adapter that answered for this pair (of several seeds the first one's).

        The plan may not know it before it is trained.
        """
        answered = [row for row in self.answers.get(pair, ()) if row.adapter]
        if answered:
            return min(answered, key=lambda row: row.seed).adapter
        entries = self.manifest.get("plan", ())
        return next((e.get("adapter") for e in entries if (e["task"], e["strategy"]) == pair), None)


def read_run(folder: Path) -> Evidence:
    """Read the run in `folder`.

    Raises InputError where there is no run, where a newer version wrote it, and where a file is damaged.
    """
    manifest = read_manifest(folder)
    reader = _Reader()
    questions = _questions(folder / "questions.jsonl", reader)
    answers = _answers(folder / "answers.jsonl", reader, questions)
    batches = list(reader.rows(folder / "batches.jsonl", lambda row: _record(BatchRow, row)))
    timings = _timings(folder / "timings.jsonl", reader)
    passages = reader.rows(folder / "passages.jsonl", lambda row: (row["task"], _record(Passage, row)))
    return Evidence(
        folder=folder,
        manifest=manifest,
        questions=questions,
        answers=_by_pair(answers),
        batches=_by_pair([row for _, row in batches]),
        timings=_by_pair(timings),
        passages={(task, passage.chunk_id): passage for _, (task, passage) in passages},
        training=_training(folder / "training.jsonl", reader),
        prompts=_prompts(folder / "prompts.jsonl", reader, questions),
        torn_lines=reader.torn,
    )


def read_questions(folder: Path) -> dict[str, dict[str, Asked]]:
    """The questions of the run in `folder` alone: task → id → question. Raises InputError as `read_run` does."""
    return _questions(folder / "questions.jsonl", _Reader())


def read_timings(folder: Path) -> dict[Pair, tuple[TimingRow, ...]]:
    """The timed answers of the run in `folder` alone. Raises InputError as `read_run` does."""
    return _by_pair(_timings(folder / "timings.jsonl", _Reader()))


def missing_answers(run: Evidence) -> int:
    """How many answers of the plan are not there yet; a strategy of several seeds answers once a seed."""
    planned = Counter((entry["task"], entry["strategy"]) for entry in run.manifest.get("plan", ()))
    return sum(
        max(0, max(1, planned[pair]) * len(run.questions.get(pair[0], ())) - len(run.answers.get(pair, ())))
        for pair in run.pairs
    )


def task_names(run: Evidence) -> list[str]:
    return list(dict.fromkeys([*run.manifest.get("tasks", {}), *(task for task, _ in run.pairs)]))


class _Reader:
    """Reads JSONL files and counts the torn last lines it leaves out."""

    def __init__(self) -> None:
        self.torn = 0

    def rows(self, path: Path, build: Callable[[dict[str, Any]], T]) -> Iterator[tuple[int, T]]:
        """Line number and row of each line; a missing file has none (the run had not come that far)."""
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}.", path=path) from error
        lines = data.split(b"\n")
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line, parse_constant=_no_number)
            except ValueError as error:
                if number == len(lines):
                    self.torn += 1
                    return
                reason = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error
                raise InputError(f"broken line: {reason}.", path=path, line=number) from None
            yield number, _build(row, build, path, number)


def _no_number(constant: str) -> Never:
    raise ValueError(f"{constant} is no JSON number")


def _build(row: Any, build: Callable[[dict[str, Any]], T], path: Path, line: int) -> T:
    if not isinstance(row, dict):
        raise InputError(f"must be a JSON object, but is {shown(row)}.", path=path, line=line)
    try:
        return build(row)
    except KeyError as error:
        raise InputError(f"lacks {error}.", path=path, line=line) from None
    except (TypeError, AttributeError) as error:
        raise InputError(f"does not fit: {error}.", path=path, line=line) from None


def _record(kind: type[T], row: dict[str, Any]) -> T:
    """A dataclass from the keys it knows: a later version may have added others."""
    fields = dataclasses.fields(kind)  # type: ignore[arg-type]
    for field in fields:
        if field.name not in row and field.default is dataclasses.MISSING:
            raise KeyError(field.name)
    return kind(**{field.name: row[field.name] for field in fields if field.name in row})


def _questions(path: Path, reader: _Reader) -> dict[str, dict[str, Asked]]:
    asked: dict[str, dict[str, Asked]] = {}
    build = lambda row: Asked(row["task"], Question.from_json(row), row.get("fact_seen"))  # noqa: E731
    for line, row in reader.rows(path, build):
        known = asked.setdefault(row.task, {})
        if known.setdefault(row.question.id, row) != row:
            raise InputError(f"question {row.question.id!r} stands here twice.", path=path, line=line)
    return asked


def _answers(path: Path, reader: _Reader, asked: dict[str, dict[str, Asked]]) -> list[AnswerRow]:
    first: dict[tuple[str, str, str, int], AnswerRow] = {}
    for line, row in reader.rows(path, _answer):
        question = asked.get(row.task, {}).get(row.question_id)
        if question is None:
            raise InputError(
                f"answers question {row.question_id!r} of task {row.task!r}, which questions.jsonl lacks.",
                path=path,
                line=line,
            )
        choices = len(question.question.choices)
        counted = choices or row.metrics is None  # lm-eval scores a text by its likelihood without any choice
        if row.choice_logprobs and counted and len(row.choice_logprobs) != choices:
            raise InputError(
                "has another number of log-likelihoods than its question has choices.", path=path, line=line
            )
        kept = first.setdefault((row.task, row.strategy, row.question_id, row.seed), row)
        if _said(kept) != _said(row):
            raise InputError(
                f"answers question {row.question_id!r} ({row.task}, {row.strategy}) again, and differently; "
                "evidence is never edited, so one of the two is not this run's.",
                path=path,
                line=line,
            )
    return list(first.values())


def _answer(row: dict[str, Any]) -> AnswerRow:
    answer = _record(AnswerRow, row)
    ranked = tuple({"doc_id": p["doc_id"], "chunk_id": p["chunk_id"], **p} for p in answer.retrieved)
    logprobs = None if answer.choice_logprobs is None else tuple(answer.choice_logprobs)
    return dataclasses.replace(answer, retrieved=ranked, choice_logprobs=logprobs)


def _said(row: AnswerRow) -> tuple[object, ...]:
    """What must agree when a resumed run wrote a row again; the batch and the cache may differ."""
    return (row.prediction, row.finish_reason, row.completion_tokens, row.prompt_sha256, row.adapter)


def _timings(path: Path, reader: _Reader) -> list[TimingRow]:
    """Timing rows, the first of each block: a resumed run may have timed a torn block again."""
    first: dict[tuple[str, str, str, int, bool], TimingRow] = {}
    for _, row in reader.rows(path, lambda row: _record(TimingRow, row)):
        first.setdefault((row.task, row.strategy, row.question_id, row.block, row.merged), row)
    return list(first.values())


def _training(path: Path, reader: _Reader) -> dict[str, tuple[TrainingQuestion, ...]] | None:
    if not path.exists():
        return None
    kept: dict[str, dict[str, TrainingQuestion]] = {}
    build = lambda row: TrainingQuestion(row["task"], row["split"], Question.from_json(row))  # noqa: E731
    for line, row in reader.rows(path, build):
        if row.split not in ("train", "dev"):
            raise InputError(f"split is {shown(row.split)}, not train or dev.", path=path, line=line)
        if kept.setdefault(row.task, {}).setdefault(row.question.id, row) is not row:
            raise InputError(f"question {row.question.id!r} stands here twice.", path=path, line=line)
    return {task: tuple(rows.values()) for task, rows in kept.items()}


def _prompts(path: Path, reader: _Reader, asked: dict[str, dict[str, Asked]]) -> dict[Pair, PromptSample]:
    kept: dict[Pair, PromptSample] = {}
    for line, row in reader.rows(path, _prompt):
        if row.question_id not in asked.get(row.task, {}):
            raise InputError(
                f"shows question {row.question_id!r} of task {row.task!r}, which questions.jsonl lacks.",
                path=path,
                line=line,
            )
        if kept.setdefault((row.task, row.strategy), row) is not row:
            raise InputError(
                f"shows a prompt of {row.strategy} for {row.task} a second time.", path=path, line=line
            )
    return kept


def _prompt(row: dict[str, Any]) -> PromptSample:
    sample = _record(PromptSample, row)
    return dataclasses.replace(
        sample, first_tokens=tuple(sample.first_tokens), added_tokens=tuple(sample.added_tokens)
    )


R = TypeVar("R", AnswerRow, BatchRow, TimingRow)


def _by_pair(rows: list[R]) -> dict[Pair, tuple[R, ...]]:
    grouped: dict[Pair, list[R]] = {}
    for row in rows:
        grouped.setdefault((row.task, row.strategy), []).append(row)
    return {pair: tuple(group) for pair, group in grouped.items()}
