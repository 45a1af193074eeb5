"""The one function that builds prompts: for every strategy, for testing and for training alike.

A conversation is the task's system message, the examples as earlier turns, and the question, with any
passages before it. What differs between two strategies is exactly what their context names.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from harness.engines.chat import Chat
from harness.files import sha256_text
from harness.records import Message, Pair, Passage, Prompt, Question, Ranked
from harness.spec.strategy import Source, Strategy
from harness.spec.task import Task


@dataclass(frozen=True, slots=True)
class Context:
    """What a strategy puts beside one question: the examples, and the passages, best first."""

    examples: tuple[Question, ...] = ()
    passages: tuple[Ranked, ...] = ()
    """Everything retrieved, for the record; only the first `show` are meant for the prompt."""
    show: int = 0


def target_text(task: Task, question: Question) -> str:
    """The reply that training and examples show: the first answer, or the refusal."""
    if not question.answerable:
        return task.own.answer.refusal or ""
    return question.answers[0]


def pick_examples(task: Task, seed: int) -> tuple[Question, ...]:
    """The `examples.k` training questions that every prompt of a few-shot strategy shows, seeded."""
    count = min(task.spec.examples.k, len(task.train))
    return tuple(random.Random(f"examples:{seed}").sample(task.train, count))


def build_prompt(chat: Chat, task: Task, strategy: Strategy, question: Question, context: Context) -> Prompt:
    """Render one prompt within the task's budget.

    Over budget, whole passages are dropped from the lowest-ranked up; the system message and the question
    stay whole. Every drop is counted.
    """
    retrieves = strategy.uses_corpus
    wanted = min(context.show, len(context.passages)) if retrieves else 0
    examples = context.examples if Source.EXAMPLES in strategy.context else ()
    budget = min(task.spec.retrieval.max_prompt_tokens, chat.context_tokens - task.own.answer.max_tokens)
    shown = wanted
    while True:
        passages = [ranked.passage for ranked in context.passages[:shown]]
        text = chat.render(messages(task, question, examples, passages))
        tokens = chat.encode(text)
        if len(tokens) <= budget or shown == 0:
            break
        shown -= 1
    return Prompt(
        text=text,
        tokens=tokens,
        sha256=sha256_text(text),
        retrieved=context.passages if retrieves else (),
        shown=shown,
        dropped=wanted - shown,
        pairs=tuple(Pair(tokens, chat.encode(choice)) for choice in question.choices),
    )


def messages(
    task: Task, question: Question, examples: Sequence[Question], passages: Sequence[Passage]
) -> list[Message]:
    """The conversation: system, one turn pair an example, the question."""
    turns = [Message("system", task.own.system_message)]
    for example in examples:
        turns.append(Message("user", task.own.user_message(example.question)))
        turns.append(Message("assistant", target_text(task, example)))
    turns.append(Message("user", with_passages(task.own.user_message(question.question), passages)))
    return turns


def with_passages(question: str, passages: Sequence[Passage]) -> str:
    """Passages before the question, the best one nearest to it (arXiv 2407.01219)."""
    return f"{documents(passages)}\n\nQuestion: {question}" if passages else question


def documents(passages: Sequence[Passage]) -> str:
    """The passages as they stand before a question; nothing where there are none."""
    blocks = [f"{passage.title}\n{passage.text}" for passage in reversed(passages)]
    return "\n\n".join(["Documents:", *blocks]) if blocks else ""
