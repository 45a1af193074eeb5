"""Asking until there is an answer: which faults are asked again, how often, after what time, and when it is enough.

Nothing here knows what is asked. Clock and sleep come in as arguments.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn, TypeVar

from harness.engines.endpoint.client import Client
from harness.engines.endpoint.faults import Fault, Remedy
from harness.engines.endpoint.limiter import Sleep
from harness.engines.endpoint.servers import Server, Servers, Turn
from harness.errors import ModelUnavailable, NoAnswer, PromptTooLong

T = TypeVar("T")
Work = Callable[[Client], T]
"""Asks one server once. Raises Fault."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request is asked for. `attempts`: at most, of each server; `waiting_s`: between them, all together.

    Waits double from `first_s` up to `longest_s`, and each is shortened by chance, by up to half, so that many threads
    do not come back at once. With these, a server may be away for about a minute.
    """

    attempts: int = 8
    waiting_s: float = 300.0
    first_s: float = 1.0
    longest_s: float = 30.0
    gone: int = 6
    """After so many requests on end that no attempt reached the server for, it counts as gone."""


USUAL = Patience()
_WITHOUT_FORM = "; leave structured out of the model's entry, and [constrained] out of --strategies"


@dataclass
class Asker:
    """Asks the servers of one model. Many threads may use it at once."""

    name: str
    servers: Servers
    sleep: Sleep
    without: Callable[[str, str], bool]
    """Leave a parameter out from now on, for a reason; False where no request can do without it."""
    patience: Patience
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _answered: bool = False
    _lost: int = 0
    """Requests on end that were given up."""
    _fatal: str | None = None

    def ask(self, work: Work[T]) -> tuple[T, int]:
        """What `work` gives, and how often it was tried.

        A server that fails is followed by the others at once; where all have failed there is a pause.
        Raises NoAnswer (PromptTooLong) where this request is given up, ModelUnavailable where all are.
        """
        attempts, rounds, waited = 0, 0, 0.0
        asked: set[Server] = set()
        while True:
            with self.servers.turn(asked) as turn:
                try:
                    return self._attempt(work, turn), attempts + 1
                except Fault as failed:
                    fault = failed
            attempts += 1
            asked.add(turn.server)
            if self._may_be_others(fault, turn.server) and self.servers.left(asked):
                continue
            rounds += 1
            pause = self._pause(fault, turn.server, attempts, rounds, waited)
            self.sleep(pause)
            waited += pause
            asked.clear()

    @staticmethod
    def _may_be_others(fault: Fault, server: Server) -> bool:
        """Whether another server may answer what this one did not."""
        wrong = fault.remedy is Remedy.OTHER and server.answered > 0
        return not wrong and fault.remedy is not Remedy.SHORTER

    def once(self, work: Work[T]) -> T:
        """What `work` gives at the first attempt, for a time: always of the same server. Raises as `ask`."""
        with self.servers.turn_alone() as turn:
            try:
                return self._attempt(work, turn)
            except Fault as failed:
                fault = failed
        self._raise_final(fault, turn.server, 1)
        raise NoAnswer(fault.reason)

    def _attempt(self, work: Work[T], turn: Turn) -> T:
        """What `work` gives at the server whose turn it is. Raises Fault."""
        if self._fatal:
            raise ModelUnavailable(self._fatal)
        try:
            self.servers.admit(turn.server)
            value = self._tried(lambda: work(turn.server.client))
        except Fault as fault:
            self.servers.failed(turn, fault, self.patience.waiting_s)
            raise
        self.servers.answered(turn)
        with self._lock:
            self._answered, self._lost = True, 0
        return value

    def _tried(self, work: Callable[[], T]) -> T:
        """One attempt. Leaving out parameters that the server refuses does not count as another."""
        left_out: set[str] = set()
        while True:
            try:
                return work()
            except Fault as fault:
                if fault.remedy is not Remedy.WITHOUT:
                    raise
                name = str(fault.parameter)
                if name in left_out:  # and refused all the same: it is about something else
                    raise Fault(fault.reason, Remedy.OTHER, status=fault.status) from None
                left_out.add(name)
                if not self.without(name, fault.reason):
                    raise Fault(fault.reason, Remedy.NONE, status=fault.status) from None

    def _pause(self, fault: Fault, server: Server, attempts: int, rounds: int, waited: float) -> float:
        """How long to wait before all servers are asked again. Raises where they are not."""
        self._raise_final(fault, server, attempts)
        patience = self.patience
        wait = min(patience.first_s * 2.0 ** (rounds - 1), patience.longest_s)
        with self._lock:
            # Where the requests before were given up, this one is soon.
            most = max(2, patience.attempts >> self._lost)
            wait *= 1 - self.chance.random() / 2
        pause = max(wait, fault.after_s or 0.0)
        if rounds >= most or waited + pause > patience.waiting_s:
            self._give_up(fault, attempts)
        return pause

    def _give_up(self, fault: Fault, attempts: int) -> NoReturn:
        with self._lock:
            self._lost += fault.remedy is Remedy.BUSY
            lost = self._lost
        if lost >= self.patience.gone:
            self._end(f"{fault.reason}, for {lost} requests on end. Go on when it is there again.")
        raise NoAnswer(fault.reason, attempts) from None

    def _end(self, why: str) -> NoReturn:
        """Ask nothing more, for a reason that holds for every request."""
        self._fatal = f"{self.name}: {why}"
        raise ModelUnavailable(self._fatal) from None

    def close(self) -> None:
        """Let every thread that waits or asks again end with ModelUnavailable, and close the connections."""
        self._fatal = f"{self.name}: no more is asked of it."
        self.servers.close()

    def _raise_final(self, fault: Fault, server: Server, attempts: int) -> None:
        """Raise where asking again does not help: this server for this request, or none that is left for any."""
        if fault.remedy is Remedy.SHORTER:
            raise PromptTooLong(fault.reason, attempts) from None
        nobody = fault.remedy is Remedy.NONE and self.servers.gone
        if nobody or (fault.remedy is Remedy.OTHER and not self._answered):
            held = fault.parameter == "response_format"
            self._end(f"{fault.reason}{_WITHOUT_FORM if held else ''}.")
        if (fault.after_s or 0.0) > self.patience.waiting_s and server.there:
            self._end(f"{fault.reason}; it asks to wait {fault.after_s:,.0f} s. Go on then.")
        if fault.remedy is Remedy.OTHER:
            raise NoAnswer(fault.reason, attempts) from None
