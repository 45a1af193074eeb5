"""An engine over a scripted server, for tests that do not wait."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.engines.endpoint.engine import EndpointEngine
from harness.engines.endpoint.open import open_endpoint
from harness.engines.engine import AdapterRef, Completion, Decoding, Message, Request, TimedCompletion
from harness.spec.models import ModelEntry
from tests.fakes import FakeClock, Silent
from tests.servers import ScriptedServer

QUESTION = Request((Message("system", "Be brief."), Message("user", "Where is Rome?")), Decoding(16, ("\n",)))
LONG = 5.0
"""Seconds that a reply may take."""


class World:
    """Nobody waits here: the clock says how long waiting would have taken."""

    def __init__(
        self,
        server: ScriptedServer,
        environment: dict[str, str] | None = None,
        timeout_s: float = LONG,
        **entry: Any,
    ) -> None:
        self.server, self.clock, self.progress = server, FakeClock(), Silent()
        self.engine: EndpointEngine = open_endpoint(
            ModelEntry(**{"model": server.reference, **entry}),
            cache=Path("nowhere"),
            progress=self.progress,
            environment=environment or {},
            timeout_s=timeout_s,
            clock=self.clock,
            sleep=self.clock.advance,
        )

    def ask(self, request: Request = QUESTION, adapter: AdapterRef | None = None) -> Completion:
        (completion,) = self.engine.complete([request], adapter)
        return completion

    def time(self, request: Request = QUESTION) -> TimedCompletion:
        ticks = iter(range(1000))
        return self.engine.time(request, None, lambda: float(next(ticks)))
