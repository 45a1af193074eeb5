"""The other way round: this program's engine as a model of lm-eval's, under one of the strategies.

lm-eval hands over rendered prompts. A strategy that retrieves needs the document itself, which every request carries:
the prompt is built anew of it, with the passages in the document, and only if the same without passages gives the
prompt that lm-eval had built. Imported by `registered` and `lm_eval` jobs only, since it imports lm-eval at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from lm_eval.api.model import LM

from harness.engines.engine import Engine, shared_prefix
from harness.errors import InputError
from harness.files import canonical_json
from harness.lmeval.greedy import decoding_of
from harness.lmeval.strategies import Served
from harness.lmeval.tokens import pair, windows
from harness.records import Decoding, Message, Pair, Prompt
from harness.run.answer import plan_batches

Responses = list[Any]


@dataclass(frozen=True, slots=True)
class Record:
    """What one request read and wrote."""

    task: str
    document: int
    prompt_tokens: int
    completion_tokens: int
    answer: str | float


@dataclass
class EngineLM(LM):  # type: ignore[misc]
    """lm-eval's interface over an engine; reads the same tokens as lm-eval's own Hugging Face model."""

    engine: Engine
    served: Served | None = None
    """Which weights answer, and what enters the prompts; None: the base weights, and prompts as they are."""
    records: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    # What a request asks

    def _pairs(self, request: Any) -> tuple[Pair, ...]:
        if self.served and (prompt := self.served.prompt(request)):
            return (prompt.pairs[request.idx],)
        if request.request_type == "loglikelihood_rolling":
            return windows(self.engine.chat, request.args[0])
        return (pair(self.engine.chat, *request.args[:2]),)

    def _tokens(self, request: Any, decoding: Decoding) -> tuple[int, ...]:
        prompt = self.served.prompt(request) if self.served else None
        tokens = prompt.tokens if prompt else self.engine.chat.encode_whole(request.args[0])
        most = self.engine.chat.context_tokens - decoding.max_tokens
        if len(tokens) > most:
            about = f"task {request.task_name!r}: the prompt of document {request.doc_id}"
            raise InputError(
                f"{about} has {len(tokens)} tokens, and the model reads {most} beside its answer."
            )
        return tokens

    def _by_task(self, requests: Sequence[Any]) -> Iterator[list[Any]]:
        """The requests of one task after the other, under the weights that are to answer them."""
        for name, some in itertools.groupby(requests, key=lambda request: request.task_name):
            together = list(some)
            if self.served:
                self.served.prompt(
                    together[0]
                )  # a job of other prompts is refused before an adapter is trained
            self.engine.use(self.served.adapter(name) if self.served else None)
            yield together

    # lm-eval's three methods

    def loglikelihood(self, requests: Sequence[Any]) -> Responses:
        return [(found[0].logprob, found[0].greedy) for found in self._scored(requests)]

    def loglikelihood_rolling(self, requests: Sequence[Any]) -> Responses:
        return [sum(one.logprob for one in found) for found in self._scored(requests)]

    def _scored(self, requests: Sequence[Any]) -> Iterator[Sequence[Any]]:
        """The likelihoods of each request's pairs; requests of one document share what they have in common."""
        for some in self._by_task(requests):
            for _, group in itertools.groupby(some, key=lambda request: request.doc_id):
                together = list(group)
                pairs = [self._pairs(request) for request in together]
                (found,) = self.engine.score([[one for each in pairs for one in each]])
                left = iter(found)
                for request, each in zip(together, pairs, strict=True):
                    likelihoods = list(itertools.islice(left, len(each)))
                    read = sum(len(one.context) + len(one.continuation) for one in each)
                    total = sum(one.logprob for one in likelihoods)
                    self.records.append(Record(request.task_name, request.doc_id, read, 0, total))
                    yield likelihoods

    def generate_until(self, requests: Sequence[Any]) -> Responses:
        return [text for some in self._by_task(requests) for text in self._written(some)]

    def _written(self, requests: Sequence[Any]) -> list[str]:
        texts = [""] * len(requests)
        kinds: dict[str, list[int]] = {}
        for place, request in enumerate(requests):
            kinds.setdefault(canonical_json(request.args[1]), []).append(place)
        for places in kinds.values():
            decoding = decoding_of(requests[places[0]].args[1])
            asked = [self._tokens(requests[place], decoding) for place in places]
            shared = shared_prefix(asked)
            for batch in plan_batches([Prompt("", tokens, "") for tokens in asked]):
                answers = self.engine.generate([asked[at] for at in batch.places], decoding, shared=shared)
                for at, answer in zip(batch.places, answers, strict=True):
                    request = requests[places[at]]
                    texts[places[at]] = answer.text
                    counts = (len(asked[at]), answer.completion_tokens)
                    self.records.append(Record(request.task_name, request.doc_id, *counts, answer.text))
        return texts

    # The chat template

    def apply_chat_template(
        self, chat_history: Sequence[dict[str, str]], add_generation_prompt: bool = True
    ) -> str:
        turns = [Message(turn["role"], turn["content"]) for turn in chat_history]
        return self.engine.chat.render(turns, prefill=not add_generation_prompt)

    @property
    def tokenizer_name(self) -> str:
        return self.engine.identity.name
