"""Fakes at the protocols: a scripted engine that keeps what it was asked, a clock that is told the time."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from harness.corpus.embedder import Prefixes
from harness.engines.engine import (
    Ability,
    AdapterRef,
    Clock,
    Completion,
    EngineIdentity,
    LoadFacts,
    PromptFacts,
    Request,
    TimedCompletion,
    Usage,
)
from harness.engines.scripted import Script, ScriptedEngine


class Silent:
    """A `Progress` that reports nothing and keeps the notes for whoever asks."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)

    @contextlib.contextmanager
    def track(self, label: str, total: int) -> Iterator[Callable[[int], None]]:
        yield lambda _advance: None


class FakeClock:
    """Advances only when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class RecordingEngine(ScriptedEngine):
    """A scripted engine that keeps what it was asked. Tokens are characters; a batch takes 1 s of the clock, a timed
    answer 0.5 s, its first token 0.1 s (a scored one comes all at once)."""

    window = 10_000

    def __init__(self, reply: Script, clock: FakeClock | None = None) -> None:
        super().__init__(reply, EngineIdentity("fake", "tests", "f" * 64, "float32", "cpu"))
        self.clock = clock or FakeClock()
        self.adapter: AdapterRef | None = None
        self.batches: list[list[str]] = []
        self.timed: list[str] = []

    def facts(self) -> LoadFacts:
        return LoadFacts(2.0, 7)

    def load(self, adapter: AdapterRef | None) -> None:
        self.adapter = adapter

    def inspect(self, request: Request) -> PromptFacts:
        facts = super().inspect(request)
        length = len(self.text(request))
        return replace(facts, tokens=length, longest=length)

    def complete(
        self, requests: Sequence[Request], adapter: AdapterRef | None = None, *, job: Sequence[Request] = ()
    ) -> list[Completion]:
        begun = [_contents(one) for one in job]
        assert not job or all(min(begun) <= _contents(request) <= max(begun) for request in requests)
        self.adapter = adapter
        self.batches.append([self.text(request) for request in requests])
        self.clock.advance(1.0)
        return super().complete(requests, adapter, job=job)

    def time(self, request: Request, adapter: AdapterRef | None, clock: Clock) -> TimedCompletion:
        self.adapter = adapter
        self.timed.append(self.text(request))
        self.clock.advance(0.5)
        first = 0.5 if request.scored else 0.1
        return replace(super().time(request, adapter, clock), ttft_s=first, e2e_s=0.5)


def _contents(request: Request) -> tuple[str, ...]:
    prompt = request.prompt
    return (prompt,) if isinstance(prompt, str) else tuple(message.content for message in prompt)


class ServedEngine(RecordingEngine):
    """A server as engines show it: asked single requests from `concurrency` threads, with a count of its own.

    `trouble` may raise for a prompt, or do what takes time; it is given how often this prompt was asked before. Each
    answer takes 1 s of the clock. It has read a prompt before when its text, `unique` included, is the same.
    """

    abilities = frozenset({Ability.SCORE, Ability.RENDER})

    def __init__(
        self,
        reply: Script,
        *,
        concurrency: int = 4,
        trouble: Callable[[str, int], None] = lambda _text, _before: None,
        clock: FakeClock | None = None,
    ) -> None:
        super().__init__(reply, clock)
        self.identity = EngineIdentity(
            "served", "http://127.0.0.1:1/v1", None, None, "a server", server="http://127.0.0.1:1/v1"
        )
        self.concurrency = concurrency
        self.trouble = trouble
        self.asked: list[str] = []
        self.answered: list[str] = []
        self._lock = threading.Lock()

    def complete(
        self, requests: Sequence[Request], adapter: AdapterRef | None = None, *, job: Sequence[Request] = ()
    ) -> list[Completion]:
        (request,) = requests
        text = self.text(request)
        with self._lock:
            before = self.asked.count(text)
            self.asked.append(text)
        self.trouble(text, before)
        with self._lock:
            (completion,) = super().complete(requests, adapter, job=job)
            self.answered.append(text)
        return [self._counted(completion, text, 0)]

    def time(self, request: Request, adapter: AdapterRef | None, clock: Clock) -> TimedCompletion:
        text = f"{request.unique or ''}{self.text(request)}"
        before = self.timed.count(text)
        self.trouble(text, before)
        timed = super().time(request, adapter, clock)
        self.timed[-1] = text
        cached = len(text) - 1 if before else 0
        first = 0.05 if before else timed.ttft_s
        return replace(timed, completion=self._counted(timed.completion, text, cached), ttft_s=first)

    def _counted(self, completion: Completion, text: str, cached: int) -> Completion:
        """Its own count of the prompt: three tokens more than ours."""
        return replace(completion, usage=Usage(len(text) + 3, cached))


class WordEmbedder:
    """Bag of hashed words: texts that share words are near. Searching takes 0.25 s of the fake clock."""

    name, sha256, dimension, max_tokens = "words", "e" * 64, 256, 256
    prefixes = Prefixes()

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) + 2 for text in texts]

    def embed_documents(self, texts: Sequence[str], prefix: str, advance: Callable[[int], None]) -> Any:
        advance(len(texts))
        return self._vectors([prefix + text for text in texts])

    def embed_queries(self, texts: Sequence[str], prefix: str) -> Any:
        self.clock.advance(0.25)
        return self._vectors([prefix + text for text in texts])

    def _vectors(self, texts: Sequence[str]) -> Any:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().replace("?", "").replace(".", "").split():
                vectors[row, sum(word.encode()) % self.dimension] += 1.0
            vectors[row, 0] += 0.01
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
