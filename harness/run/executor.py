"""Who does the work of a run: this process, one piece after the other, or the workers of a cluster, many at once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from harness.engines.engine import AdapterRef, Clock, Engine, Request
from harness.run.batches import Answers, Batch

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Work:
    """What is done with each batch of a job: a pure function, which may be called anywhere, and twice."""

    engine: Engine
    adapter: AdapterRef | None
    request: Callable[[int], Request]
    """The request of a place of the job, made when it is asked for."""
    bounds: tuple[Request, ...]
    """As of `Prompts`."""
    clock: Clock

    def __call__(self, batch: Batch) -> Answers:
        requests = [self.request(place) for place in batch.places]
        start = self.clock()
        completions = self.engine.complete(requests, self.adapter, job=self.bounds)
        return Answers(batch, dict(zip(batch.places, completions, strict=True)), self.clock() - start)


Strand = Callable[[], object]
"""Steps of a run that follow one another, and wait for no other strand."""


class Executor(Protocol):
    """Maps pure work over batches."""

    @property
    def workers(self) -> int:
        """How many batches are computed at once."""

    @property
    def machines(self) -> int:
        """On how many machines."""

    def map(self, work: Work, batches: Iterable[Batch]) -> Iterator[list[Answers]]:
        """What came of each batch, as it comes; together what is ready together, so that it is written in one go. A
        batch that cannot be computed has failures in the place of completions. Raises as `Engine.complete`."""

    def together(self, strands: Sequence[Strand]) -> None:
        """Go through every strand. Raises what the first that failed raised; the others then stop where they are."""

    def each(self, step: Callable[[T], R], items: Sequence[T]) -> Iterable[R]:
        """What a step makes of each item, in their order, several at once. Raises what a step raises."""

    def check(self) -> None:
        """Raises HarnessError where the run was stopped, or can compute nothing any more."""

    def alone(self) -> contextlib.AbstractContextManager[None]:
        """Around what is timed: nothing else of the run is computed meanwhile, and a model has a machine to itself."""


class InProcess:
    """Implements `Executor` in this process, one piece after the other."""

    workers = machines = 1

    def map(self, work: Work, batches: Iterable[Batch]) -> Iterator[list[Answers]]:
        return ([work(batch)] for batch in batches)

    def together(self, strands: Sequence[Strand]) -> None:
        for strand in strands:
            strand()

    def each(self, step: Callable[[T], R], items: Sequence[T]) -> Iterable[R]:
        return map(step, items)

    def check(self) -> None:
        """A process that is stopped goes no further by itself."""

    def alone(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()
