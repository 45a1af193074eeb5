"""One model on several servers, asked by as many threads as a run has."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from harness.engines.engine import Completion, Message
from tests.engines.endpoint.world import QUESTION, World
from tests.servers import ScriptedServer

Servers = list[ScriptedServer]


def echo(messages: list[dict[str, str]]) -> str:
    return f"to {messages[-1]['content']}"


def world_of(servers: Servers, **more: Any) -> World:
    return World(
        servers[0], **{"endpoints": [server.url for server in servers[1:]], "concurrency": 4, **more}
    )


def ask_all(world: World, count: int, first: int = 0) -> list[Completion]:
    """Ask questions of their own from as many threads as a run has."""
    asked = [replace(QUESTION, prompt=(Message("user", f"q{n}"),)) for n in range(first, first + count)]
    with ThreadPoolExecutor(world.engine.concurrency) as pool:
        done = list(pool.map(world.ask, asked))
    assert [one.text for one in done] == [f"to q{n}" for n in range(first, first + count)]
    return done


def asked_of(servers: Servers) -> Counter[str]:
    """How often each question came in, wherever that was."""
    return Counter(body["messages"][-1]["content"] for server in servers for body in server.asked)
