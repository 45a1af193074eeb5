"""The other way round: this program's engine as a model of lm-eval's, under one of the strategies.

lm-eval hands over rendered prompts. A strategy that retrieves needs the document itself, which every request carries:
the prompt is built anew of it, with the passages in the document, and only if the same without passages gives the
prompt that lm-eval had built. Imported by `registered` and `lm_eval` jobs only, since it imports lm-eval at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lm_eval.api.model import LM

from harness.engines.engine import AdapterRef, Continuation, Decoding, Engine, Message, Request
from harness.errors import InputError
from harness.files import canonical_json
from harness.lmeval.greedy import decoding_of
from harness.lmeval.strategies import Served
from harness.run.answer import plan_batches
from harness.run.prompts import Prompt


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
    """lm-eval's interface over an engine; a local model reads the same tokens as lm-eval's own."""

    engine: Engine
    served: Served | None = None
    """Which weights answer, and what enters the prompts; None: the base weights, and prompts as they are."""
    records: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    # What lm-eval's requests ask

    def _scored(self, together: Sequence[Any]) -> list[Request]:
        """The requests of one document, each for one log-likelihood, as requests of ours."""
        if together[0].request_type == "loglikelihood_rolling":
            return [Request(asked.args[0], whole=True) for asked in together]
        if self.served and (prompt := self.served.prompt(together[0])):
            options = prompt.request.continuations
            return [replace(prompt.request, continuations=(options[asked.idx],)) for asked in together]
        return [
            Request(asked.args[0], continuations=(Continuation(asked.args[1], asked.args[0]),))
            for asked in together
        ]

    def _written(self, asked: Any, decoding: Decoding) -> Prompt:
        """A request for a reply. Raises InputError where its prompt is longer than the model reads."""
        prompt = self.served.prompt(asked) if self.served else None
        request = prompt.request if prompt else Request(asked.args[0], decoding)
        facts = self.engine.inspect(request)
        most = self.engine.window - decoding.max_tokens
        if facts.tokens > most:
            about = f"task {asked.task_name!r}: the prompt of document {asked.doc_id}"
            raise InputError(
                f"{about} has {facts.tokens} tokens, and the model reads {most} beside its answer."
            )
        return Prompt(replace(request, decoding=decoding), facts)

    def _by_task(self, requests: Sequence[Any]) -> Iterator[tuple[list[Any], AdapterRef | None]]:
        """The requests of one task after the other, with the adapter that is to answer them."""
        for name, some in itertools.groupby(requests, key=lambda asked: asked.task_name):
            together = list(some)
            if self.served:
                # A job of other prompts is refused before an adapter is trained.
                self.served.prompt(together[0])
            yield together, self.served.adapter(name) if self.served else None

    # lm-eval's three methods

    def loglikelihood(self, requests: Sequence[Any]) -> list[tuple[float, bool]]:
        return list(self._scores(requests))

    def loglikelihood_rolling(self, requests: Sequence[Any]) -> list[float]:
        return [logprob for logprob, _ in self._scores(requests)]

    def _scores(self, requests: Sequence[Any]) -> Iterator[tuple[float, bool]]:
        """Each request's log-likelihood, and whether greedy decoding writes it.

        The continuations of one document are scored together, so that a context which they share is read once.
        """
        for some, adapter in self._by_task(requests):
            for _, group in itertools.groupby(some, key=lambda asked: asked.doc_id):
                together = list(group)
                wanted = self._scored(together)
                for asked, request, scores in zip(
                    together, wanted, self._asked(wanted, adapter), strict=True
                ):
                    facts = self.engine.inspect(request)
                    read = facts.tokens if request.whole else facts.longest
                    self.records.append(Record(asked.task_name, asked.doc_id, read, 0, scores[0]))
                    yield scores

    def _asked(self, wanted: Sequence[Request], adapter: AdapterRef | None) -> list[tuple[float, bool]]:
        """Ask for one log-likelihood a request."""
        if wanted[0].whole:
            completions = self.engine.complete(wanted, adapter)
            return [(sum(one.choice_logprobs or ()), all(one.greedy or ())) for one in completions]
        options = tuple(option for request in wanted for option in request.continuations)
        (completion,) = self.engine.complete([replace(wanted[0], continuations=options)], adapter)
        return list(zip(completion.choice_logprobs or (), completion.greedy or (), strict=True))

    def generate_until(self, requests: Sequence[Any]) -> list[str]:
        return [text for some, adapter in self._by_task(requests) for text in self._texts(some, adapter)]

    def _texts(self, requests: Sequence[Any], adapter: AdapterRef | None) -> list[str]:
        texts = [""] * len(requests)
        kinds: dict[str, list[int]] = {}
        for place, asked in enumerate(requests):
            kinds.setdefault(canonical_json(asked.args[1]), []).append(place)
        for places in kinds.values():
            decoding = decoding_of(requests[places[0]].args[1])
            prompts = [self._written(requests[place], decoding) for place in places]
            job = [prompt.request for prompt in prompts]
            for batch in plan_batches(prompts):
                completions = self.engine.complete([job[at] for at in batch.places], adapter, job=job)
                for at, completion in zip(batch.places, completions, strict=True):
                    asked = requests[places[at]]
                    texts[places[at]] = completion.text
                    counts = (prompts[at].facts.tokens, completion.completion_tokens)
                    self.records.append(Record(asked.task_name, asked.doc_id, *counts, completion.text))
        return texts

    # The chat template

    def apply_chat_template(
        self, chat_history: Sequence[dict[str, str]], add_generation_prompt: bool = True
    ) -> str:
        turns = [Message(turn["role"], turn["content"]) for turn in chat_history]
        return self.engine.render(turns, prefill=not add_generation_prompt)

    @property
    def tokenizer_name(self) -> str:
        return self.engine.identity.name
