"""The servers that answer as one model: which is asked next, and which is left out until it answers again.

A request goes to the server that has the fewest under way for its limit, so that a slow one gets fewer. One that fails
is left out while there are others: nobody waits for it, and after a while one request at a time tries it again, once it
has said that it still has the same model. The last one is never left out; how long it is waited for is `asking.py`'s
matter.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from harness.engines.endpoint.client import Client
from harness.engines.endpoint.faults import Fault, Remedy
from harness.engines.endpoint.limiter import Limiter, Sleep
from harness.engines.engine import Clock
from harness.spec.models import is_local

AWAY_S = 30.0
"""How long a server that was left out is not asked."""
_FAILS = 3
"""After so many failures on end a server that can be reached is left out."""
_TOO_MANY_REQUESTS = 429


@dataclass(eq=False)
class Server:
    """One server. `until`: it is left out, and not asked before that time; `refuses`: nor after it.

    `answered`: how often it did; `failed`: how often since it last did not.
    """

    client: Client
    limiter: Limiter
    until: float | None = None
    refuses: bool = False
    answered: int = 0
    failed: int = 0

    @property
    def url(self) -> str:
        return self.client.address.url

    @property
    def there(self) -> bool:
        """Whether it is not left out."""
        return self.until is None and not self.refuses


@dataclass(frozen=True, slots=True)
class Turn:
    """A request's time under way at a server: its round, and how often the server had answered when it began."""

    server: Server
    round: int
    answered: int


@dataclass
class Servers:
    """Many threads may use them at once. `changed`: as their limiters have it.

    `same`: asks a server that was left out whether it has the model, and raises Fault where it does not say so.
    """

    all: Sequence[Server]
    changed: threading.Condition
    clock: Clock
    sleep: Sleep
    note: Callable[[str], None] = lambda _message: None
    same: Callable[[Client], None] = lambda _client: None
    _alone: Server | None = field(default=None, init=False)

    @property
    def most(self) -> int:
        """The most requests that are under way at once."""
        return sum(server.limiter.most for server in self.all)

    @property
    def hosts(self) -> int:
        """On how many machines they are, as far as their addresses tell; those left out are not counted."""
        there = [server.url for server in self.all if server.there]
        return len({"localhost" if is_local(url) else urlsplit(url).hostname for url in there}) or 1

    @property
    def first(self) -> Server:
        """The first that is there."""
        return next((server for server in self.all if server.there), self.all[0])

    @property
    def gone(self) -> bool:
        """Whether every one of them refuses whatever it is asked."""
        return all(server.refuses for server in self.all)

    def left(self, asked: Collection[Server]) -> bool:
        """Whether one that can be asked was not asked yet."""
        with self.changed:
            return any(server not in asked for server in self._due())

    def _due(self) -> list[Server]:
        """The servers that are there, and those whose time to be tried again has come."""
        now = self.clock()
        able = (server for server in self.all if not server.refuses)
        return [server for server in able if server.until is None or server.until <= now]

    # A request's turn

    @contextlib.contextmanager
    def turn(self, asked: Collection[Server]) -> Iterator[Turn]:
        """A request's turn at the server that has the most room; at none of those `asked` where there are others."""
        with self.changed:
            chosen = self.changed.wait_for(lambda: self._next(asked))
            assert chosen is not None
            turn = Turn(chosen, chosen.limiter.begin(), chosen.answered)
        with self._under_way(turn):
            yield turn

    @contextlib.contextmanager
    def turn_alone(self) -> Iterator[Turn]:
        """A turn at the first server that is there: those that are timed are all the same one's."""
        with self.changed:
            first = self.first
            self.changed.wait_for(lambda: first.limiter.free)
            turn = Turn(first, first.limiter.begin(), first.answered)
        if len(self.all) > 1 and first is not self._alone:
            self._alone = first
            self.note(f"{first.url} is timed, and no other server.")
        with self._under_way(turn):
            yield turn

    def _next(self, asked: Collection[Server]) -> Server | None:
        """The server for the next request; None: those that could be asked have no room."""
        due = self._due() or [server for server in self.all if not server.refuses] or self.all
        wanted = [server for server in due if server not in asked] or due
        ready = [server for server in wanted if server.limiter.pause_left() <= 0] or wanted
        return min(
            (server for server in ready if server.limiter.free),
            key=lambda server: (server.until is None, server.limiter.load),
            default=None,
        )

    @contextlib.contextmanager
    def _under_way(self, turn: Turn) -> Iterator[None]:
        limiter = turn.server.limiter
        try:
            # Slept through with the slot taken, so that not all who wait go off at once when the pause ends.
            while (left := limiter.pause_left()) > 0:
                self.sleep(left)
            yield
        finally:
            limiter.end()

    # What came of it

    def admit(self, server: Server) -> None:
        """Before a request to a server that was left out. Raises Fault where it is not there, or has another model."""
        if server.until is not None:
            self.same(server.client)

    def answered(self, turn: Turn) -> None:
        """The request was answered."""
        server = turn.server
        with self.changed:
            back, server.until = server.until is not None, None
            server.answered, server.failed = server.answered + 1, 0
            server.limiter.answered()
        if back:
            self.note(f"{server.url} answers again.")

    def failed(self, turn: Turn, fault: Fault, longest_s: float) -> None:
        """The request was not answered. `longest_s`: the longest pause that a server is granted."""
        server, asks_s = turn.server, fault.after_s or 0.0
        with self.changed:
            if fault.remedy is Remedy.BUSY:
                server.limiter.busy(turn.round, min(asks_s, longest_s))
            server.failed += _is_its_own(fault)
        if fault.remedy is Remedy.NONE:
            self.refused(server, fault.reason)
        elif asks_s > longest_s:
            self.leave_out(server, fault.reason, asks_s)
        elif self._is_gone(turn, fault):
            self.leave_out(server, fault.reason)

    @staticmethod
    def _is_gone(turn: Turn, fault: Fault) -> bool:
        """Whether a server is asked no more for a while, after this fault."""
        server = turn.server
        if fault.remedy is Remedy.OTHER:  # whether of this request or of all, nobody knows yet
            return not server.answered
        silent = fault.remedy is Remedy.BUSY and fault.status is None and server.answered == turn.answered
        out = server.until is not None
        return _is_its_own(fault) and (out or silent or server.failed >= _FAILS)

    def leave_out(self, server: Server, reason: str, away_s: float = AWAY_S) -> None:
        """Ask the others instead, if there are any."""
        with self.changed:
            known = server.until is not None
            if not known and not any(other.there for other in self.all if other is not server):
                return
            server.until = self.clock() + away_s
            server.limiter.anew()
            self.changed.notify_all()
        if not known:
            self.note(f"{server.url} is left out: {reason}. It is tried again every {away_s:,.0f} s.")

    def refused(self, server: Server, reason: str) -> None:
        """Ask the others from now on, if there are any."""
        with self.changed:
            known, server.refuses = server.refuses, True
            self.changed.notify_all()
        if not known and not self.gone:
            self.note(f"{server.url} is left out: {reason}.")

    def close(self) -> None:
        """Close all connections."""
        for server in self.all:
            server.client.close()


def _is_its_own(fault: Fault) -> bool:
    """Whether a server failed by itself, and not by what or how much it was asked."""
    return fault.remedy in (Remedy.BUSY, Remedy.AGAIN) and fault.status != _TOO_MANY_REQUESTS
