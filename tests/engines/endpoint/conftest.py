from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.engines.endpoint.replicas import Servers, echo
from tests.servers import ScriptedServer


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A server that has one answer."""
    with ScriptedServer(lambda messages: "In Italy.") as running:
        yield running


@pytest.fixture
def servers() -> Iterator[Servers]:
    with ExitStack() as stack:
        yield [stack.enter_context(ScriptedServer(echo)) for _ in range(3)]


@pytest.fixture
def over() -> Iterator[threading.Event]:
    """Set when the test is."""
    event = threading.Event()
    yield event
    event.set()
