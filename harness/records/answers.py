"""What a run writes of each answer: the answer, its prompt, its times, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from harness.ranges import Count, Known, LogProb, Positive, Seconds, Seed, Sha256, Text, Values
from harness.records.passages import RankedDoc

Scores = Mapping[str, Any]
"""Metric → what a task's own code made of an answer."""
FinishReason = Literal["stop", "length", "choice"]
"""Why an answer ended: an end token or a stop text; `max_tokens`; nothing was written, options were scored."""


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One line of `answers.jsonl`. `system` is the id of the one that answered; `retrieved`: best first."""

    task: Known
    system: Known
    question_id: Known
    seed: Seed
    prediction: Text
    choice_logprobs: tuple[LogProb, ...] | None
    prompt_tokens: Count
    completion_tokens: Count
    finish_reason: FinishReason
    retrieved: tuple[RankedDoc, ...]
    shown_passages: Count
    dropped_passages: Count
    prompt_sha256: Sha256
    batch: Count
    """Number of the batch within (task, system, seed); its wall time stands in `batches.jsonl`."""
    cached: bool = False
    adapter: Sha256 | None = None
    metrics: Values | None = None
    """What the task's own code made of the answer, by metric; None where this program scores it (`scoring/`)."""
    reasoning_tokens: Count = 0
    """Of the completion: thoughts before the answer, which `prediction` leaves out."""
    cached_tokens: Count | None = None
    """Of the prompt: those that the server says it had read before; None where nobody says."""
    attempts: Positive = 1
    """How often the server was asked until it answered."""
    repeat: Count = 0
    """0 in `answers.jsonl`; in `repeats.jsonl`, which time the question was asked again."""
    examples: tuple[Known, ...] = ()
    """Ids of the training questions that were found for this one and shown before it, the nearest first."""


@dataclass(frozen=True, slots=True)
class FailureRow:
    """One line of `failures.jsonl`: an answer that could not be had, and is missing until a later attempt has it.

    `reason`: a clause. `repeat`: as in the answer's own row. `final`: a result, which asking again does not change (a
    prompt longer than the model reads), so that nobody does. `timed`: of the timing pass, which asks nothing again.
    """

    task: Known
    system: Known
    question_id: Known
    seed: Seed
    reason: Text
    attempts: Positive = 1
    repeat: Count = 0
    final: bool = False
    timed: bool = False


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One line of `batches.jsonl`: how long one batch of the answer pass took, wall clock, seconds.

    `sharing`: how many workers, this one among them, shared its machine and computed batches of their own meanwhile.
    `machines`: how many answered at once, where the model has several servers.
    """

    task: Known
    system: Known
    batch: Count
    questions: Positive
    completion_tokens: Count
    wall_s: Seconds
    seed: Seed = 0
    sharing: Positive = 1
    machines: Positive = 1

    @property
    def machine_s(self) -> float:
        """The seconds of a whole machine that it took."""
        return self.wall_s * self.machines / self.sharing


@dataclass(frozen=True, slots=True)
class TimingRow:
    """One line of `timings.jsonl`: one question answered alone by a warmed-up model, seconds.

    `retrieve_s`: to find passages or examples; None where the system looks for none. `merged` is False only for the row
    that shows an adapter unmerged beside its merged (deployed) form. `warm` is True only for the row that shows a
    server which has read the same prompt before; the others ask it for a prompt that it has not in its cache.
    `cached_tokens`: of the prompt, that the server says it had read before.
    """

    task: Known
    system: Known
    question_id: Known
    block: Count
    position: Count
    retrieve_s: Seconds | None
    ttft_s: Seconds
    e2e_s: Seconds
    prompt_tokens: Count
    completion_tokens: Count
    merged: bool = True
    warm: bool = False
    cached_tokens: Count | None = None
    reasoning_tokens: Count = 0

    @property
    def deployed(self) -> bool:
        """Whether it stands for its system: an adapter as it would be deployed, a server new to the prompt."""
        return self.merged and not self.warm


@dataclass(frozen=True, slots=True)
class PromptSample:
    """One line of `prompts.jsonl`: the first prompt of a task and system, as the model read it."""

    task: Known
    system: Known
    question_id: Known
    messages: Count
    text: Text
    skeleton: Text
    """The same conversation with its n-th content replaced by `%%n%%`: what the chat template itself writes."""
    first_tokens: tuple[Count, ...]
    """The prompt's first ids, at most 8."""
    added_tokens: tuple[Count, ...]
    """Ids that the tokenizer puts around any text by itself: those of the empty text."""
    system_turn: Literal["own", "user"] = "own"
    """As of `TemplateFacts`."""
