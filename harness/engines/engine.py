"""What runs a model: the protocol that the rest of the program knows, and the record of what answered."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from harness.engines.chat import Chat
from harness.records import Decoding, Generation, Likelihood, Pair, Timed

Clock = Callable[[], float]
monotonic: Clock = time.perf_counter


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """The model behind every answer of a run; part of every cache key and of the manifest."""

    name: str
    source: str
    sha256: str
    dtype: str
    device: str
    licence: str | None = None
    revision: str | None = None

    @property
    def device_kind(self) -> str:
        """`cuda` of `cuda:0`: answers are shared between devices of a kind, not across kinds."""
        return self.device.split(":")[0]


class Engine(Protocol):
    """One set of base weights that answers as itself or under a LoRA adapter."""

    @property
    def identity(self) -> ModelIdentity: ...

    @property
    def chat(self) -> Chat: ...

    def facts(self) -> dict[str, float]:
        """What is known once the weights are loaded: `load_s` and `parameters`; nothing before."""

    def use(self, adapter: Path | None, *, merged: bool = True) -> None:
        """Answer with this adapter from now on (None: the base weights, untouched)."""

    def generate(
        self, prompts: Sequence[Sequence[int]], decoding: Decoding, *, shared: int = 0
    ) -> list[Generation]:
        """Answer a batch greedily. The first `shared` tokens are the same in all prompts."""

    def score(self, questions: Sequence[Sequence[Pair]], *, shared: int = 0) -> list[tuple[Likelihood, ...]]:
        """The log-likelihoods of each question's pairs. The first `shared` tokens are the same in all contexts."""

    def time(self, prompt: Sequence[int], decoding: Decoding, clock: Clock) -> Timed:
        """Answer one prompt alone, with nothing computed beforehand, and say when the first token came."""

    def adapting(self, config: Any) -> AbstractContextManager[Any]:
        """Lend the model with a fresh peft adapter of `config`, to be trained; the base is as before after."""


def shared_prefix(prompts: Sequence[Sequence[int]]) -> int:
    """How many leading tokens all prompts share, leaving each at least one of its own."""
    if not prompts:
        return 0
    low, high = (
        min(map(tuple, prompts)),
        max(map(tuple, prompts)),
    )  # the two that differ first, in lexicographic order
    limit = min(len(prompt) for prompt in prompts) - 1
    for position in range(max(limit, 0)):
        if low[position] != high[position]:
            return position
    return max(limit, 0)
