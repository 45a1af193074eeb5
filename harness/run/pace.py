"""What is left of a run: how long each of its steps should take, put right by how long those before it took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from harness.engines.engine import Clock
from harness.progress import Progress
from harness.quantities import seconds


class Kind(StrEnum):
    """Steps that are slower or faster than expected together."""

    ANSWERS = "answers"
    TRAINING = "training"
    TIMING = "timing"


Step = tuple[Kind, str]
"""What is done, and of what: a name that the run gives it."""

SHORT_S = 1.0
"""Steps that take less say little of how fast a machine is."""


@dataclass
class Pace:
    """`expected`: the steps to come, in seconds (None: nobody knows, and nothing is said of what is left).

    `guessed`: only how long they are beside each other; one must be over before anything is said.
    """

    expected: Mapping[Step, float] | None
    progress: Progress
    clock: Clock
    guessed: bool = False
    workers: int = 1
    """Among whom steps are shared out. Of several, a step's own time says little: they go on beside one another."""
    _began: float = field(init=False)
    _left: dict[Step, float] = field(init=False)
    _took: dict[Kind, tuple[float, float]] = field(default_factory=dict, init=False)
    """Kind → seconds taken and expected, of the steps that are over."""

    def __post_init__(self) -> None:
        self._left = dict(self.expected or {})
        self._began = self.clock()

    @contextmanager
    def step(self, step: Step, label: str, done: str = "") -> Iterator[None]:
        """Around a step: a line with its time, and what is left then. `done`: what came of it."""
        start = self.clock()
        yield
        took = self.clock() - start
        expected = self._left.pop(step, None)
        if expected and took >= SHORT_S:
            before, hoped = self._took.get(step[0], (0.0, 0.0))
            self._took[step[0]] = (before + took, hoped + expected)
        self.progress.note(f"  {label}: {done}{seconds(took)}{self._and_left()}")

    def takes(self, step: Step) -> float | None:
        """Seconds that a step should take; None: nobody knows."""
        expected = self._left.get(step)
        unknown = expected is None or (self.guessed and not self._took)
        return None if unknown else (expected or 0.0) * self._factor(step[0])

    @property
    def left(self) -> float | None:
        """Seconds to the end; None where nobody knows."""
        if self.expected is None or (self.guessed and not self._took):
            return None
        return (
            sum(expected * self._factor(kind) for (kind, _), expected in [*self._left.items()]) / self.workers
        )

    def _factor(self, kind: Kind) -> float:
        """How much longer steps of a kind take than expected; as the others, where none of it is over."""
        if self.workers > 1:
            done = sum((self.expected or {}).values()) - sum(self._left.values())
            return self.workers * (self.clock() - self._began) / done if done else 1.0
        own = [self._took[kind]] if kind in self._took else [*self._took.values()]
        taken, hoped = (sum(parts) for parts in zip(*own, strict=True)) if own else (1.0, 1.0)
        return taken / hoped

    def _and_left(self) -> str:
        left = self.left
        if left is None or not self._left:
            return ""
        what = " of answers" if self.guessed else ""
        return f"; about {seconds(left)}{what} left" if left >= SHORT_S else ""
