"""Fakes at the protocols: an engine that answers from a function, a clock that is told the time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness.engines.engine import Clock, ModelIdentity
from harness.records import Decoding, Generation, Likelihood, Message, Pair, Timed


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


class FakeChat:
    """One token a character; a template that shows roles."""

    context_tokens = 10_000
    end_token = 0

    def render(self, messages: Sequence[Message]) -> str:
        return "".join(f"<{m.role}>{m.content}</>" for m in messages) + "<assistant>"

    def encode(self, text: str) -> tuple[int, ...]:
        return tuple(ord(letter) for letter in text)


class FakeEngine:
    """Answers every prompt with `reply(prompt text, adapter folder)`; counts what it was asked."""

    def __init__(self, reply: Callable[[str, Path | None], str], clock: FakeClock | None = None) -> None:
        self.identity = ModelIdentity("fake", "tests", "f" * 64, "float32", "cpu")
        self.chat = FakeChat()
        self.reply = reply
        self.clock = clock or FakeClock()
        self.adapter: Path | None = None
        self.merged = True
        self.batches: list[list[str]] = []
        self.timed: list[str] = []

    def facts(self) -> dict[str, float]:
        return {"load_s": 2.0, "parameters": 7}

    def use(self, adapter: Path | None, *, merged: bool = True) -> None:
        self.adapter, self.merged = adapter, merged

    def generate(
        self, prompts: Sequence[Sequence[int]], decoding: Decoding, *, shared: int = 0
    ) -> list[Generation]:
        texts = ["".join(map(chr, prompt)) for prompt in prompts]
        assert len({text[:shared] for text in texts}) == 1
        self.batches.append(texts)
        self.clock.advance(1.0)
        return [self._generation(text, decoding) for text in texts]

    def score(self, questions: Sequence[Sequence[Pair]], *, shared: int = 0) -> list[tuple[Likelihood, ...]]:
        """The first pair is always the likeliest."""
        self.batches.append(["".join(map(chr, pairs[0].context)) for pairs in questions])
        return [tuple(Likelihood(-float(i), i == 0) for i in range(len(pairs))) for pairs in questions]

    def time(self, prompt: Sequence[int], decoding: Decoding, clock: Clock) -> Timed:
        text = "".join(map(chr, prompt))
        self.timed.append(text)
        self.clock.advance(0.5)
        return Timed(self._generation(text, decoding), ttft_s=0.1, e2e_s=0.5)

    @contextlib.contextmanager
    def adapting(self, config: Any) -> Iterator[Any]:
        raise AssertionError("the fake engine cannot train")
        yield

    def _generation(self, text: str, decoding: Decoding) -> Generation:
        words = self.reply(text, self.adapter)
        return Generation(words, min(len(words), decoding.max_tokens), "stop")


class WordEmbedder:
    """Bag of hashed words: texts that share words are near. Searching takes 0.25 s of the fake clock."""

    name, sha256, dimension, max_tokens = "words", "e" * 64, 256, 256

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) + 2 for text in texts]

    def embed_documents(self, texts: Sequence[str], advance: Callable[[int], None]) -> Any:
        advance(len(texts))
        return self._vectors(texts)

    def embed_queries(self, texts: Sequence[str]) -> Any:
        self.clock.advance(0.25)
        return self._vectors(texts)

    def _vectors(self, texts: Sequence[str]) -> Any:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().replace("?", "").replace(".", "").split():
                vectors[row, sum(word.encode()) % self.dimension] += 1.0
            vectors[row, 0] += 0.01
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
