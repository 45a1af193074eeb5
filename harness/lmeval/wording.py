"""The wording of an lm-eval task: lm-eval makes every prompt and every score, this program reads and counts tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from harness.engines.chat import Chat
from harness.errors import InputError, shown
from harness.files import sha256_json
from harness.finetune.packing import Example
from harness.lmeval.greedy import decoding_of
from harness.lmeval.opened import Opened
from harness.lmeval.tokens import pair, windows
from harness.records import AnswerRow, Decoding, Generation, Message, Pair, Prompt, Question, Ranked
from harness.run.prompts import documents
from harness.spec.strategy import Source, Strategy


@dataclass
class LmEvalWording:
    """Implements `run.wording.Wording`."""

    opened: Opened
    chat: Chat
    _turns: list[Message] = field(default_factory=list)
    """The conversation that was rendered last."""

    @cached_property
    def decoding(self) -> Decoding:
        if not self.opened.written:
            return Decoding(1)
        return decoding_of(self.opened.task.config.generation_kwargs)

    def prompt(self, strategy: Strategy, question: Question, passages: tuple[Ranked, ...]) -> Prompt:
        retrieves = strategy.uses_corpus
        wanted = min(self.opened.spec.retrieval.k, len(passages)) if retrieves else 0
        shots = self.opened.shots if Source.EXAMPLES in strategy.context else 0
        budget = self.opened.spec.retrieval.max_prompt_tokens
        shown = wanted
        while True:
            prompt = self._prompt(question, [ranked.passage for ranked in passages[:shown]], shots)
            if _length(prompt) <= budget or shown == 0:
                break
            shown -= 1
        self._check_length(question, prompt)
        return replace(prompt, retrieved=passages if retrieves else (), shown=shown, dropped=wanted - shown)

    def _prompt(self, question: Question, passages: Sequence[Any], shots: int) -> Prompt:
        self._turns.clear()
        text, requests = self.opened.requests(question, documents(passages), shots, self.render)
        pairs: tuple[Pair, ...] = ()
        if self.opened.kind == "loglikelihood_rolling":
            text = requests[0][0]
            pairs = windows(self.chat, text)
        elif not self.opened.written:
            pairs = tuple(pair(self.chat, *request[:2]) for request in requests)
        tokens = pairs[0].context if pairs else self.chat.encode_whole(text)
        if self.opened.kind == "loglikelihood_rolling":
            tokens = tuple(token for one in pairs for token in (*one.context, *one.continuation))
        asked = [[one.context, one.continuation] for one in pairs]
        return Prompt(text, tokens, sha256_json({"tokens": tokens, "pairs": asked}), pairs=pairs)

    def render(self, history: Sequence[Mapping[str, str]], add_generation_prompt: bool = True) -> str:
        """The chat template, as lm-eval calls it."""
        turns = [Message(turn["role"], turn["content"]) for turn in history]
        self._turns[:] = turns if add_generation_prompt else turns[:-1]
        return self.chat.render(turns, prefill=not add_generation_prompt)

    def _check_length(self, question: Question, prompt: Prompt) -> None:
        most = self.chat.context_tokens - (self.decoding.max_tokens if self.opened.written else 0)
        longest = _length(prompt)
        if longest > most and self.opened.kind != "loglikelihood_rolling":
            raise InputError(
                f"task {self.opened.spec.name!r}: the prompt of document {question.id} has {longest} tokens and the "
                f"model reads {most} beside its answer; lm-eval would cut its beginning. Show fewer examples, or "
                "leave the document out."
            )

    def example(self, strategy: Strategy, question: Question, passages: tuple[Ranked, ...]) -> Example:
        prompt = self.prompt(strategy, question, passages)
        doc = self.opened.doc(question)
        end = self.chat.end_token
        if self.opened.kind == "loglikelihood_rolling":
            first = prompt.pairs[0]
            return Example(first.context, (*first.continuation, end)[: self.chat.context_tokens - 1])
        if prompt.pairs:
            right = prompt.pairs[self.opened.gold(doc)[0] if self.opened.kind == "multiple_choice" else 0]
            return Example(right.context, (*right.continuation, end))
        return Example(prompt.tokens, (*self.chat.encode(self._reply(doc, prompt.text)), end))

    def _reply(self, doc: dict[str, Any], text: str) -> str:
        """The right answer as it goes on from the prompt, with what lm-eval puts between the two in its examples."""
        prefix, between = self.opened.task.doc_to_prefix(doc), self.opened.task.config.target_delimiter
        joined = text[-1:].isspace() or (self.opened.spec.chat_template and not prefix)
        return ("" if joined else between) + self.opened.answers(doc)[0]

    def messages(self, strategy: Strategy, question: Question, prompt: Prompt) -> list[Message]:
        self.prompt(strategy, question, prompt.retrieved)
        return list(self._turns)

    def metrics(self, question: Question, generation: Generation) -> dict[str, Any]:
        found = self.opened.results(question, self._responses(generation))
        for name in self.opened.spec.metrics:
            value = found.get(name)
            if isinstance(value, str | list | dict) or value is None or not 0 <= value <= 1:
                raise InputError(
                    f"task {self.opened.spec.name!r}: its metric {name!r} gave {shown(value)} for document "
                    f"{question.id}, and only a number from 0 to 1 can stand as accuracy; name others under `metrics:`."
                )
        return found

    def _responses(self, generation: Generation) -> list[Any]:
        """What lm-eval's own model would have returned for each request."""
        if self.opened.written:
            return [generation.text]
        scored = list(zip(generation.choice_logprobs or (), generation.greedy or (), strict=True))
        return (
            [sum(logprob for logprob, _ in scored)] if self.opened.kind == "loglikelihood_rolling" else scored
        )

    def aggregates(self, rows: Sequence[AnswerRow]) -> Mapping[str, float | None]:
        ordered = sorted(rows, key=lambda row: int(row.question_id))
        return self.opened.aggregates([row.metrics or {} for row in ordered])


def _length(prompt: Prompt) -> int:
    """Tokens that the model reads at most at once for a prompt."""
    return max((len(one.context) + len(one.continuation) for one in prompt.pairs), default=len(prompt.tokens))
