"""How many requests are under way at once: as many as allowed, and fewer after a server said that it has too much.

Additive increase, multiplicative decrease, as TCP does it (Jacobson 1988): each round without trouble allows one
request more, each trouble halves. Until the first answer only one request is sent: a wrong key, or a parameter that
the server does not know, is found out once and not sixteen times.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from harness.engines.engine import Clock

Sleep = Callable[[float], None]


class Limiter:
    """Counts requests under way; threads wait in `slot` for theirs. `most`: of them at once."""

    def __init__(self, most: int, clock: Clock, sleep: Sleep) -> None:
        self._most, self._clock, self._sleep = most, clock, sleep
        self._changed = threading.Condition()
        self._limit = 1.0
        self._proven = False
        self._under_way = 0
        self._round = 0
        self._pause_ends = float("-inf")

    @property
    def limit(self) -> int:
        """How many requests may be under way now."""
        return int(self._limit)

    @contextlib.contextmanager
    def slot(self) -> Iterator[int]:
        """A request's time under way. Yields its round: what it is told of trouble is of a time before the next."""
        with self._changed:
            self._changed.wait_for(lambda: self._under_way < self.limit)
            self._under_way += 1
            number = self._round
        try:
            # Slept through with the slot taken, so that not all who wait go off at once when the pause ends.
            while (left := self.pause_left()) > 0:
                self._sleep(left)
            yield number
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def pause_left(self) -> float:
        """Seconds for which nobody may ask."""
        with self._changed:
            return self._pause_ends - self._clock()

    def answered(self) -> None:
        """A request was answered: more may be under way."""
        with self._changed:
            grown = self._limit + 1 / self._limit if self._proven else float(self._most)
            self._proven = True
            self._limit = min(float(self._most), grown)
            self._changed.notify_all()

    def busy(self, number: int, after_s: float = 0.0) -> None:
        """The server has too much to do, as a request of round `number` was told; nobody asks for `after_s` seconds."""
        with self._changed:
            if number == self._round:  # the others of this round only say the same
                self._round += 1
                self._proven = True
                self._limit = max(1.0, self._limit / 2)
            self._pause_ends = max(self._pause_ends, self._clock() + after_s)
