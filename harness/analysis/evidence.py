"""Read a run folder, strictly: what a run wrote is believed only where it is whole and consistent.

Each line is checked by `run/rows.py`. What does not fit together (an answer to a question nobody asked, by a system
that the manifest does not know, two different answers to one question) is an InputError with file and line, because
figures made of it would look like any other.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from harness.analysis.statistics.clusters import cluster_ids
from harness.records import (
    AnswerRow,
    BatchRow,
    Passage,
    PassageRow,
    PromptSample,
    Question,
    QuestionRow,
    TimingRow,
    TrainingRow,
)
from harness.run.folder import ANSWERS, BATCHES, PASSAGES, PROMPTS, QUESTIONS, TIMINGS, TRAINING
from harness.run.manifest import Manifest, read_manifest
from harness.run.rows import Rows, read_rows
from harness.spec.system import System

Pair = tuple[str, str]
"""Task and name of a system, which is unique within a task."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as a run asked it. `fact_seen`: its fact is in the training set (None: unknown).

    `query_tokens`: what the embedder would have to read to look for passages. `answer_in_gold`: an answer stands in the
    parsed gold documents. Both None: not looked for, or not kept.
    """

    task: str
    question: Question
    fact_seen: bool | None
    query_tokens: int | None = None
    answer_in_gold: bool | None = None


@dataclass(frozen=True, slots=True)
class TrainingQuestion:
    """A question that systems may learn from. `split`: `train` or `dev`."""

    task: str
    split: str
    question: Question


Questions = dict[str, dict[str, Asked]]
"""Task → question id → question, in the order in which they were asked."""


@dataclass(frozen=True)
class Evidence:
    """Everything a run measured, as it stands in its folder."""

    folder: Path
    manifest: Manifest
    questions: Questions
    answers: Mapping[Pair, tuple[AnswerRow, ...]]
    batches: Mapping[Pair, tuple[BatchRow, ...]]
    timings: Mapping[Pair, tuple[TimingRow, ...]]
    passages: Mapping[tuple[str, str], Passage]
    """(Task, chunk id) → passage."""
    torn_lines: int
    """Unfinished last lines that were left out."""
    training: Mapping[str, tuple[TrainingQuestion, ...]] | None = None
    """Task → questions that could be learnt from; None where the run did not keep them."""
    prompts: Mapping[Pair, PromptSample] = dataclasses.field(default_factory=dict)

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """Every task and system that was planned, in the plan's order."""
        manifest = self.manifest
        planned = ((entry.task, manifest.name(entry.task, entry.system)) for entry in manifest.plan)
        return tuple(dict.fromkeys(planned))

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        return tuple(self.manifest.tasks)

    def systems(self, task: str) -> dict[str, System]:
        """The systems that answer a task, by name, in the plan's order."""
        return self.manifest.systems_of(task)

    def clusters(self, task: str) -> dict[str, str]:
        """Question id → the cluster of questions that it stands or falls with."""
        index = self.manifest.indexes.get(task)
        asked = {name: one.question for name, one in self.questions.get(task, {}).items()}
        return cluster_ids(asked, index.documents if index else None)

    def adapter_key(self, pair: Pair) -> str | None:
        """The sha256 of the adapter that answered for this pair (of several seeds the first one's).

        The plan may not know it before it is trained.
        """
        answered = [row for row in self.answers.get(pair, ()) if row.adapter]
        if answered:
            return min(answered, key=lambda row: row.seed).adapter
        manifest = self.manifest
        planned = (e for e in manifest.plan if (e.task, manifest.name(e.task, e.system)) == pair)
        return next((entry.adapter for entry in planned), None)


def read_run(folder: Path) -> Evidence:
    """Read the run in `folder`.

    Raises InputError where there is no run, where another version wrote it, and where a file is damaged.
    """
    manifest = read_manifest(folder)
    questions_file = read_rows(folder / QUESTIONS, QuestionRow)
    questions = _questions(questions_file)
    answers, batches, timings = (
        read_rows(folder / ANSWERS, AnswerRow),
        read_rows(folder / BATCHES, BatchRow),
        read_rows(folder / TIMINGS, TimingRow),
    )
    passages = read_rows(folder / PASSAGES, PassageRow)
    training = read_rows(folder / TRAINING, TrainingRow)
    prompts = read_rows(folder / PROMPTS, PromptSample)
    files: tuple[Rows[Any], ...] = (questions_file, answers, batches, timings, passages, training, prompts)
    _check_systems(answers, manifest)
    _check_systems(batches, manifest)
    _check_systems(timings, manifest)
    _check_systems(prompts, manifest)
    return Evidence(
        folder=folder,
        manifest=manifest,
        questions=questions,
        answers=_by_pair(_answers(answers, questions, manifest), manifest),
        batches=_by_pair(batches.all, manifest),
        timings=_by_pair(_first_timings(timings), manifest),
        passages={(row.task, row.chunk_id): row for row in passages.all},
        training=_training(training) if training.path.exists() else None,
        prompts=_prompts(prompts, questions, manifest),
        torn_lines=sum(rows.torn for rows in files),
    )


def read_questions(folder: Path) -> Questions:
    """The questions of the run in `folder` alone. Raises InputError as `read_run` does."""
    return _questions(read_rows(folder / QUESTIONS, QuestionRow))


def read_timings(folder: Path, manifest: Manifest) -> dict[Pair, tuple[TimingRow, ...]]:
    """The timed answers of the run in `folder` alone. Raises InputError as `read_run` does."""
    rows = read_rows(folder / TIMINGS, TimingRow)
    _check_systems(rows, manifest)
    return _by_pair(_first_timings(rows), manifest)


def missing_answers(run: Evidence) -> int:
    """How many answers of the plan are not there yet; a strategy of several seeds answers once a seed."""
    planned = Counter(
        (entry.task, run.manifest.name(entry.task, entry.system)) for entry in run.manifest.plan
    )
    return sum(
        max(0, max(1, planned[pair]) * len(run.questions.get(pair[0], ())) - len(run.answers.get(pair, ())))
        for pair in run.pairs
    )


def _questions(rows: Rows[QuestionRow]) -> Questions:
    questions: Questions = {}
    for line, row in rows.numbered:
        asked = Asked(row.task, row, row.fact_seen, row.query_tokens, row.answer_in_gold)
        if questions.setdefault(row.task, {}).setdefault(row.id, asked) != asked:
            raise rows.error(line, f"question {row.id!r} stands here twice.")
    return questions


S = TypeVar("S", AnswerRow, BatchRow, TimingRow, PromptSample)


def _check_systems(rows: Rows[S], manifest: Manifest) -> None:
    """Raises InputError where a row is of a system that the run did not plan for its task."""
    planned = {(entry.task, entry.system) for entry in manifest.plan}
    for line, row in rows.numbered:
        if (row.task, row.system) not in planned:
            raise rows.error(
                line, f"is of system {row.system!r} on task {row.task!r}, which run.json does not plan."
            )


def _answers(rows: Rows[AnswerRow], questions: Questions, manifest: Manifest) -> list[AnswerRow]:
    first: dict[tuple[str, str, str, int], AnswerRow] = {}
    for line, row in rows.numbered:
        question = questions.get(row.task, {}).get(row.question_id)
        if question is None:
            raise rows.error(
                line,
                f"answers question {row.question_id!r} of task {row.task!r}, which questions.jsonl lacks.",
            )
        choices = len(question.question.choices)
        counted = choices or row.metrics is None  # lm-eval scores a text by its likelihood without any choice
        if row.choice_logprobs and counted and len(row.choice_logprobs) != choices:
            raise rows.error(line, "has another number of log-likelihoods than its question has choices.")
        kept = first.setdefault((row.task, row.system, row.question_id, row.seed), row)
        if _fixed(kept) != _fixed(row):
            raise rows.error(
                line,
                f"answers question {row.question_id!r} ({row.task}, {manifest.name(row.task, row.system)}) again, and "
                "differently; evidence is never edited, so one of the two is not this run's.",
            )
    return list(first.values())


def _fixed(row: AnswerRow) -> tuple[object, ...]:
    """What must agree when a resumed run wrote a row again; the batch and the cache may differ."""
    return (row.prediction, row.finish_reason, row.completion_tokens, row.prompt_sha256, row.adapter)


def _first_timings(rows: Rows[TimingRow]) -> list[TimingRow]:
    """Timing rows, the first of each block: a resumed run may have timed a torn block again."""
    first: dict[tuple[str, str, str, int, bool], TimingRow] = {}
    for row in rows.all:
        first.setdefault((row.task, row.system, row.question_id, row.block, row.merged), row)
    return list(first.values())


def _training(rows: Rows[TrainingRow]) -> dict[str, tuple[TrainingQuestion, ...]]:
    kept: dict[str, dict[str, TrainingQuestion]] = {}
    for line, row in rows.numbered:
        question = TrainingQuestion(row.task, row.split, row)
        if kept.setdefault(row.task, {}).setdefault(row.id, question) is not question:
            raise rows.error(line, f"question {row.id!r} stands here twice.")
    return {task: tuple(known.values()) for task, known in kept.items()}


def _prompts(rows: Rows[PromptSample], questions: Questions, manifest: Manifest) -> dict[Pair, PromptSample]:
    kept: dict[Pair, PromptSample] = {}
    for line, row in rows.numbered:
        if row.question_id not in questions.get(row.task, {}):
            raise rows.error(
                line, f"shows question {row.question_id!r} of task {row.task!r}, which questions.jsonl lacks."
            )
        name = manifest.name(row.task, row.system)
        if kept.setdefault((row.task, name), row) is not row:
            raise rows.error(line, f"shows a prompt of {name} for {row.task} a second time.")
    return kept


R = TypeVar("R", AnswerRow, BatchRow, TimingRow)


def _by_pair(rows: Iterable[R], manifest: Manifest) -> dict[Pair, tuple[R, ...]]:
    """Task and system → its rows in an order of their own columns, so that no figure hangs on that of the lines."""
    names = {(e.task, e.system): manifest.name(e.task, e.system) for e in manifest.plan}
    grouped: dict[Pair, list[R]] = {}
    for row in rows:
        grouped.setdefault((row.task, names[row.task, row.system]), []).append(row)
    return {pair: tuple(sorted(group, key=_place)) for pair, group in grouped.items()}


def _place(row: AnswerRow | BatchRow | TimingRow) -> tuple[object, ...]:
    """Where a row stands among those of its task and system: batches by number, timings by block and place in it."""
    if isinstance(row, AnswerRow):
        return row.seed, row.question_id
    if isinstance(row, BatchRow):
        return row.seed, row.batch
    return row.block, row.position, row.question_id, not row.merged
