"""An engine whose weights are held by workers: what needs none is done here."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol, TypeVar

from harness.cluster.units import Answer, Done, Load, Time, Unit
from harness.engines.engine import (
    Ability,
    AdapterRef,
    Clock,
    Completion,
    Engine,
    EngineIdentity,
    LoadFacts,
    Message,
    PromptFacts,
    RenderedPrompt,
    Request,
    TimedCompletion,
)
from harness.records import TemplateFacts
from harness.spec.forms import AnswerForm

T = TypeVar("T")


class Workers(Protocol):
    """What has units computed: the pool, or a stand-in for it."""

    def submit(self, unit: Unit[T]) -> Future[Done[T]]: ...

    def wait(self, unit: Unit[T]) -> Done[T]:
        """Have a unit computed, and wait for it."""

    def dismiss(self) -> None:
        """Let every worker go, and the memory that it holds; later units start new ones."""


class ClusterEngine:
    """Implements `Engine` over the workers of a cluster. `local`: the same model here, whose weights stay unread."""

    concurrency = 1

    def __init__(self, local: Engine, number: int, workers: Workers) -> None:
        self.local = local
        self.number = number
        self._workers = workers
        self._facts: LoadFacts | None = None
        self.peak_memory_gb: float | None = None
        """The most that a worker has held."""

    @property
    def identity(self) -> EngineIdentity:
        return self.local.identity

    @property
    def abilities(self) -> frozenset[Ability]:
        return self.local.abilities

    @property
    def window(self) -> int:
        return self.local.window

    def facts(self) -> LoadFacts | None:
        return self._facts

    def template_facts(self) -> TemplateFacts | None:
        return self.local.template_facts()

    def inspect(self, request: Request) -> PromptFacts:
        return self.local.inspect(request)

    def why_not_held(self, form: AnswerForm) -> str | None:
        return self.local.why_not_held(form)

    def render(
        self, messages: Sequence[Message], *, prefill: bool = False, thinking: bool | None = False
    ) -> str:
        return self.local.render(messages, prefill=prefill, thinking=thinking)

    def show(
        self, request: Request, turns: Sequence[Message], *, thinking: bool | None = False
    ) -> RenderedPrompt:
        return self.local.show(request, turns, thinking=thinking)

    # What workers do

    def unit(
        self, requests: Sequence[Request], adapter: AdapterRef | None, bounds: Sequence[Request]
    ) -> Answer:
        return Answer(self.number, requests, adapter, tuple(bounds))

    def learn(self, done: Done[T]) -> Done[T]:
        """Keep what a worker found out about the model, and how much memory it took."""
        self._facts = done.facts or self._facts
        self.peak_memory_gb = max(done.peak_memory_gb or 0.0, self.peak_memory_gb or 0.0) or None
        return done

    def ask(self, unit: Unit[T]) -> Done[T]:
        """Have a unit of this model computed, and wait for it."""
        return self.learn(self._workers.wait(unit))

    def complete(
        self, requests: Sequence[Request], adapter: AdapterRef | None = None, *, job: Sequence[Request] = ()
    ) -> list[Completion]:
        return self.ask(self.unit(tuple(requests), adapter, job)).value

    def time(self, request: Request, adapter: AdapterRef | None, clock: Clock) -> TimedCompletion:  # noqa: ARG002
        """By the worker's own clock, so that what travels there and back does not count."""
        return self.ask(Time(self.number, request, adapter)).value

    def load(self, adapter: AdapterRef | None) -> None:
        self.ask(Load(self.number, adapter))

    def release(self) -> None:
        self._workers.dismiss()
