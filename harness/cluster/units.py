"""What is sent to a worker and what comes back: plain records, the same wherever and however often it is computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from harness import errors
from harness.engines.engine import AdapterRef, Completion, LoadFacts, Request, TimedCompletion
from harness.engines.store import ModelFolder
from harness.errors import HarnessError
from harness.finetune.trainer import Outcome, Training

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class HeldModel:
    """A model as the driver opened it, for a worker to open the same. `script`: instead of weights."""

    folder: ModelFolder
    dtype: str | None
    device: str
    date: str
    script: bool = False


@dataclass(frozen=True, slots=True)
class Unit(Generic[T]):
    """A piece of work. `T`: what comes of it."""


@dataclass(frozen=True, slots=True)
class Part(Sequence[Request]):
    """Some requests of a job. They are made when they are sent: the text of all that wait would fill the memory.

    They arrive as a tuple.
    """

    request: Callable[[int], Request]
    """The request of a place of the job."""
    places: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, at: int) -> Request: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Request]: ...
    def __getitem__(self, at: int | slice) -> Request | Sequence[Request]:
        if isinstance(at, slice):
            return Part(self.request, self.places[at])
        return self.request(self.places[at])

    def __reduce__(self) -> tuple[type[tuple[Request, ...]], tuple[list[Request]]]:
        return tuple, ([*self],)


@dataclass(frozen=True, slots=True)
class Answer(Unit[list[Completion]]):
    """A batch of a job. `bounds`: two of the job's requests that have in common at the front what all of it has."""

    model: int
    requests: Sequence[Request]
    adapter: AdapterRef | None
    bounds: tuple[Request, ...]


@dataclass(frozen=True, slots=True)
class Load(Unit[None]):
    """An adapter (None: the model as it is) is made ready."""

    model: int
    adapter: AdapterRef | None


@dataclass(frozen=True, slots=True)
class Time(Unit[TimedCompletion]):
    """One request to be timed alone."""

    model: int
    request: Request
    adapter: AdapterRef | None


@dataclass(frozen=True, slots=True)
class NameTraining(Unit[str]):
    """The key of a training, which may hang on what the worker's processor is quick at."""

    model: int
    training: Training


@dataclass(frozen=True, slots=True)
class Trained:
    """An adapter with the contents of its files, by name."""

    outcome: Outcome
    files: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Train(Unit[Trained]):
    """A whole training. `name`: of the folder, in the worker's cache, that each epoch is kept in."""

    model: int
    training: Training
    name: str


@dataclass(frozen=True, slots=True)
class Embed(Unit[NDArray[np.float32]]):
    """Texts that are embedded together, behind a prefix: vectors [n, dimension]."""

    embedder: HeldModel
    texts: tuple[str, ...]
    prefix: str


AnyUnit = Answer | Load | Time | NameTraining | Train | Embed


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """What came of a unit. `seconds`: that the worker took; `facts`: of the model, once its weights are loaded;
    `peak_memory_gb`: the most that the worker's process has held so far."""

    value: T
    seconds: float
    facts: LoadFacts | None = None
    peak_memory_gb: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """An error of the program's own, by the name of its class in `harness.errors`."""

    kind: str
    message: str

    @classmethod
    def of(cls, error: HarnessError) -> Refused:
        kinds = (kind.__name__ for kind in type(error).__mro__ if kind.__module__ == errors.__name__)
        return cls(next(kinds), str(error))

    def error(self) -> HarnessError:
        made: HarnessError = getattr(errors, self.kind)(self.message)
        return made


@dataclass(frozen=True, slots=True)
class Hello:
    """A worker that is ready, and where it works. `log`: the file that it writes to there, if any."""

    node: str
    host: str
    log: str
    version: str
    libraries: dict[str, str]
    cpu: str
    threads: int
    accelerator: str | None
