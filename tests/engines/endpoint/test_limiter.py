"""How many requests are under way at once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from harness.engines.endpoint.limiter import Limiter
from harness.engines.engine import Message
from harness.errors import NoAnswer
from tests.engines.endpoint.world import QUESTION, World
from tests.fakes import FakeClock
from tests.servers import ScriptedServer, status


def limiter(most: int = 16) -> Limiter:
    return Limiter(most, FakeClock())


def test_one_request_goes_first_and_then_as_many_as_allowed() -> None:
    limit = limiter(16)
    assert limit.limit == 1
    limit.answered()
    assert limit.limit == 16


def test_trouble_halves_once_a_round_and_answers_raise_slowly() -> None:
    limit = limiter(16)
    limit.answered()
    first, second = limit.begin(), limit.begin()
    limit.busy(first)
    limit.busy(second)
    assert limit.limit == 8
    for _ in range(8):
        limit.answered()
    assert limit.limit == 8
    limit.answered()
    assert limit.limit == 9
    for _ in range(1000):
        limit.answered()
    assert limit.limit == 16


def test_there_is_always_one() -> None:
    limit = limiter(2)
    for _ in range(10):
        limit.busy(limit.begin())
        limit.end()
    assert limit.limit == 1


def test_a_pause_is_everybodys(server: ScriptedServer) -> None:
    world = World(server)
    world.ask()
    server.faults.append(status(429, headers={"Retry-After": "9"}))
    with pytest.raises(NoAnswer):
        world.time()
    world.ask()
    assert world.clock.now == 9.0


def test_never_more_requests_are_under_way_than_were_allowed() -> None:
    together = threading.Barrier(4, timeout=10)

    def reply(messages: list[dict[str, str]]) -> str:
        if messages[-1]["content"] != "Where is Rome?":
            together.wait()
        time.sleep(0.01)
        return "yes"

    with ScriptedServer(reply) as server:
        world = World(server, concurrency=4)
        world.ask()
        asked = [replace(QUESTION, prompt=(Message("user", f"Number {n}?"),)) for n in range(16)]
        with ThreadPoolExecutor(16) as pool:
            assert [done.text for done in pool.map(world.ask, asked)] == ["yes"] * 16
        assert server.most == 4
        assert world.engine.concurrency == 4
