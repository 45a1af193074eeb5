"""What rows of evidence must agree with: the manifest, the questions that were asked, and themselves.

`run/rows.py` has checked each value by itself. Each function gives what is wrong with a row, a sentence without a
subject; None where nothing is. Answers come column by column, and each function takes the columns that it looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from harness.analysis.answers import Answers
from harness.analysis.evidence import Questions
from harness.errors import shown
from harness.records import (
    AnswerRow,
    BatchRow,
    FailureRow,
    Passage,
    PromptSample,
    TimingRow,
)
from harness.run.facts import TaskFacts
from harness.run.folder import ANSWERS, REPEATS
from harness.run.manifest import Manifest
from harness.spec.lmevalspec import LmEvalSpec
from harness.spec.system import Form, System
from harness.spec.taskspec import TaskSpec, options_of

Row = BatchRow | TimingRow | PromptSample | FailureRow


@dataclass(frozen=True, slots=True)
class Planned:
    """What a system does on a task. `most`: tokens of a written answer, at most; None where lm-eval's task says it.

    `served`: a server counted the tokens, in a way of its own.
    """

    name: str
    adapted: bool
    """Systems with an adapter whose weights were seen."""
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

    def wrong_adapter(self, adapter: str | None) -> str | None:
        if (adapter is None) != self.adapted:
            return None
        lacks, has = ("lacks", "one") if self.adapted else ("has", "none")
        return f"{lacks} an adapter, and {self.name} has {has}."

    def wrong_scores(self, scored: bool) -> str | None:
        if scored == (self.most is None):
            return None
        if self.most:
            return "has scores of the task's own code, and the task has none."
        return "lacks the task's own scores."

    def wrong_tokens(self, tokens: int, thoughts: int) -> str | None:
        if wrong := self.too_many(tokens - thoughts):
            return wrong
        return f"has {thoughts} tokens of thoughts among {tokens}." if thoughts > tokens else None

    def wrong_passages(self, shown: int, found: int) -> str | None:
        if shown > found:
            return f"shows {shown} passages, and {found} were found."
        return f"found passages, and {self.name} shows none." if found and not self.shows else None


@dataclass(frozen=True)
class Known:
    """What rows are held against."""

    manifest: Manifest
    questions: Questions | None = None
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

    def wrong_system(self, row: Row | Answers) -> str | None:
        if (row.task, row.system) in self.planned:
            return None
        return f"is of system {row.system!r} on task {row.task!r}, which run.json does not plan."

    def wrong_seed(self, task: str, system: str, seed: int) -> str | None:
        """Whether a row is of a seed that is planned for its system, which is."""
        if (task, system, seed) in self.seeds:
            return None
        return f"is of seed {seed}, which run.json does not plan for {self.planned[task, system].name}."

    def wrong_question(self, task: str, question_id: str, verb: str) -> str | None:
        if self.questions is None or question_id in self.questions.get(task, ()):
            return None
        return f"{verb} question {question_id!r} of task {task!r}, which questions.jsonl lacks."

    def wrong_answers(self, answers: Answers, *, again: bool) -> dict[int, str]:
        """The place of each answer of a planned system with something wrong → what it is: of several, the first here.

        `again`: to questions that were asked again. A rule is asked once about values that are the same.
        """
        task, system = answers.task, self.planned[answers.task, answers.system]
        rules: tuple[tuple[Callable[..., str | None], tuple[Iterable[object], ...]], ...] = (
            (lambda name: self.wrong_question(task, name, "answers"), (answers.question_id,)),
            (lambda time: _wrong_time(time, again=again), (answers.repeat,)),
            (lambda seed: self.wrong_seed(task, answers.system, seed), (answers.seed,)),
            (system.wrong_adapter, (answers.adapter,)),
            (system.wrong_scores, ([metrics is not None for metrics in answers.metrics],)),
            (system.wrong_tokens, (answers.completion_tokens, answers.reasoning_tokens)),
            (system.wrong_passages, (answers.shown_passages, map(len, answers.retrieved))),
        )
        wrong: dict[int, str] = {}
        for rule, columns in rules:
            values = [*zip(*columns, strict=True)]
            sentences = {some: sentence for some in set(values) if (sentence := rule(*some))}
            if sentences:
                places = enumerate(values)
                wrong = {place: sentences[some] for place, some in places if some in sentences} | wrong
        return self._wrong_choices(answers) | self._wrong_found(answers) | wrong

    def _wrong_found(self, answers: Answers) -> dict[int, str]:
        """Answers for which passages were found that the run does not have."""
        if self.passages is None:
            return {}
        known = {(p.chunk_id, p.doc_id) for (task, _), p in self.passages.items() if task == answers.task}
        named = {(p.chunk_id, p.doc_id) for found in answers.retrieved for p in found}
        if named <= known:
            return {}
        lost = (
            (place, ranked)
            for place, found in reversed([*enumerate(answers.retrieved)])
            for ranked in reversed(found)
            if (ranked.chunk_id, ranked.doc_id) not in known
        )
        return {
            place: f"found {ranked.chunk_id!r} of {ranked.doc_id!r}, which passages.jsonl lacks."
            for place, ranked in lost
        }

    def _wrong_choices(self, answers: Answers) -> dict[int, str]:
        """Answers that picked a wrong option, or should have picked one."""
        system = self.planned[answers.task, answers.system]
        asked = (self.questions or {}).get(answers.task, {})
        options = {name: options_of(one.question, system.form, system.spec) for name, one in asked.items()}
        ends = zip(answers.question_id, answers.finish_reason, answers.choice_logprobs, strict=True)
        chosen = [
            place
            for place, (name, ended, likely) in enumerate(ends)
            if ended == "choice" or likely is not None or options.get(name)
        ]
        wrong = {
            place: _wrong_choice(answers[place], options.get(answers.question_id[place], ()))
            for place in chosen
        }
        return {place: sentence for place, sentence in wrong.items() if sentence}

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


def _wrong_time(time: int, *, again: bool) -> str | None:
    """Whether an answer stands in the other of the two files."""
    if (time > 0) == again:
        return None
    return f"is of time {time}, which {REPEATS if again else ANSWERS} does not hold."
