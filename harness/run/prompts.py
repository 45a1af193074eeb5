"""Prompts: for every system, for testing and for training alike.

A conversation is the task's system message, the examples as earlier turns, and the question, with any passages before
it. What differs between the prompts of two systems is exactly what their contexts say. A task that brings prompts of
its own (`Task.prompts`) implements `TaskPrompts` too; nothing else in a run asks which kind it has.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

from harness.corpus.retrievers import holds_answer
from harness.engines.engine import (
    Completion,
    Continuation,
    Decoding,
    Engine,
    Message,
    PromptFacts,
    Request,
    Wanted,
)
from harness.engines.reasoning import thinking_tokens
from harness.finetune.trainer import Example
from harness.records import Passage, Question, Ranked, Scores
from harness.run.wording import target_text, user_turn
from harness.scoring.citations import citation
from harness.spec.context import (
    Contexts,
    Examples,
    Nearest,
    examples_of,
    instructions_of,
    passages_of,
    whole_corpus,
)
from harness.spec.system import Form
from harness.spec.task import Task

Passages = tuple[Ranked, ...]
"""Everything retrieved for a question, best first; how many are shown is for the prompt's budget to say."""
Nearby = Sequence[Question]
"""The training questions that were found for a question, the nearest first."""
NOTHING = b""


@dataclass(frozen=True, slots=True)
class Prompt:
    """How a question is put: how long that is, what is wanted behind it, and what went into it."""

    facts: PromptFacts
    wanted: Wanted
    make: Callable[[], Request] = field(compare=False, repr=False)
    retrieved: Passages = ()
    """Everything retrieved, best first, whether or not it is shown to the model."""
    shown: int = 0
    """How many of `retrieved` (from the front) stand in the prompt."""
    dropped: int = 0
    """How many passages the system wanted to show and the budget did not allow."""
    nearest: tuple[Question, ...] = ()
    """The examples that were found for the question and stand in the prompt, the nearest first."""

    @classmethod
    def of(
        cls,
        request: Request,
        facts: PromptFacts,
        retrieved: Passages = (),
        shown: int = 0,
        dropped: int = 0,
        nearest: tuple[Question, ...] = (),
    ) -> Prompt:
        """A prompt whose request is at hand."""
        return cls(facts, request.wanted, lambda: request, retrieved, shown, dropped, nearest)

    @property
    def request(self) -> Request:
        """What the model is asked. A job keeps no text, so that of its prompts is made anew each time."""
        return self.make()


class TaskPrompts(Protocol):
    """How one task puts its questions to a model, and what it makes of the answers itself."""

    def prompt(
        self,
        contexts: Contexts,
        question: Question,
        passages: Passages,
        nearest: Nearby = (),
        form: Form | None = None,
    ) -> Prompt:
        """The prompt of a question in a context, within its budget.

        `nearest`: its own examples, where it has some. `form`: what the answer is held to.
        """

    def keep(self, request: Request) -> bytes:
        """What `again` needs of a request beside the parts of its prompt."""

    def again(
        self,
        contexts: Contexts,
        question: Question,
        passages: Passages,
        nearest: Nearby,
        wanted: Wanted,
        kept: bytes,
    ) -> Request:
        """The request of a prompt that was made before, to the byte. `passages`, `nearest`: those that it shows.

        Quick, as nothing is measured, and safe from any thread.
        """

    def example(
        self, contexts: Contexts, question: Question, passages: Passages, nearest: Nearby = ()
    ) -> Example:
        """The same prompt with the reply that a fine-tune shall learn."""

    def turns(self, contexts: Contexts, question: Question, prompt: Prompt) -> list[Message]:
        """The conversation behind `prompt`; empty where no chat template is applied."""

    @property
    def thinking(self) -> bool | None:
        """Whether its conversations ask the model to think before it replies; None: as the chat template has it."""

    def metrics(self, question: Question, completion: Completion) -> dict[str, Any] | None:
        """The scores of an answer as JSON values, where the task has code of its own for them.

        Raises TaskFailed where they cannot be had, or cannot stand as accuracy.
        """

    def shares(self, scores: Mapping[str, Scores]) -> tuple[str, ...]:
        """The metrics of the task that may stand as accuracy, as answers show. `scores`: by question id."""

    def aggregates(self, scores: Mapping[str, Scores], shown: Collection[str]) -> Mapping[str, float | None]:
        """What the task makes of all answers together, by metric; but for those that are `shown` as means of scores."""


@dataclass(frozen=True)
class TaskFilePrompts:
    """The prompts of a task file."""

    task: Task
    engine: Engine
    _picked: dict[Examples, tuple[Question, ...]] = field(default_factory=dict)

    def _wanted(self, question: Question, form: Form | None) -> Wanted:
        """How the answer is written, and what is scored where it is chosen instead."""
        answer = self.task.own.answer
        if form == "options":
            return Wanted(
                self.decoding, tuple(Continuation(label, ends=True) for label in answer.labels or ())
            )
        if form == "constrained":
            return Wanted(replace(self.decoding, form=answer.form))
        return Wanted(self.decoding, tuple(Continuation(choice) for choice in question.choices))

    @cached_property
    def decoding(self) -> Decoding:
        answer = self.task.own.answer
        return Decoding(
            answer.max_tokens,
            tuple(answer.stop),
            json=answer.type == "json",
            thinking_tokens=thinking_tokens(self.engine),
        )

    def prompt(
        self,
        contexts: Contexts,
        question: Question,
        passages: Passages,
        nearest: Nearby = (),
        form: Form | None = None,
    ) -> Prompt:
        """Over budget, whole passages are dropped from the lowest-ranked up; every drop is counted.

        The system message, the examples and the question stay whole.
        """
        limits = passages_of(contexts)
        most = min(limits.k, len(passages)) if limits else len(passages) if whole_corpus(contexts) else 0
        chosen, wanted = examples_of(contexts), self._wanted(question, form)
        found = tuple(nearest[: chosen.k]) if isinstance(chosen, Nearest) else ()
        room = self.engine.window - reply_room(wanted)
        shown = most
        while True:
            request = self.again(contexts, question, passages[:shown], found, wanted, NOTHING)
            facts = self.engine.inspect(request)
            if not limits or shown == 0:
                break
            if facts.tokens <= limits.max_prompt_tokens and facts.longest <= room:
                break
            shown -= 1
        return Prompt.of(
            request, facts, passages if limits else (), shown if limits else 0, most - shown, found
        )

    def keep(self, request: Request) -> bytes:  # noqa: ARG002 - all of it is made of the parts
        return NOTHING

    def again(
        self,
        contexts: Contexts,
        question: Question,
        passages: Passages,
        nearest: Nearby,
        wanted: Wanted,
        kept: bytes,  # noqa: ARG002
    ) -> Request:
        documents = [ranked.passage for ranked in passages]
        turns = self._messages(contexts, self._examples(contexts, nearest), question, documents)
        return Request(tuple(turns), wanted.decoding, wanted.continuations, wanted.whole)

    def example(
        self, contexts: Contexts, question: Question, passages: Passages, nearest: Nearby = ()
    ) -> Example:
        prompt = self.prompt(contexts, question, passages, nearest)
        written = Request(prompt.request.prompt, prompt.wanted.decoding)
        reply = target_text(self.task, question)
        form = self.task.own.answer.citations
        if form and (number := _gold_number(question, prompt)):
            reply = f"{reply} {citation(form, number)}"
        return Example(written, reply, question.fact_id, question)

    def turns(self, contexts: Contexts, question: Question, prompt: Prompt) -> list[Message]:  # noqa: ARG002
        assert not isinstance(prompt.request.prompt, str)  # `prompt` made a conversation
        return list(prompt.request.prompt)

    @property
    def thinking(self) -> bool:
        return False

    def metrics(self, question: Question, completion: Completion) -> None:  # noqa: ARG002
        return None

    def shares(self, scores: Mapping[str, Scores]) -> tuple[str, ...]:  # noqa: ARG002
        return self.task.spec.metrics

    def aggregates(
        self,
        scores: Mapping[str, Scores],  # noqa: ARG002
        shown: Collection[str],  # noqa: ARG002
    ) -> Mapping[str, float | None]:
        return {}

    def _messages(
        self,
        contexts: Contexts,
        examples: Sequence[Question],
        question: Question,
        passages: Sequence[Passage],
    ) -> list[Message]:
        """The conversation: system, one turn pair an example, the question."""
        task = self.task
        own = instructions_of(contexts)
        turns = [Message("system", (own and own.system) or task.own.system_message)]
        for example in examples:
            turns += [user_turn(task, example, ()), Message("assistant", target_text(task, example))]
        citations = task.own.answer.citations if passages_of(contexts) else None
        return [*turns, user_turn(task, question, passages, citations)]

    def _examples(self, contexts: Contexts, nearest: Nearby) -> tuple[Question, ...]:
        """The examples in the order in which they are shown, the nearest to the question last."""
        chosen = examples_of(contexts)
        if isinstance(chosen, Nearest):
            return tuple(reversed(nearest))
        if chosen is None or not self.task.train:
            return ()
        if chosen not in self._picked:
            self._picked[chosen] = pick_examples(self.task, chosen)
        return self._picked[chosen]


def prompts_of(task: Task, engine: Engine) -> TaskPrompts:
    """The task's own prompts where it brings some, else those of its file."""
    own: TaskPrompts | None = task.prompts and task.prompts(engine)
    return own or TaskFilePrompts(task, engine)


def reply_room(wanted: Wanted) -> int:
    """The most tokens that the model may write."""
    return 0 if wanted.scored else wanted.decoding.most


def pick_examples(task: Task, chosen: Examples) -> tuple[Question, ...]:
    """The training questions that every prompt with these examples shows, seeded."""
    count = min(chosen.k, len(task.train))
    return tuple(random.Random(f"examples:{chosen.seed}").sample(task.train, count))


def _gold_number(question: Question, prompt: Prompt) -> int | None:
    """The number of a right passage among those that a prompt shows; None where it shows none, or nothing is answered.

    One that holds an answer word for word comes first.
    """
    shown = prompt.retrieved[: prompt.shown] if question.answerable else ()
    gold = [place for place, ranked in enumerate(shown) if ranked.passage.doc_id in question.gold_docs]
    holding = [place for place in gold if holds_answer(shown[place].passage, question)]
    first = next(iter([*holding, *gold]), None)
    return None if first is None else len(shown) - first
