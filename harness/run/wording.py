"""How a task puts its questions, makes training examples of them, and what it makes of the answers itself.

A task file of our own does it with the functions of `prompts.py` and leaves scoring to `scoring/`. A task that
brings its own way (`Task.wording`) implements the same protocol; nothing else in a run asks which one it has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from harness.engines.chat import Chat
from harness.finetune.packing import Example
from harness.records import AnswerRow, Decoding, Generation, Message, Prompt, Question, Ranked
from harness.run.prompts import Context, build_prompt, messages, pick_examples, target_text
from harness.spec.strategy import Source, Strategy
from harness.spec.task import Task

Passages = tuple[Ranked, ...]
"""Everything retrieved for a question, best first; how many are shown is the wording's to say."""


class Wording(Protocol):
    """One task's way of asking a model."""

    @property
    def decoding(self) -> Decoding: ...

    def prompt(self, strategy: Strategy, question: Question, passages: Passages) -> Prompt:
        """The prompt of a question under a strategy, within the task's budget."""

    def example(self, strategy: Strategy, question: Question, passages: Passages) -> Example:
        """The same prompt with the reply that a fine-tune shall learn."""

    def messages(self, strategy: Strategy, question: Question, prompt: Prompt) -> list[Message]:
        """The conversation that was rendered as `prompt`; empty where no chat template was applied."""

    def metrics(self, question: Question, generation: Generation) -> dict[str, Any] | None:
        """The scores of an answer as JSON values, where the task has code of its own for them."""

    def aggregates(self, rows: Sequence[AnswerRow]) -> Mapping[str, float | None]:
        """What the task makes of all answers together, beyond the means of their scores."""


@dataclass(frozen=True)
class OwnWording:
    """The wording of a task file: system message, examples as earlier turns, passages before the question."""

    task: Task
    chat: Chat
    seed: int

    @property
    def decoding(self) -> Decoding:
        assert self.task.own
        return Decoding(self.task.own.answer.max_tokens, tuple(self.task.own.answer.stop))

    @cached_property
    def examples(self) -> tuple[Question, ...]:
        return pick_examples(self.task, self.seed) if self.task.train else ()

    def prompt(self, strategy: Strategy, question: Question, passages: Passages) -> Prompt:
        context = Context(self.examples, passages, self.task.spec.retrieval.k)
        return build_prompt(self.chat, self.task, strategy, question, context)

    def example(self, strategy: Strategy, question: Question, passages: Passages) -> Example:
        target = (*self.chat.encode(target_text(self.task, question)), self.chat.end_token)
        return Example(self.prompt(strategy, question, passages).tokens, target, question.fact_id)

    def messages(self, strategy: Strategy, question: Question, prompt: Prompt) -> list[Message]:
        examples = self.examples if Source.EXAMPLES in strategy.context else ()
        passages = [ranked.passage for ranked in prompt.retrieved[: prompt.shown]]
        return messages(self.task, question, examples, passages)

    def metrics(self, question: Question, generation: Generation) -> None:  # noqa: ARG002
        return None

    def aggregates(self, rows: Sequence[AnswerRow]) -> Mapping[str, float | None]:  # noqa: ARG002
        return {}


def wording_of(task: Task, chat: Chat, seed: int) -> Wording:
    """The task's own wording where it brings one, else that of its file."""
    if task.wording:
        own: Wording = task.wording(chat)
        return own
    return OwnWording(task, chat, seed)
