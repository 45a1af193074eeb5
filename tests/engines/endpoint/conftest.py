from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import ScriptedServer


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A server that has one answer."""
    with ScriptedServer(lambda messages: "In Italy.") as running:
        yield running
