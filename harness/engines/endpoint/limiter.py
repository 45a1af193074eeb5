"""How many requests are under way at once: as many as allowed, and fewer after a server said that it has too much.

Additive increase, multiplicative decrease, as TCP does it (Jacobson 1988): each round without trouble allows one
request more, each trouble halves. Until the first answer only one request is sent: a wrong key, or a parameter that
the server does not know, is found out once and not sixteen times.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from harness.engines.engine import Clock

Sleep = Callable[[float], None]


class Limiter:
    """Counts requests under way at one server. `most`: of them at once.

    `changed` is told whenever another request may begin; servers that share their requests share it.
    """

    def __init__(self, most: int, clock: Clock, changed: threading.Condition | None = None) -> None:
        self.most, self._clock = most, clock
        self._changed = changed or threading.Condition()
        self._limit = 1.0
        self._proven = False
        self._under_way = 0
        self._round = 0
        self._pause_ends = float("-inf")

    @property
    def limit(self) -> int:
        """How many requests may be under way now."""
        return int(self._limit)

    @property
    def free(self) -> bool:
        """Whether one more may begin."""
        return self._under_way < self.limit

    @property
    def load(self) -> float:
        """How many are under way for each that may be."""
        return self._under_way / self.limit

    def begin(self) -> int:
        """Count a request in. Gives its round: what it is told of trouble is of a time before the next."""
        with self._changed:
            self._under_way += 1
            return self._round

    def end(self) -> None:
        """Count a request out."""
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
            grown = self._limit + 1 / self._limit if self._proven else float(self.most)
            self._proven = True
            self._limit = min(float(self.most), grown)
            self._changed.notify_all()

    def busy(self, number: int, after_s: float = 0.0) -> None:
        """The server has too much to do, as a request of round `number` was told; nobody asks for `after_s` seconds."""
        with self._changed:
            if number == self._round:  # the others of this round only say the same
                self._round += 1
                self._proven = True
                self._limit = max(1.0, self._limit / 2)
            self._pause_ends = max(self._pause_ends, self._clock() + after_s)

    def anew(self) -> None:
        """As at the first request: one until it is answered."""
        with self._changed:
            self._limit, self._proven = 1.0, False
