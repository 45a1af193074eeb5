"""The time of a streamed reply: to the first piece of the answer, and to the end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.engines.engine import Decoding
from harness.errors import NoAnswer
from tests.engines.endpoint.world import QUESTION, World
from tests.servers import (
    Body,
    Handler,
    ScriptedServer,
    answering,
    chunk,
    events_of,
    refuse,
    reply_body,
    streaming,
)

USAGE = {"prompt_tokens": 5, "completion_tokens": 3}


def test_the_first_piece_with_content_is_the_first_token(server: ScriptedServer) -> None:
    world = World(server)
    timed = world.time()
    # Ticks: the start, the role alone, two words, the end, the count.
    assert (timed.ttft_s, timed.e2e_s) == (2, 4)
    assert (timed.completion.text, timed.completion.completion_tokens) == ("In Italy.", 3)
    assert timed.completion.usage is not None
    assert timed.completion.usage.prompt_tokens == 5
    (body,) = server.asked
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})


@pytest.mark.parametrize(
    ("pieces", "first"),
    [
        ([chunk(reasoning_content="Let"), chunk(reasoning_content=" me"), chunk(content="Rome")], 3),
        ([chunk(content="<think>"), chunk(content="Let me</think>"), chunk(content="Rome")], 3),
        ([chunk(content="Let me"), chunk(content="</think>\n\n"), chunk(content="Rome")], 3),
        ([chunk(content="<think>Let me</think>Rome"), chunk(content="Rome")], 1),
        ([chunk(content=""), chunk(content="Rome")], 2),
    ],
)
def test_thoughts_come_before_the_first_token(
    server: ScriptedServer, pieces: list[dict[str, object]], first: int
) -> None:
    server.faults.append(streaming([*pieces, chunk("stop")]))
    assert World(server).time().ttft_s == first


def test_an_empty_answer_takes_as_long_as_its_end(server: ScriptedServer) -> None:
    server.faults.append(streaming([chunk(role="assistant"), chunk("stop")]))
    timed = World(server).time(replace(QUESTION, decoding=Decoding(16)))
    assert (timed.completion.text, timed.ttft_s, timed.e2e_s) == ("", 2, 2)


def test_a_stream_is_whole_without_a_last_word_if_it_said_why_it_ended(server: ScriptedServer) -> None:
    end = {**chunk("stop"), "usage": USAGE}
    server.faults.append(streaming([chunk(content="In Italy."), end], done=False))
    completion = World(server).time().completion
    assert (completion.text, completion.completion_tokens) == ("In Italy.", 3)
    server.faults.append(streaming([chunk(content="In Italy.")]))
    assert World(server).time().completion.text == "In Italy."


def test_a_count_that_comes_with_every_piece_is_the_last_one(server: ScriptedServer) -> None:
    events = [
        {**event, "usage": {"prompt_tokens": 5, "completion_tokens": n}}
        for n, event in enumerate(events_of("a b"))
    ]
    server.faults.append(streaming(events))
    assert World(server).time().completion.completion_tokens == 3


def test_an_answer_that_is_cut_at_a_stop_text_is_cut_in_a_stream_too(server: ScriptedServer) -> None:
    server.reply = lambda messages: "Rome.\nParis."
    completion = World(server).time().completion
    assert (completion.text, completion.finish_reason) == ("Rome.", "stop")


def test_a_refused_parameter_is_no_failure_and_off_the_clock(server: ScriptedServer) -> None:
    server.faults.extend([refuse("stream_options"), refuse("seed")])
    world = World(server)
    timed = world.time()
    assert (timed.ttft_s, timed.completion.usage) == (2, None)
    assert world.engine.facts().unsent == ("seed", "stream_options")


def test_what_makes_a_prompt_unique_stands_at_its_very_front(server: ScriptedServer) -> None:
    world = World(server)
    world.engine.time(replace(QUESTION, unique="7f3a"), None, lambda: 1.0)
    assert server.asked[0]["messages"][0] == {"role": "system", "content": "7f3a\nBe brief."}
    assert server.asked[0]["messages"][1]["content"] == "Where is Rome?"
    world.engine.time(replace(QUESTION, prompt="Rome is", unique="7f3a"), None, lambda: 1.0)
    assert server.asked[1]["prompt"] == "7f3a\nRome is"


def test_a_model_that_thinks_has_room_for_it(server: ScriptedServer) -> None:
    World(server).ask(replace(QUESTION, decoding=Decoding(16, thinking_tokens=100)))
    assert server.asked[0]["max_tokens"] == 116


def test_room_for_thoughts_is_found_where_they_eat_the_answer(server: ScriptedServer) -> None:
    def thinking(handler: Handler, body: Body) -> None:
        starved = body["max_tokens"] < 100
        usage = {"prompt_tokens": 5, "completion_tokens": 16 if starved else 70}
        usage |= {"completion_tokens_details": {"reasoning_tokens": 16 if starved else 60}}
        text, finish = ("", "length") if starved else ("Rome.", "stop")
        thoughts = {"reasoning_content": "Let me see"}
        if body.get("stream"):
            end = {**chunk(finish), "usage": usage}
            return handler.send_events([chunk(**thoughts), chunk(content=text), end])
        return handler.send_json(reply_body(text, usage, finish, **thoughts))

    server.always = thinking
    world = World(server)
    completion = world.ask()
    assert (completion.text, completion.completion_tokens, completion.reasoning_tokens) == ("Rome.", 70, 60)
    assert [body["max_tokens"] for body in server.asked] == [16, 16 + 1024]
    world.ask()
    assert len(server.asked) == 3, "it is known now"
    assert World(server).time().completion.text == "Rome."
    assert len([note for note in world.progress.notes if "thinks" in note]) == 1


def test_a_reply_that_is_no_stream_is_no_time(server: ScriptedServer) -> None:
    server.faults.append(answering({"choices": [{"message": {"content": "Rome"}, "finish_reason": "stop"}]}))
    with pytest.raises(NoAnswer, match="broke"):
        World(server).time()
