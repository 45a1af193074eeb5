"""One model on several servers: each request is answered once, whatever becomes of one of them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any

import pytest

from harness.engines.endpoint.servers import AWAY_S
from harness.engines.engine import Completion
from harness.errors import ModelUnavailable, NoAnswer
from tests.engines.endpoint.replicas import Servers, ask_all, asked_of, echo, world_of
from tests.servers import Fault, hang, hang_up, plainly, refuse, status


def attempts(done: list[Completion]) -> Counter[int]:
    return Counter(one.usage.attempts for one in done if one.usage)


def slowly(seconds: float) -> Any:
    def reply(messages: list[dict[str, str]]) -> str:
        time.sleep(seconds)
        return echo(messages)

    return reply


@pytest.mark.parametrize("count", [2, 3])
def test_each_request_is_answered_once_and_each_server_has_its_share(servers: Servers, count: int) -> None:
    used = servers[:count]
    for server in used:
        server.reply = slowly(0.02)
    world = world_of(used)
    assert world.engine.concurrency == 4 * count
    done = ask_all(world, 60)
    assert asked_of(used) == {f"q{n}": 1 for n in range(60)}
    assert attempts(done) == {1: 60}
    assert all(len(server.asked) > 60 / count / 3 for server in used)
    assert all(server.most <= 4 for server in used)


def test_a_slow_server_gets_fewer(servers: Servers) -> None:
    fast, slow, _ = servers
    fast.reply, slow.reply = slowly(0.02), slowly(0.2)
    ask_all(world_of([fast, slow]), 60)
    assert asked_of(servers) == {f"q{n}": 1 for n in range(60)}
    assert len(slow.asked) < len(fast.asked) / 2


BROKEN: dict[str, Fault] = {
    "500": status(500),
    "503": status(503),
    "hung up": hang_up,
    "half a body": plainly('{"choices": [{"message": {"content": "to q'),
    "no OpenAI": status(404),
    "wrong key": status(401),
    "odd": status(400, "messages: this one is odd"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_one_server_does_not_answer_is_asked_of_the_others_at_once(servers: Servers, name: str) -> None:
    servers[1].always = BROKEN[name]
    world = world_of(servers)
    done = ask_all(world, 40)
    assert max(attempts(done)) == 2
    assert sum(times * n for times, n in attempts(done).items()) == sum(asked_of(servers).values())
    assert world.clock.now == 0, "nobody waited"
    (note,) = world.progress.notes
    assert note.startswith(f"served: {servers[1].url} is left out: ")
    before = len(servers[1].asked)
    ask_all(world, 40, first=40)
    assert len(servers[1].asked) == before, "it is not asked while it is left out"


def test_a_server_that_hangs_is_left_out_when_its_time_is_over(
    servers: Servers, over: threading.Event
) -> None:
    servers[0].always = hang(over)
    world = world_of(servers, timeout_s=0.4)
    ask_all(world, 40)
    assert "does not answer within" in world.progress.notes[0]
    before = len(servers[0].asked)
    ask_all(world, 40, first=40)
    assert len(servers[0].asked) == before


def test_a_server_that_dies_is_left_out_and_tried_again_after_a_while(servers: Servers) -> None:
    world = world_of(servers[:2])
    ask_all(world, 20)
    dead, other = servers[0], servers[1]
    dead.stop()
    done = ask_all(world, 20, first=20)
    assert set(attempts(done)) <= {1, 2}
    dead.start()
    before = len(dead.asked)
    ask_all(world, 20, first=40)
    assert len(dead.asked) == before, "it is not tried yet"
    world.clock.advance(AWAY_S)
    other.reply = dead.reply = slowly(0.02)
    ask_all(world, 40, first=60)
    assert len(dead.asked) > before + 5
    left, again = world.progress.notes
    assert left.startswith(f"served: {dead.url} is left out: the ")
    assert again == f"served: {dead.url} answers again."


def test_a_server_that_comes_back_with_another_model_stays_out(servers: Servers) -> None:
    world = world_of(servers[:2])
    ask_all(world, 20)
    changed = servers[1]
    changed.stop()
    ask_all(world, 20, first=20)
    changed.models = [{"id": "another"}]
    changed.start()
    before = len(changed.asked)
    for turn in range(3):
        world.clock.advance(AWAY_S)
        ask_all(world, 20, first=40 + 20 * turn)
    assert len(changed.asked) == before
    assert len(changed.got) == 2, "it was asked once more what it has"
    assert "it has no model 'served', but another" in world.progress.notes[-1]


def test_only_where_all_are_gone_there_is_no_answer(servers: Servers) -> None:
    world = world_of(servers)
    ask_all(world, 12)
    for server in servers:
        server.stop()
    outcomes: list[type[Exception]] = []
    while ModelUnavailable not in outcomes and len(outcomes) < 100:
        with pytest.raises((ModelUnavailable, NoAnswer), match=r"cannot be reached|broke") as caught:
            world.ask()
        outcomes.append(caught.type)
    assert 2 <= len(outcomes) <= 10
    assert world.clock.now < 400


def test_all_may_be_away_for_a_while(servers: Servers) -> None:
    world = world_of(servers[:2])
    ask_all(world, 8)
    for server in servers[:2]:
        server.stop()
    sleeps: list[float] = []

    def sleep(seconds: float) -> None:
        sleeps.append(seconds)
        world.clock.advance(seconds)
        if len(sleeps) == 3:
            servers[1].start()

    world.engine._asker.sleep = sleep
    assert world.ask().text == "to Where is Rome?"
    assert sleeps == sorted(sleeps)


def test_every_server_that_refuses_the_key_ends_asking(servers: Servers) -> None:
    world = world_of(servers)
    ask_all(world, 12)
    for server in servers:
        server.always = status(401)
    with pytest.raises(ModelUnavailable, match="key_env"):
        world.ask()
    asked = sum(asked_of(servers).values())
    with pytest.raises(ModelUnavailable):
        world.ask()
    assert sum(asked_of(servers).values()) == asked


def test_too_many_requests_at_one_are_no_ones_wait(servers: Servers) -> None:
    world = world_of(servers[:2])
    ask_all(world, 20)
    busy = servers[0]
    busy.faults.extend([status(429, headers={"Retry-After": "60"})] * 4)
    done = ask_all(world, 40, first=20)
    assert set(attempts(done)) == {1, 2}
    assert world.clock.now == 0
    assert world.progress.notes == []
    before = len(busy.asked)
    world.clock.advance(60)
    servers[1].reply = slowly(0.02)
    ask_all(world, 20, first=60)
    assert len(busy.asked) > before, "it is asked again when its time has come"


def test_a_request_that_is_refused_is_not_carried_from_server_to_server(servers: Servers) -> None:
    world = world_of(servers)
    ask_all(world, 12)
    for server in servers:
        server.always = status(400, "messages: this one is odd")
    before = sum(asked_of(servers).values())
    with pytest.raises(NoAnswer, match="this one is odd"):
        world.ask()
    assert sum(asked_of(servers).values()) == before + 1


def test_what_one_server_refuses_is_sent_to_none(servers: Servers) -> None:
    servers[1].always = refuse("seed")
    world = world_of(servers[:2])
    ask_all(world, 20)
    assert world.engine.facts().unsent == ("seed",)
    before = [len(server.asked) for server in servers]
    ask_all(world, 20, first=20)
    bodies = [body for server, seen in zip(servers, before, strict=True) for body in server.asked[seen:]]
    assert len(bodies) == 20
    assert not any("seed" in body for body in bodies)
