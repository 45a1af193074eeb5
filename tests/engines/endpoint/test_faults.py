"""Everything that can go wrong with a server: an answer comes late or is missing, and none is ever made up."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from harness.engines.endpoint.faults import wait_asked
from harness.errors import HarnessError, ModelUnavailable, NoAnswer
from tests.engines.endpoint.world import QUESTION, World
from tests.servers import (
    Fault,
    ScriptedServer,
    answering,
    chunk,
    endless,
    events_of,
    hang,
    hang_up,
    plainly,
    reply_body,
    status,
    streaming,
)

PASSING: dict[str, Fault] = {
    "408": status(408),
    "409": status(409),
    "429": status(429, "Too many requests"),
    "500": status(500),
    "500 in HTML": plainly("<html>Internal Server Error</html>", 500),
    "502": plainly("", 502),
    "503": status(503),
    "hung up": hang_up,
    "no JSON": plainly("Yes!"),
    "nothing": plainly(""),
    "Latin-1": plainly('{"choices": [{"message": {"content": "Café"}}]}'.encode("latin-1")),
    "UTF-16": plainly('{"choices": [{"message": {"content": "Café"}}]}'.encode("utf-16")),
    "no choices": answering({"object": "chat.completion"}),
    "empty choices": answering({"choices": []}),
    "no message": answering({"choices": [{"index": 0}]}),
    "no content": answering({"choices": [{"message": {"role": "assistant"}}]}),
    "a list": answering([]),
    "null": answering(None),
    "an error in HTTP 200": answering({"error": {"message": "worker died", "code": 500}}),
    "an error as text": answering({"error": "worker died"}),
    "an aborted reply": answering(reply_body("In", finish="abort")),
    "half a body": plainly('{"choices": [{"message": {"content": "In It'),
}


@pytest.mark.parametrize("name", PASSING)
def test_what_passes_is_asked_again_and_counted(server: ScriptedServer, name: str) -> None:
    server.faults.extend([PASSING[name], PASSING[name]])
    completion = World(server).ask()
    assert completion.usage is not None
    assert (completion.text, completion.usage.attempts) == ("In Italy.", 3)


@pytest.mark.parametrize("name", PASSING)
def test_what_stays_is_given_up_and_the_answer_is_missing(server: ScriptedServer, name: str) -> None:
    server.always = PASSING[name]
    world = World(server)
    with pytest.raises(NoAnswer) as caught:
        world.ask()
    assert caught.value.attempts == len(server.asked) > 1
    assert world.clock.now < 600, "waiting has an end"


@pytest.mark.parametrize("name", PASSING)
def test_a_time_is_never_taken_of_a_second_attempt(server: ScriptedServer, name: str) -> None:
    server.faults.append(PASSING[name])
    with pytest.raises(NoAnswer) as caught:
        World(server).time()
    assert (caught.value.attempts, len(server.asked)) == (1, 1)


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ({"Retry-After": "7"}, 7, 7.6),
        ({"retry-after-ms": "2500"}, 2.5, 3),
        ({"Retry-After": "soon"}, 0, 1.1),
        ({"Retry-After": "-3"}, 0, 1.1),
        ({"Retry-After": "nan"}, 0, 1.1),
        ({}, 0, 1.1),
    ],
)
def test_a_server_is_left_alone_as_long_as_it_asks(
    server: ScriptedServer, header: dict[str, str], least: float, most: float
) -> None:
    server.faults.append(status(429, headers=header))
    world = World(server)
    world.ask()
    assert least <= world.clock.now <= most


def test_a_date_to_wait_for_is_understood() -> None:
    now = datetime(2026, 11, 29, 12, 0, 0, tzinfo=UTC)
    assert wait_asked({"retry-after": "Sun, 29 Nov 2026 12:00:40 GMT"}, now) == 40
    assert wait_asked({"retry-after": "Sun, 29 Nov 2026 11:00:00 GMT"}, now) == 0
    assert wait_asked({"retry-after": "Sun, 99 Nov 2026"}, now) is None
    assert wait_asked({"retry-after": f"Sun, 29 Nov {'9' * 30} 12:00:40 GMT"}, now) is None


def test_a_server_that_asks_for_an_hour_ends_the_run_at_once(server: ScriptedServer) -> None:
    server.faults.append(status(429, headers={"Retry-After": "3600"}))
    world = World(server)
    with pytest.raises(ModelUnavailable, match="3,600 s"):
        world.ask()
    assert world.clock.now == 0


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (status(401, "bad key"), "key_env"),
        (status(403, "forbidden"), "may ask this model"),
        (status(404, "The model `x` does not exist", code="model_not_found"), "no model 'served'"),
        (status(400, "Server is pinned to 'y'; requested 'x'."), "no model 'served'"),
        (status(402, "Payment required"), "no credit"),
        (status(429, "You exceeded your current quota", code="insufficient_quota"), "no credit"),
        (status(405), "HTTP 405"),
        (plainly("", 307), "another address"),
        (status(400, "messages: must alternate in colour"), "must alternate in colour"),
    ],
)
def test_what_holds_for_every_request_ends_asking(server: ScriptedServer, fault: Fault, words: str) -> None:
    server.always = fault
    world = World(server)
    with pytest.raises(ModelUnavailable, match=words):
        world.ask()
    asked = len(server.asked)
    with pytest.raises(ModelUnavailable):
        world.ask()
    assert len(server.asked) == asked, "nothing more is asked"


def test_a_request_that_is_refused_after_others_were_answered_is_missing_alone(
    server: ScriptedServer,
) -> None:
    world = World(server)
    world.ask()
    server.faults.append(status(400, "messages: this one is odd"))
    with pytest.raises(NoAnswer, match="this one is odd"):
        world.ask()
    assert world.ask().text == "In Italy."


def test_a_server_that_hangs_is_given_up(server: ScriptedServer, over: threading.Event) -> None:
    server.faults.append(hang(over))
    completion = World(server, timeout_s=0.3).ask()
    assert completion.usage is not None
    assert completion.usage.attempts == 2
    server.faults.append(hang(over))
    with pytest.raises(NoAnswer, match=r"within 0\.3 s"):
        World(server, timeout_s=0.3).time()


@pytest.mark.parametrize("code", [200, 302, 400, 500])
def test_a_reply_without_an_end_is_not_read_to_its_end(server: ScriptedServer, code: int) -> None:
    server.always = endless(code)
    with pytest.raises(HarnessError):
        World(server, timeout_s=60).ask()


def test_a_refusal_of_any_size_is_quoted_in_a_line(server: ScriptedServer) -> None:
    server.always = answering({"error": {"message": "no " * 3_000_000}})
    with pytest.raises(NoAnswer) as caught:
        World(server, timeout_s=60).ask()
    assert len(str(caught.value)) < 400


def test_half_a_character_in_what_a_server_says_can_be_written_down(server: ScriptedServer) -> None:
    server.always = plainly('{"error": "worker \\ud800 died"}')
    with pytest.raises(NoAnswer, match=r"worker . died") as caught:
        World(server).ask()
    assert str(caught.value).encode()


def test_a_server_that_dies_and_comes_back_is_asked_on(server: ScriptedServer) -> None:
    world = World(server)
    world.ask()
    server.stop()
    sleeps: list[float] = []

    def sleep(seconds: float) -> None:
        sleeps.append(seconds)
        if len(sleeps) == 3:
            server.start()

    world.engine._asker.sleep = sleep
    completion = world.ask()
    assert completion.usage is not None
    assert (completion.text, completion.usage.attempts) == ("In Italy.", 4)
    assert sleeps == sorted(sleeps), "each wait is longer than the one before"


def test_a_server_that_stays_away_ends_the_run_soon(server: ScriptedServer) -> None:
    world = World(server)
    world.ask()
    server.stop()
    outcomes: list[type[Exception]] = []
    while ModelUnavailable not in outcomes and len(outcomes) < 100:
        with pytest.raises((ModelUnavailable, NoAnswer), match=r"cannot be reached|broke") as caught:
            world.ask()
        outcomes.append(caught.type)
    assert outcomes[-1] is ModelUnavailable
    assert 2 <= len(outcomes) <= 10
    assert world.clock.now < 200


def test_a_server_that_is_not_there_is_said_at_once() -> None:
    server = ScriptedServer(lambda messages: "").start()
    server.stop()
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        World(server)


@pytest.mark.parametrize(
    "fault",
    [
        streaming(events_of("In Italy.")[:2], done=False),
        streaming([], done=False),
        streaming(
            [chunk(role="assistant"), chunk(content="In"), {"error": {"message": "died", "code": 500}}]
        ),
        streaming([chunk(content="In"), '{"error": "a "quoted" word"}']),
        streaming([chunk(content="In"), "no JSON"]),
        streaming([chunk(content="In"), []]),
        answering({"error": {"message": "died"}}),
        plainly(b"data: \xff\xfe\n\n"),
    ],
)
def test_a_stream_that_broke_is_no_answer(server: ScriptedServer, fault: Fault) -> None:
    server.faults.append(fault)
    with pytest.raises(NoAnswer):
        World(server).time()


def test_requests_that_wait_do_not_all_come_back_at_once(server: ScriptedServer) -> None:
    world = World(server, concurrency=8)
    world.ask()
    server.faults.extend([status(429, headers={"Retry-After": "5"})] * 8)
    with ThreadPoolExecutor(8) as pool:
        texts = [done.text for done in pool.map(lambda _: world.ask(QUESTION), range(40))]
    assert texts == ["In Italy."] * 40
    assert world.clock.now >= 5
