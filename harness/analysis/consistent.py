"""What rows of evidence must agree with: the manifest, the questions that were asked, and themselves.

`run/rows.py` has checked each value by itself. Each function gives what is wrong with a row, a sentence without a
subject; None where nothing is.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from harness.errors import shown
from harness.records import AnswerRow, BatchRow, FailureRow, Passage, PromptSample, Question, TimingRow
from harness.run.facts import TaskFacts
from harness.run.manifest import Manifest
from harness.spec.lmevalspec import LmEvalSpec
from harness.spec.system import Form, System
from harness.spec.taskspec import TaskSpec, options_of

Row = AnswerRow | BatchRow | TimingRow | PromptSample | FailureRow
Ids = Mapping[str, Container[str]]
"""Task → ids of its questions."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What a system does on a task. `most`: tokens of a written answer, at most; None where lm-eval's task says it.

    `served`: a server counted the tokens, in a way of its own.
    """

    name: str
    adapted: bool
    """With an adapter whose weights were seen."""
    searches: bool
    shows: bool
    most: int | None
    served: bool
    form: Form | None
    spec: TaskSpec | LmEvalSpec

    def too_many(self, tokens: int) -> str | None:
        if self.most is None or self.served or tokens <= self.most:
            return None
        return f"has {tokens} tokens, and the task allows {self.most}."


@dataclass(frozen=True)
class Known:
    """What rows are held against."""

    manifest: Manifest
    questions: Ids | None = None
    passages: Mapping[tuple[str, str], Passage] | None = None
    """(Task, chunk id) → passage. None, as of questions: rows are not held against them."""

    @cached_property
    def planned(self) -> Mapping[tuple[str, str], Planned]:
        """(Task, system id) → what it does there."""
        manifest = self.manifest
        return {
            (entry.task, entry.system): _planned(
                manifest.systems[entry.system].on(entry.task), manifest.tasks[entry.task]
            )
            for entry in manifest.plan
        }

    @cached_property
    def seeds(self) -> frozenset[tuple[str, str, int]]:
        return frozenset((entry.task, entry.system, entry.seed) for entry in self.manifest.plan)

    def wrong_system(self, row: Row) -> str | None:
        if (row.task, row.system) in self.planned:
            return None
        return f"is of system {row.system!r} on task {row.task!r}, which run.json does not plan."

    def wrong_seed(self, row: AnswerRow | FailureRow) -> str | None:
        """Whether a row is of a seed that is planned for its system, which is."""
        if (row.task, row.system, row.seed) in self.seeds:
            return None
        name = self.planned[row.task, row.system].name
        return f"is of seed {row.seed}, which run.json does not plan for {name}."

    def wrong_question(self, row: AnswerRow | TimingRow | PromptSample | FailureRow, verb: str) -> str | None:
        if self.questions is None or row.question_id in self.questions.get(row.task, ()):
            return None
        return f"{verb} question {row.question_id!r} of task {row.task!r}, which questions.jsonl lacks."

    def wrong_answer(self, row: AnswerRow, question: Question) -> str | None:
        """What is wrong with an answer to `question`, by a system that is planned."""
        system = self.planned[row.task, row.system]
        most, found = system.most, row.retrieved
        if wrong := self.wrong_seed(row):
            return wrong
        if (row.adapter is None) == system.adapted:
            lacks, has = ("lacks", "one") if system.adapted else ("has", "none")
            return f"{lacks} an adapter, and {system.name} has {has}."
        if (row.metrics is None) != (most is not None):
            return (
                "has scores of the task's own code, and the task has none."
                if most
                else "lacks the task's own scores."
            )
        if wrong := system.too_many(row.completion_tokens - row.reasoning_tokens):
            return wrong
        if row.reasoning_tokens > row.completion_tokens:
            return f"has {row.reasoning_tokens} tokens of thoughts among {row.completion_tokens}."
        if row.shown_passages > len(found):
            return f"shows {row.shown_passages} passages, and {len(found)} were found."
        if found and not system.shows:
            return f"found passages, and {system.name} shows none."
        if found and self.passages is not None:
            for ranked in found:
                passage = self.passages.get((row.task, ranked.chunk_id))
                if passage is None or passage.doc_id != ranked.doc_id:
                    return f"found {ranked.chunk_id!r} of {ranked.doc_id!r}, which passages.jsonl lacks."
        options = options_of(question, system.form, system.spec)
        if row.choice_logprobs is None and row.finish_reason != "choice" and not options:
            return None
        return _wrong_choice(row, options)

    def wrong_times(self, row: TimingRow) -> str | None:
        """What is wrong with a timed answer, by a system that is planned."""
        system = self.planned[row.task, row.system]
        if not (row.retrieve_s or 0.0) <= row.ttft_s <= row.e2e_s:
            times = f"retrieval {row.retrieve_s}, first token {row.ttft_s}, last token {row.e2e_s} seconds"
            return f"runs backwards: {times}."
        if (row.retrieve_s is None) == system.searches:
            return (
                f"{'lacks' if system.searches else 'has'} a time of retrieval, against what {system.name} is."
            )
        if not (row.merged or system.adapted):
            return f"is of an adapter that is not merged, and {system.name} has none."
        if row.warm and not system.served:
            return f"is of a prompt that was read before, and {system.name} keeps none."
        return system.too_many(row.completion_tokens - row.reasoning_tokens)


def _planned(system: System, task: TaskFacts) -> Planned:
    most = task.spec.answer.max_tokens if isinstance(task.spec, TaskSpec) else None
    shows = system.passages is not None
    served = system.model.server is not None
    adapted = system.recipe is not None
    return Planned(system.name, adapted, system.searches, shows, most, served, system.form, task.spec)


def _wrong_choice(row: AnswerRow, choices: Sequence[str]) -> str | None:
    """Whether options were scored where there are some, and the likeliest of them is the answer."""
    logprobs = row.choice_logprobs
    if (logprobs is None) == (row.finish_reason == "choice"):
        return (
            f"ended by {row.finish_reason!r}, and has {'no' if logprobs is None else 'its'} log-likelihoods."
        )
    if logprobs is None:
        return "was written, and its question has options to choose from." if choices else None
    if row.completion_tokens:
        return f"has {row.completion_tokens} tokens, and nothing was written."
    if not choices:  # lm-eval scores a text by its likelihood without any choice
        return None if row.metrics is not None else "has log-likelihoods, and its question has no choices."
    if len(logprobs) != len(choices):
        return "has another number of log-likelihoods than its question has choices."
    likeliest = choices[logprobs.index(max(logprobs))]
    return (
        None
        if row.prediction == likeliest
        else f"is {shown(row.prediction)}, and {shown(likeliest)} is likelier."
    )
