"""A server on loopback whose first replies are changed, damaged, cut or no replies at all: `compare`.

Whatever it sends, the run ends complete or says what is missing, and no part of a broken stream is an answer.
"""

from __future__ import annotations

import copy
import functools
import json
import random
from pathlib import Path
from typing import Any

from benchmarks.fuzz import _hostile as hostile
from benchmarks.fuzz.runner import Attempt
from tests.run.worlds import questions, write_task
from tests.servers import (
    Body,
    Fault,
    Handler,
    ScriptedServer,
    events_of,
    hang_up,
    reply_body,
    status,
    usage_of,
)

DRAWS = True
PRELOAD = ("openai", "harness.engines.endpoint.open")
RIGHT = "saw"
CODES = (200, 200, 200, 204, 301, 400, 404, 408, 413, 422, 429, 500, 503)
NOT_SURE = ("stop", "length", None, "content_filter", "tool_calls")


def make(rng: random.Random, folder: Path) -> list[str]:
    server = _server()
    server.faults.clear()
    server.get_faults.clear()
    server.faults += [_fault(rng) for _ in range(rng.choice((1, 1, 2)))]
    if rng.random() < 0.2:
        server.get_faults.append(_fault(rng))
    task = write_task(folder, with_corpus=False, test=questions()[:3])
    return ["compare", str(task), "--model", server.reference, "--strategies", "base", "--latency-queries", "1",
            "--no-cache", "--output", str(folder / "run")]  # fmt: skip


def wrong(attempt: Attempt) -> str | None:
    """An answer that no server gave: an error or half a stream taken for one."""
    rows = attempt.folder / "run" / "answers.jsonl"
    if not rows.exists():
        return None
    texts = [json.loads(line)["prediction"] for line in rows.read_text(encoding="utf-8").splitlines()]
    odd = [text for text in texts if "torn" in text]
    return f"believed: {odd[0][:80]!r}" if odd else None


@functools.cache
def _server() -> ScriptedServer:
    """Its threads stay with the process that tries; the command runs in a child, and asks it over loopback."""
    return ScriptedServer(lambda _messages: RIGHT).start()


def _fault(rng: random.Random) -> Fault:
    return rng.choice((_changed, _changed, _events, _events, _torn, _bytes, _refusal, lambda _: hang_up))(rng)


def _changed(rng: random.Random) -> Fault:
    """A whole reply, or a stream where one was asked for, with some of its values changed."""
    finish = rng.choice(NOT_SURE)
    body: Any = reply_body(RIGHT, usage_of("a b", RIGHT), finish)
    for _ in range(rng.choice((1, 1, 3))):
        body = hostile.change(rng, body)
    raw, code = hostile.encoded(rng, hostile.spelled(body)), rng.choice(CODES)
    return lambda handler, _body: handler.send_bytes(raw, code)


def _events(rng: random.Random) -> Fault:
    """A stream with one or several of its events changed, doubled or left out, which ends as it should or does not."""
    events: list[Any] = copy.deepcopy(events_of(RIGHT, usage_of("a b", RIGHT)))
    for _ in range(rng.choice((1, 1, 3))):
        place = rng.randrange(len(events))
        act = rng.random()
        if act < 0.6:
            events[place] = hostile.change(rng, events[place])
        elif act < 0.8:
            events.insert(place, events[place])
        elif len(events) > 1:
            del events[place]
    done = rng.random() < 0.7
    lines = [hostile.spelled(event) for event in events]

    def send(handler: Handler, _body: Body) -> None:
        handler.send_events(lines, done=done)

    return send


def _torn(rng: random.Random) -> Fault:
    """A stream that breaks after some words: no answer."""
    events = events_of("torn answer in the middle", usage_of("a b", RIGHT))[: rng.randint(1, 5)]
    return lambda handler, _body: handler.send_events(events, done=False)


def _bytes(rng: random.Random) -> Fault:
    raw = hostile.damaged(rng, json.dumps(reply_body(RIGHT)).encode())
    code = rng.choice(CODES)
    return lambda handler, _body: handler.send_bytes(raw, code)


def _refusal(rng: random.Random) -> Fault:
    headers = rng.choice(({}, {"Retry-After": rng.choice(("0", "-1", "soon", "1e9", "NaN", ""))}))
    return status(rng.choice(CODES[4:]), hostile.text(rng)[:2000], headers=headers)
