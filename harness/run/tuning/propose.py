"""System messages that a model proposes for a task, after training questions with their right replies.

Each request shows other questions and asks for another kind of message, so that greedy decoding gives several (as
MIPROv2 does, arXiv 2406.11695). Neither dev nor test questions are shown.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.engines.engine import Clock, Completion, Decoding, Engine, Message, Request, is_served
from harness.engines.reasoning import thinking_tokens
from harness.quantities import listed
from harness.records import ApiPrice, ProposalRow
from harness.run.spending import cost_of
from harness.run.wording import target_text
from harness.spec.task import Task

SHOWN = 6
"""Training questions that a request shows."""
LONGEST = 400
"""Characters of a question or a reply that it shows."""
MOST_TOKENS = 200
"""The most tokens of a proposed message."""
ATTEMPTS = 3
"""The most requests for one message: some are the same as others, or empty."""

KINDS = (
    "Keep it short and clear.",
    "Say exactly what form a reply has.",
    "Describe what the questions are about and what matters in a reply.",
    "Say which mistakes a reply must not make.",
    "Begin by telling the assistant who it is.",
    "Give the steps that lead to a right reply, which itself is only the result.",
)
"""What is asked of a message, in turn."""

Keep = Callable[[ProposalRow], None]


@dataclass(frozen=True)
class Proposer:
    """Proposes messages for the systems of one task and model. `engine`: of the model that proposes.

    `price`: of its tokens; None: they are not paid for, or no price is known.
    """

    task: Task
    model: str | None
    """What the run calls the model that answers; None: it has only one."""
    engine: Engine
    seed: int
    clock: Clock
    price: ApiPrice | None = None

    def propose(self, count: int, known: Sequence[ProposalRow], keep: Keep) -> list[ProposalRow]:
        """Ask until `count` messages serve, or enough was asked; `known`: what a stopped run proposed already.

        `keep` is given each new row as soon as it is there: a server is asked for one at a time, so that nothing that
        was paid for is lost.
        """
        rows = list(known)
        while (lacking := count - sum(row.dropped is None for row in rows)) > 0:
            numbers = range(len(rows), min(len(rows) + lacking, ATTEMPTS * count))
            if not numbers:
                break
            for row in self._asked(numbers[:1] if is_served(self.engine) else numbers, rows):
                keep(row)
                rows.append(row)
        return rows

    def _asked(self, numbers: Sequence[int], before: Sequence[ProposalRow]) -> list[ProposalRow]:
        requests = [self._request(number) for number in numbers]
        start = self.clock()
        completions = self.engine.complete(requests)
        seconds = (self.clock() - start) / len(requests)
        rows: list[ProposalRow] = []
        for number, request, completion in zip(numbers, requests, completions, strict=True):
            text = whole(self.task, message_of(completion.text))
            read = completion.usage.prompt_tokens if completion.usage else self.engine.inspect(request).tokens
            rows.append(
                ProposalRow(
                    task=self.task.name,
                    model=self.model,
                    proposer=self.engine.identity.name,
                    number=number,
                    text=text,
                    seconds=seconds,
                    prompt_tokens=read,
                    completion_tokens=completion.completion_tokens,
                    dropped=self._fault(completion, text, [*before, *rows]),
                    usd=None if self.price is None else cost_of(self.price, completion, read),
                )
            )
        return rows

    def _fault(self, completion: Completion, text: str, before: Sequence[ProposalRow]) -> str | None:
        """Why a message is not tried, a clause."""
        if not message_of(completion.text):
            return "it is empty"
        if completion.finish_reason == "length":
            return f"it is longer than {MOST_TOKENS} tokens"
        if _words(text) in {_words(row.text) for row in before} | {_words(self.task.own.system_message)}:
            return "it says what another one says"
        return None

    def _request(self, number: int) -> Request:
        turns = (
            Message("system", "You write instructions for an assistant."),
            Message("user", self._asks(number)),
        )
        return Request(turns, Decoding(MOST_TOKENS, thinking_tokens=thinking_tokens(self.engine)))

    def _asks(self, number: int) -> str:
        task, rng = self.task, random.Random(f"propose:{self.seed}:{number}")
        shown = rng.sample(task.train, min(SHOWN, len(task.train)))
        pairs = "\n\n".join(
            f"Question: {_cut(question.question)}\nReply: {_cut(target_text(task, question))}"
            for question in shown
        )
        return (
            f"An assistant works with this instruction:\n\n{task.own.system_message}\n\n"
            f"These are questions with the replies that it should give:\n\n{pairs}\n\n"
            "Write a better instruction, with which the assistant gives just such replies to questions of this kind. "
            f"{KINDS[number % len(KINDS)]} Write the instruction and nothing else."
        )


def message_of(reply: str) -> str:
    """The message in a reply: without quotation marks or a heading around it."""
    text = reply.strip()
    for lead in ("Instruction:", "Instructions:", "**Instruction:**", "Better instruction:"):
        text = text.removeprefix(lead).strip()
    fenced = text.startswith("```") and text.endswith("```") and len(text) > 6
    text = text.strip("`").strip() if fenced else text
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] == '"' else text


def whole(task: Task, text: str) -> str:
    """A message with what replies need that it leaves out: the labels, and how to refuse."""
    answer = task.own.answer
    missing = [label for label in answer.labels or () if label not in text]
    if text and missing:
        text = f"{text}\nReply with one of: {', '.join(answer.labels or ())}."
    if text and answer.refusal and answer.refusal not in text:
        text = f"{text}\nWhere the answer is not known, reply: {answer.refusal}"
    return text


def in_words(rows: Sequence[ProposalRow]) -> str:
    """`6 system messages, proposed by large; not tried: 2, as it is empty`."""
    served = sum(row.dropped is None for row in rows)
    by = listed(dict.fromkeys(row.proposer for row in rows))
    lost = Counter(row.dropped for row in rows if row.dropped)
    rest = f"; not tried: {listed([f'{count}, as {why}' for why, count in lost.items()])}" if lost else ""
    return f"{served} system message{'' if served == 1 else 's'}, proposed by {by}{rest}"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rstrip()}…"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.casefold().split())
