"""The engine over transformers and peft: one copy of the base weights, with or without an adapter.

An adapter is normally merged, as it would be deployed; `adapters.py` exchanges its layers for the base's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.engines.decoders import Decoder, LibraryDecoder, OwnDecoder
from harness.engines.engine import (
    Ability,
    AdapterRef,
    Clock,
    Completion,
    Decoding,
    EngineIdentity,
    LoadFacts,
    Message,
    PromptFacts,
    RenderedPrompt,
    Request,
    TimedCompletion,
)
from harness.engines.local import LocalModel
from harness.engines.prove import decoding_fault
from harness.engines.tokens import Encoded, Pair, encode, rendered, shared_prefix
from harness.errors import ModelUnavailable
from harness.records import TemplateFacts
from harness.spec.forms import AnswerForm


class TransformersEngine:
    """Implements `Engine` over a local model."""

    abilities = frozenset({Ability.SCORE, Ability.RENDER, Ability.COUNT, Ability.EXACT})

    def __init__(self, model: LocalModel) -> None:
        self.model = model
        self._chosen: Decoder | None = None
        self._job: tuple[Sequence[Request], int] | None = None

    @property
    def identity(self) -> EngineIdentity:
        return self.model.identity

    concurrency = 1

    @property
    def window(self) -> int:
        return self.model.chat.context_tokens

    def facts(self) -> LoadFacts | None:
        return self.model.facts()

    def template_facts(self) -> TemplateFacts | None:
        return self.model.chat.facts

    def inspect(self, request: Request) -> PromptFacts:
        encoded = encode(self.model.chat, request)
        return replace(encoded.facts, beginnings=tuple(encoded.beginnings))

    def why_not_held(self, form: AnswerForm) -> str | None:
        try:
            self.model.chat.holder.guide(form)
        except ModelUnavailable as error:
            return str(error).rstrip(".")
        return None

    def load(self, adapter: AdapterRef | None) -> None:
        self.model.use(adapter)

    def release(self) -> None:
        self._chosen = None
        self.model.release()

    def render(
        self, messages: Sequence[Message], *, prefill: bool = False, thinking: bool | None = False
    ) -> str:
        return self.model.chat.render(messages, prefill=prefill, thinking=thinking)

    def show(
        self, request: Request, turns: Sequence[Message], *, thinking: bool | None = False
    ) -> RenderedPrompt:
        return rendered(self.model.chat, request, turns, thinking=thinking)

    # Answering

    def complete(
        self, requests: Sequence[Request], adapter: AdapterRef | None = None, *, job: Sequence[Request] = ()
    ) -> list[Completion]:
        import torch

        self.model.use(adapter)
        _ = self._decoder  # what is loaded in inference mode could not be trained on
        encoded = [encode(self.model.chat, request) for request in requests]
        shared = self._shared(job) if job else 0
        with torch.inference_mode():
            if requests[0].scored:
                return [self._score(one.pairs, shared) for one in encoded]
            prompts, decoding = [one.prompt for one in encoded], requests[0].decoding
            return self._decoder.write(prompts, shared, decoding, self._ends(decoding))

    def _shared(self, job: Sequence[Request]) -> int:
        """How many tokens all prompts of a job share at the front; kept as long as the job stays the same."""
        if self._job is None or self._job[0] != job:
            encoded = (encode(self.model.chat, request) for request in job)
            self._job = (job, shared_prefix(tokens for one in encoded for tokens in one.beginnings))
        return self._job[1]

    def _ends(self, decoding: Decoding) -> frozenset[int]:
        """The tokens that end an answer: the model's own, and stop texts that are special tokens."""
        configured = self.model.weights.generation_config.eos_token_id
        ends = configured if isinstance(configured, list) else [configured]
        chat = self.model.chat
        stops = [chat.special(text) for text in decoding.stop]
        return frozenset(int(end) for end in [*ends, *stops, *chat.end_tokens] if end is not None)

    @property
    def _decoder(self) -> Decoder:
        """Our own decoder for a model on which it was proven, else the library's."""
        if self._chosen is None:
            weights, chat = self.model.weights, self.model.chat
            proof = self.model.proven("decoding", lambda: decoding_fault(weights, chat))
            self._chosen = (OwnDecoder if proof.used == "own" else LibraryDecoder)(self.model)
        return self._chosen

    def _score(self, pairs: Sequence[Pair], shared: int) -> Completion:
        """Score one request's pairs."""
        scored = self._decoder.score(pairs, shared)
        logprobs = tuple(likelihood.logprob for likelihood in scored)
        return Completion("", 0, "choice", logprobs, tuple(likelihood.greedy for likelihood in scored))

    # Timing

    def time(self, request: Request, adapter: AdapterRef | None, clock: Clock) -> TimedCompletion:
        import torch

        self.model.use(adapter)
        _ = self._decoder  # loading, and what is proven then, is no part of the answer
        if request.decoding.form:
            _ = self.model.chat.holder.guide(request.decoding.form)  # read once, and kept
        start = clock()
        encoded = encode(self.model.chat, request)
        with torch.inference_mode():
            if request.scored:
                completion = self._score(encoded.pairs, 0)
                end = clock()
                return TimedCompletion(completion, ttft_s=end - start, e2e_s=end - start)
            return self._timed(encoded, request.decoding, clock, start)

    def _timed(self, encoded: Encoded, decoding: Decoding, clock: Clock, start: float) -> TimedCompletion:
        ticks: list[float] = []
        (completion,) = self._decoder.write(
            [encoded.prompt], 0, decoding, self._ends(decoding), lambda: ticks.append(clock())
        )
        return TimedCompletion(completion, ttft_s=ticks[0] - start, e2e_s=clock() - start)
