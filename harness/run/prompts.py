"""Prompts: for every system, for testing and for training alike.

A conversation is the task's system message, the examples as earlier turns, and the question, with any passages before
it. What differs between the prompts of two systems is exactly what their contexts say. A task that brings prompts of
its own (`Task.prompts`) implements `TaskPrompts` too; nothing else in a run asks which kind it has.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

from harness.engines.engine import (
    Completion,
    Continuation,
    Decoding,
    Engine,
    Message,
    PromptFacts,
    Request,
)
from harness.engines.reasoning import THINKING_TOKENS
from harness.finetune.trainer import Example
from harness.records import Passage, Question, Ranked, Scores
from harness.scoring.citations import citation
from harness.spec.context import Context, Examples, Gold, Instructions, Nearest, Retrieved, WholeCorpus
from harness.spec.system import Form
from harness.spec.task import Task

Contexts = tuple[Context, ...]
Passages = tuple[Ranked, ...]
"""Everything retrieved for a question, best first; how many are shown is for the prompt's budget to say."""
Nearby = Sequence[Question]
"""The training questions that were found for a question, the nearest first."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request, and what went into it."""

    request: Request
    facts: PromptFacts
    retrieved: Passages = ()
    """Everything retrieved, best first, whether or not it is shown to the model."""
    shown: int = 0
    """How many of `retrieved` (from the front) stand in the prompt."""
    dropped: int = 0
    """How many passages the system wanted to show and the budget did not allow."""
    nearest: tuple[Question, ...] = ()
    """The examples that were found for the question and stand in the prompt, the nearest first."""


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


def passages_of(contexts: Contexts) -> Retrieved | Gold | None:
    """The part of a context that puts passages into the prompt."""
    return next((part for part in contexts if isinstance(part, Retrieved | Gold)), None)


def whole_corpus(contexts: Contexts) -> bool:
    """Whether every document of the corpus stands in the prompt."""
    return any(isinstance(part, WholeCorpus) for part in contexts)


def examples_of(contexts: Contexts) -> Examples | Nearest | None:
    """The part of a context that puts examples into the prompt."""
    return next((part for part in contexts if isinstance(part, Examples | Nearest)), None)


@dataclass(frozen=True)
class TaskFilePrompts:
    """The prompts of a task file."""

    task: Task
    engine: Engine
    _picked: dict[Examples, tuple[Question, ...]] = field(default_factory=dict)

    def _wanted(self, question: Question, form: Form | None) -> tuple[Decoding, tuple[Continuation, ...]]:
        """How the answer is written, and what is scored where it is chosen instead."""
        answer = self.task.own.answer
        if form == "options":
            return self.decoding, tuple(Continuation(label, ends=True) for label in answer.labels or ())
        if form == "constrained":
            return replace(self.decoding, form=answer.form), ()
        return self.decoding, tuple(Continuation(choice) for choice in question.choices)

    @cached_property
    def decoding(self) -> Decoding:
        answer, facts = self.task.own.answer, self.engine.template_facts()
        thinks = facts is not None and facts.thinking == "on"
        return Decoding(
            answer.max_tokens,
            tuple(answer.stop),
            json=answer.type == "json",
            thinking_tokens=min(THINKING_TOKENS, self.engine.window // 4) if thinks else 0,
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
        wanted = min(limits.k, len(passages)) if limits else len(passages) if whole_corpus(contexts) else 0
        decoding, options = self._wanted(question, form)
        examples = self._examples(contexts, nearest)
        found = tuple(reversed(examples)) if isinstance(examples_of(contexts), Nearest) else ()
        shown = wanted
        while True:
            documents = [ranked.passage for ranked in passages[:shown]]
            turns = self._messages(contexts, examples, question, documents)
            request = Request(tuple(turns), decoding, options)
            facts = self.engine.inspect(request)
            if not limits or shown == 0:
                break
            if facts.tokens <= limits.max_prompt_tokens and facts.longest <= self.engine.window - reply_room(
                request
            ):
                break
            shown -= 1
        if not limits:
            return Prompt(request, facts, nearest=found)
        return Prompt(request, facts, passages, shown, wanted - shown, found)

    def example(
        self, contexts: Contexts, question: Question, passages: Passages, nearest: Nearby = ()
    ) -> Example:
        prompt = self.prompt(contexts, question, passages, nearest)
        written = Request(prompt.request.prompt, prompt.request.decoding)
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
        own = next((part.system for part in contexts if isinstance(part, Instructions)), None)
        turns = [Message("system", own or task.own.system_message)]
        for example in examples:
            turns += [user_turn(task, example, ()), Message("assistant", target_text(task, example))]
        citations = task.own.answer.citations if passages_of(contexts) else None
        return [*turns, user_turn(task, question, passages, citations)]

    def _examples(self, contexts: Contexts, nearest: Nearby) -> tuple[Question, ...]:
        """In the order in which they are shown: the nearest to the question last, beside it."""
        chosen = examples_of(contexts)
        if isinstance(chosen, Nearest):
            return tuple(reversed(nearest[: chosen.k]))
        if chosen is None or not self.task.train:
            return ()
        if chosen not in self._picked:
            self._picked[chosen] = pick_examples(self.task, chosen)
        return self._picked[chosen]


def prompts_of(task: Task, engine: Engine) -> TaskPrompts:
    """The task's own prompts where it brings some, else those of its file."""
    own: TaskPrompts | None = task.prompts and task.prompts(engine)
    return own or TaskFilePrompts(task, engine)


def reply_room(request: Request) -> int:
    """The most tokens that the model may write to a request."""
    return 0 if request.scored else request.decoding.most


def target_text(task: Task, question: Question) -> str:
    """The reply that training and examples show: the first answer, or the refusal."""
    return reply_of(question, task.own.answer.refusal)


def reply_of(question: Question, refusal: str | None) -> str:
    return question.answers[0] if question.answerable else refusal or ""


def pick_examples(task: Task, chosen: Examples) -> tuple[Question, ...]:
    """The training questions that every prompt with these examples shows, seeded."""
    count = min(chosen.k, len(task.train))
    return tuple(random.Random(f"examples:{chosen.seed}").sample(task.train, count))


def user_turn(
    task: Task, question: Question, passages: Sequence[Passage], citations: str | None = None
) -> Message:
    """The question as the user asks it, behind its passages. `citations`: the form in which replies shall name one."""
    return Message("user", user_content(task.own.user_message(question.question), passages, citations))


def user_content(asked: str, passages: Sequence[Passage], citations: str | None = None) -> str:
    """A user's turn: what is asked, behind its passages where it has some."""
    if not passages:
        return asked
    cite = f"{CITE.format(citation(citations, 1))}\n\n" if citations else ""
    return f"{documents(passages, citations)}\n\n{cite}Question: {asked}"


BETWEEN = "\n\n"
"""Two passages."""
CITE = "End the answer with the number of the document that it is from, as {} for the first."


def documents(passages: Sequence[Passage], citations: str | None = None) -> str:
    """The passages as they stand before a question, the best one nearest to it (arXiv 2407.01219); or nothing.

    Where they may be cited, each begins with how: numbers go up from the first in the prompt.
    """
    blocks = ["\n".join(filter(None, (passage.title, passage.text))) for passage in reversed(passages)]
    if citations:
        blocks = [f"{citation(citations, number)} {block}" for number, block in enumerate(blocks, 1)]
    return BETWEEN.join(["Documents:", *blocks]) if blocks else ""


def _gold_number(question: Question, prompt: Prompt) -> int | None:
    """The number of a right passage among those that a prompt shows; None where it shows none, or nothing is answered.

    One that holds an answer word for word comes first.
    """
    shown = prompt.retrieved[: prompt.shown] if question.answerable else ()
    gold = [place for place, ranked in enumerate(shown) if ranked.passage.doc_id in question.gold_docs]
    holding = [
        place
        for place in gold
        if any(answer.casefold() in shown[place].passage.text.casefold() for answer in question.answers)
    ]
    first = next(iter([*holding, *gold]), None)
    return None if first is None else len(shown) - first
