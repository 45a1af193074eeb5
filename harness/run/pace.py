"""What is left of a run: how long each of its steps should take, put right by how long those before it took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import fmean

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
"""Steps that take less say little where only proportions are known, and nothing is said of less."""

BESIDE = 2
"""So many steps of mean length, which took what was expected, stand beside all evidence: a first short step that was
slow says little of the long ones to come."""


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
    _under_way: dict[Step, float] = field(default_factory=dict, init=False)
    """When each began."""
    _took: dict[Kind, tuple[float, float]] = field(default_factory=dict, init=False)
    """Kind → seconds taken and expected, of the steps that are over."""

    def __post_init__(self) -> None:
        self._left = dict(self.expected or {})
        self._began = self.clock()

    @contextmanager
    def step(self, step: Step, label: str, done: str = "done") -> Iterator[None]:
        """Around a step: a line with its time, and what is left then. `done`: what came of it.

        Of several workers, answers wait for other work, and their time would say nothing.
        """
        start = self._under_way[step] = self.clock()
        try:
            yield
        finally:
            self._under_way.pop(step, None)
        took = self.clock() - start
        expected = self._left.pop(step, None)
        if expected and (took >= SHORT_S or not self.guessed):
            before, hoped = self._took.get(step[0], (0.0, 0.0))
            self._took[step[0]] = (before + took, hoped + expected)
        shared = self.workers > 1 and step[0] is Kind.ANSWERS
        self.progress.note(f"  {label}: {done}{'' if shared else f' in {seconds(took)}'}{self._and_left()}")

    def takes(self, step: Step) -> float | None:
        """Seconds that a step should take; None: nobody knows."""
        if self._unknown or (expected := self._left.get(step)) is None:
            return None
        return expected * self._factor(step[0])

    @property
    def left(self) -> float | None:
        """Seconds to the end; None where nobody knows."""
        if self._unknown:
            return None
        if self.workers > 1:
            return self._left_among_workers()
        return sum(expected * self._factor(kind) for (kind, _), expected in self._left.items())

    @property
    def _unknown(self) -> bool:
        return self.expected is None or (self.guessed and not self._took)

    def _factor(self, kind: Kind) -> float:
        """How much longer steps of a kind take than expected, by those of the kind that are over: what makes answers
        slow, as longer ones than a few samples had, makes no training slow."""
        took, hoped = self._took.get(kind, (0.0, 0.0))
        own = [seconds for (of, _), seconds in (self.expected or {}).items() if of is kind]
        beside = 0.0 if self.guessed else self._beside(own)
        return (took + beside) / (hoped + beside) if hoped + beside else 1.0

    def _left_among_workers(self) -> float:
        """Seconds left, by how much of what was expected is done in a second, parts of steps under way included."""
        now, left, expected = self.clock(), dict(self._left), self.expected or {}
        if not left:
            return 0.0
        done = sum(expected.values()) - sum(left.values())
        passed, beside = now - self._began, 0.0
        if not self.guessed:
            parts = [min(left.get(step, 0.0), now - began) for step, began in [*self._under_way.items()]]
            done, beside = done + sum(parts), self._beside([*expected.values()])
        rate = (done + beside) / (passed + beside / self.workers)
        return max(0.0, sum(expected.values()) - done) / rate

    @staticmethod
    def _beside(steps: Sequence[float]) -> float:
        return BESIDE * fmean(steps) if steps else 0.0

    def _and_left(self) -> str:
        left = self.left
        if left is None or not self._left:
            return ""
        what = " of answers" if self.guessed else ""
        return f"; about {seconds(left)}{what} left" if left >= SHORT_S else ""
