"""What a run measured, as the analysis asks for it: questions, answers, times, by task and system.

`reading.py` fills it from a run folder.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from harness.analysis.answers import Answers
from harness.analysis.statistics.clusters import cluster_ids
from harness.analysis.throughput import Batched, batched
from harness.records import (
    BatchRow,
    FailureRow,
    Passage,
    PromptSample,
    ProposalRow,
    Question,
    TimingRow,
    TrialRow,
)
from harness.run.manifest import Manifest
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
    quoted: tuple[str, ...] = ()
    imitated: tuple[str, ...] = ()


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
    answers: Mapping[Pair, Answers]
    """Of every planned system, by seed and id of the question."""
    batches: Mapping[Pair, tuple[BatchRow, ...]]
    timings: Mapping[Pair, tuple[TimingRow, ...]]
    passages: Mapping[tuple[str, str], Passage]
    """(Task, chunk id) → passage."""
    torn_lines: int
    """Unfinished last lines that were left out."""
    training: Mapping[str, tuple[TrainingQuestion, ...]] | None = None
    """Task → questions that could be learnt from; None where the run did not keep them."""
    prompts: Mapping[Pair, PromptSample] = dataclasses.field(default_factory=dict)
    failures: Mapping[Pair, tuple[FailureRow, ...]] = dataclasses.field(default_factory=dict)
    """Why an answer, or a timing, could not be had: the last reason of each that is still missing."""
    repeats: Mapping[Pair, Answers] = dataclasses.field(default_factory=dict)
    """What the same questions were answered when they were asked again."""
    proposals: Mapping[str, tuple[ProposalRow, ...]] = dataclasses.field(default_factory=dict)
    """Task → the system messages that a model proposed for it."""
    trials: Mapping[tuple[str, str], tuple[TrialRow, ...]] = dataclasses.field(default_factory=dict)
    """(Task, id of the system with its default settings) → the settings of it that were tried on dev, as they came."""
    learnt: Mapping[tuple[str, str], tuple[TrialRow, ...]] = dataclasses.field(default_factory=dict)
    """(Task, system id) → what it answered after learning from fewer examples."""

    @cached_property
    def planned(self) -> Counter[Pair]:
        """Task and system → with how many seeds it answers, in the plan's order."""
        manifest = self.manifest
        return Counter((entry.task, manifest.name(entry.task, entry.system)) for entry in manifest.plan)

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        return tuple(self.manifest.tasks)

    def systems(self, task: str) -> dict[str, System]:
        """The systems that answer a task, by name, in the plan's order."""
        return self.manifest.systems_of(task)

    def clusters(self, task: str) -> dict[str, str]:
        """Question id → the cluster of questions that it stands or falls with."""
        if task not in self._clusters:
            index = self.manifest.indexes.get(task)
            asked = {name: one.question for name, one in self.questions.get(task, {}).items()}
            self._clusters[task] = cluster_ids(asked, index.documents if index else None)
        return self._clusters[task]

    def test_questions(self, task: str) -> list[Question]:
        """The test questions by id, so that nothing depends on the order of lines in a file."""
        return sorted((one.question for one in self.questions.get(task, {}).values()), key=_id)

    def training_questions(self, task: str) -> list[Question]:
        """The questions that could be learnt from, by id; none where the run did not keep them."""
        return sorted((row.question for row in (self.training or {}).get(task, ())), key=_id)

    def passed(self, pair: Pair) -> Batched | None:
        """What the answer pass of a system took."""
        if pair not in self._passed:
            self._passed[pair] = batched(self.batches.get(pair, ()), self.answers[pair])
        return self._passed[pair]

    @cached_property
    def _passed(self) -> dict[Pair, Batched | None]:
        return {}

    @cached_property
    def _clusters(self) -> dict[str, dict[str, str]]:
        return {}

    def adapter_key(self, pair: Pair) -> str | None:
        """The sha256 of the adapter that answered for this pair (of several seeds the first one's).

        The plan may not know it before it is trained.
        """
        answered = filter(None, self.answers[pair].adapter)
        manifest = self.manifest
        planned = (e.adapter for e in manifest.plan if (e.task, manifest.name(e.task, e.system)) == pair)
        return next(itertools.chain(answered, planned), None)


def _id(question: Question) -> str:
    return question.id


def missing_answers(run: Evidence) -> int:
    """How many answers of the plan are not there yet; a strategy of several seeds answers once a seed.

    Those that cannot be had, since a prompt is longer than the model reads, are no part of it.
    """
    return sum(
        max(0, seeds * len(run.questions.get(pair[0], ())) - settled(run, pair))
        for pair, seeds in run.planned.items()
    )


def settled(run: Evidence, pair: Pair) -> int:
    """How many answers are there, or cannot be had however often they are asked for."""
    return len(run.answers.get(pair, ())) + sum(row.final for row in missed(run, pair))


def missed(run: Evidence, pair: Pair) -> list[FailureRow]:
    """The answers of the first time that could not be had."""
    return [row for row in run.failures.get(pair, ()) if not row.timed and not row.repeat]
