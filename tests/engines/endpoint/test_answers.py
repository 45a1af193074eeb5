"""What a server is asked, and what its replies come to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.engines.engine import AdapterRef, Decoding, Message, Request
from harness.errors import ModelUnavailable, PromptTooLong
from tests.engines.endpoint.world import QUESTION, World
from tests.servers import Body, Handler, ScriptedServer, answering, refuse, reply_body, status


def test_a_conversation_is_asked_with_every_setting_that_shapes_the_reply(server: ScriptedServer) -> None:
    completion = World(server).ask()
    assert (completion.text, completion.finish_reason, completion.completion_tokens) == (
        "In Italy.",
        "stop",
        3,
    )
    assert completion.usage is not None
    assert (completion.usage.prompt_tokens, completion.usage.attempts) == (5, 1)
    (body,) = server.asked
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Where is Rome?"},
    ]
    wanted = {"model": "served", "temperature": 0, "top_p": 1, "max_tokens": 16, "stop": ["\n"], "seed": 0}
    wanted |= {"frequency_penalty": 0, "presence_penalty": 0, "repetition_penalty": 1.0}
    assert {name: body[name] for name in wanted} == wanted


def test_no_more_stop_texts_are_sent_than_servers_take_and_all_of_them_end_the_answer(
    server: ScriptedServer,
) -> None:
    server.reply = lambda messages: "one, two; three"
    completion = World(server).ask(replace(QUESTION, decoding=Decoding(9, ("A", "B", "C", "D", "E", ";"))))
    assert server.asked[0]["stop"] == ["A", "B", "C", "D"]
    assert (completion.text, completion.finish_reason) == ("one, two", "stop")


def test_no_stop_texts_are_sent_where_there_are_none(server: ScriptedServer) -> None:
    World(server).ask(replace(QUESTION, decoding=Decoding(9)))
    assert "stop" not in server.asked[0]  # an empty list is an error to some servers


def test_stop_texts_that_end_a_reply_before_its_first_word_are_not_sent_any_more(
    server: ScriptedServer,
) -> None:
    def stopping(handler: Handler, body: Body) -> None:
        usage = {"prompt_tokens": 5, "completion_tokens": 1 if "stop" in body else 9}
        handler.send_json(reply_body("" if "stop" in body else "\nIn Italy.\nIt", usage))

    server.always = stopping
    world = World(server)
    assert [world.ask().text for _ in range(2)] == ["\nIn Italy."] * 2
    assert ["stop" in body for body in server.asked] == [True, False, False]
    assert world.engine.facts().unsent == ("stop",)
    assert sum("before its first word" in note for note in world.progress.notes) == 1


def test_an_adapter_is_the_model_of_the_request(server: ScriptedServer) -> None:
    World(server).ask(adapter=AdapterRef(None, None, served="tuned"))
    assert server.asked[0]["model"] == "tuned"


def test_plain_text_is_asked_as_text(server: ScriptedServer) -> None:
    completion = World(server).ask(Request("Rome is in", Decoding(4)))
    assert server.paths == ["/v1/completions"]
    assert server.asked[0]["prompt"] == "Rome is in"
    assert completion.text == "In Italy."


@pytest.mark.parametrize(
    "parameter", ["temperature", "seed", "top_p", "stop", "chat_template_kwargs", "repetition_penalty"]
)
def test_a_parameter_that_is_refused_is_left_out_and_said_once(
    server: ScriptedServer, parameter: str
) -> None:
    server.always = refuse(parameter)
    world = World(server)
    completion = world.ask()
    world.ask()
    assert completion.usage is not None
    assert (completion.text, completion.usage.attempts) == ("In Italy.", 1)
    assert [parameter in body for body in server.asked] == [True, False, False]
    assert world.engine.facts().unsent == (parameter,)
    assert len([note for note in world.progress.notes if parameter in note]) == 1


def test_the_limit_of_a_reply_is_renamed_and_never_left_out(server: ScriptedServer) -> None:
    server.always = refuse("max_tokens")
    world = World(server)
    world.ask()
    assert server.asked[-1]["max_completion_tokens"] == 16
    assert world.engine.facts().unsent == ()
    server.always = refuse("max_completion_tokens")
    with pytest.raises(ModelUnavailable, match="max_completion_tokens"):
        world.ask()


@pytest.mark.parametrize(
    "said",
    [
        "Unexpected fields in the request: {'repetition_penalty'}",
        "[{'type': 'extra_forbidden', 'loc': ['body', 'repetition_penalty']}]",
        "Unrecognized request argument supplied: repetition_penalty",
    ],
)
def test_refusals_are_understood_in_other_words_too(server: ScriptedServer, said: str) -> None:
    server.faults.append(status(422, said))
    World(server).ask()
    assert "repetition_penalty" not in server.asked[-1]


def test_a_system_message_that_the_template_has_no_place_for_stands_before_the_question(
    server: ScriptedServer,
) -> None:
    server.faults.append(status(400, "System role not supported"))
    world = World(server)
    world.ask()
    assert server.asked[-1]["messages"] == [{"role": "user", "content": "Be brief.\n\nWhere is Rome?"}]


def test_json_is_asked_for_where_answers_are_held_to_it(server: ScriptedServer) -> None:
    asked = replace(QUESTION, decoding=Decoding(16, json=True))
    World(server, structured=True).ask(asked)
    World(server, structured=True).ask(QUESTION)
    World(server).ask(asked)
    assert [body.get("response_format") for body in server.asked] == [{"type": "json_object"}, None, None]


def test_a_server_that_cannot_hold_answers_to_a_form_is_refused(server: ScriptedServer) -> None:
    server.always = refuse("response_format")
    with pytest.raises(ModelUnavailable, match="leave structured out"):
        World(server, structured=True).ask(replace(QUESTION, decoding=Decoding(16, json=True)))


def test_a_stop_text_that_the_server_does_not_honour_ends_the_answer(server: ScriptedServer) -> None:
    server.faults.append(answering(reply_body("In Italy.\nOr so", finish="length")))
    completion = World(server).ask()
    assert (completion.text, completion.finish_reason) == ("In Italy.", "stop")


def test_an_answer_that_was_cut_says_so(server: ScriptedServer) -> None:
    server.faults.append(answering(reply_body("In", {"prompt_tokens": 9, "completion_tokens": 16}, "length")))
    completion = World(server).ask()
    assert (completion.finish_reason, completion.completion_tokens) == ("length", 16)


@pytest.mark.parametrize(
    ("message", "text", "thoughts"),
    [
        ({"content": "Rome.", "reasoning_content": "Let me see"}, "Rome.", 5),
        ({"content": "Rome.", "reasoning": "Let me see"}, "Rome.", 5),
        ({"content": "<think>Let me see</think>\n\nRome."}, "Rome.", 5),
        ({"content": "<think>Let me se"}, "", 5),
        ({"content": None, "refusal": "I will not."}, "I will not.", 5),
        ({"content": [{"type": "text", "text": "Ro"}, {"type": "text", "text": "me."}]}, "Rome.", 5),
    ],
)
def test_thoughts_are_no_part_of_the_answer(
    server: ScriptedServer, message: dict[str, Any], text: str, thoughts: int
) -> None:
    usage = {
        "prompt_tokens": 9,
        "completion_tokens": 12,
        "completion_tokens_details": {"reasoning_tokens": thoughts},
    }
    server.always = answering(reply_body("", usage, **message))
    completion = World(server).ask()
    assert (completion.text, completion.completion_tokens, completion.reasoning_tokens) == (
        text,
        12,
        thoughts,
    )


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        "12",
        {"prompt_tokens": -5, "completion_tokens": 3},
        {"prompt_tokens": 0, "completion_tokens": 3},
        {"prompt_tokens": "9", "completion_tokens": "3"},
        {"prompt_tokens": True, "completion_tokens": 3},
        {"prompt_tokens": 1e9, "completion_tokens": 3},
        {"prompt_tokens": 10**15, "completion_tokens": 3},
    ],
)
def test_a_count_that_cannot_be_true_is_not_believed_and_said(server: ScriptedServer, usage: Any) -> None:
    server.usage = lambda prompt, reply: usage
    world = World(server)
    assert world.ask().usage is None
    world.ask()
    assert len([note for note in world.progress.notes if "estimated" in note]) == 1


@pytest.mark.parametrize("tokens", [-1, 0, 17, 10**9, "3", None, 2.5, True])
def test_more_tokens_than_were_asked_for_are_not_believed(server: ScriptedServer, tokens: Any) -> None:
    server.usage = lambda prompt, reply: {"prompt_tokens": 9, "completion_tokens": tokens}
    completion = World(server).ask()
    assert completion.usage is not None
    assert completion.usage.prompt_tokens == 9
    assert 1 <= completion.completion_tokens <= 16


def test_cached_tokens_are_kept_and_never_more_than_the_prompt_has(server: ScriptedServer) -> None:
    world = World(server)
    for cached, kept in [(7, 7), (0, 0), (10, None), (-1, None), ("7", None)]:
        details = {"prompt_tokens_details": {"cached_tokens": cached}}
        usage = {"prompt_tokens": 9, "completion_tokens": 3, **details}
        server.usage = lambda prompt, reply, usage=usage: usage
        completion = world.ask()
        assert completion.usage is not None
        assert completion.usage.cached_tokens == kept


def test_an_answer_that_a_filter_keeps_back_is_empty_as_it_is_for_users(server: ScriptedServer) -> None:
    server.faults.append(
        status(400, "The prompt triggered the content management policy", code="content_filter")
    )
    world = World(server)
    completion = world.ask()
    assert (completion.text, completion.finish_reason, completion.completion_tokens) == ("", "stop", 0)
    assert any("filter" in note for note in world.progress.notes)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (400, "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens."),
        (400, "request (4390 tokens) exceeds the available context size (4096 tokens), try increasing it"),
        (
            422,
            "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096: reduce the length",
        ),
        (413, "The prompt is too long"),
        (500, "Context size has been exceeded."),
        (400, "'max_tokens' is too large: 100. This model's maximum context length is 2048 tokens"),
    ],
)
def test_a_prompt_that_is_too_long_is_a_result(server: ScriptedServer, code: int, said: str) -> None:
    server.faults.append(status(code, said))
    with pytest.raises(PromptTooLong):
        World(server).ask()
    assert len(server.asked) == 1


def test_a_prompt_that_the_server_cuts_in_silence_is_too_long(
    server: ScriptedServer, tiny_model: Any
) -> None:
    most = 300
    server.usage = lambda prompt, reply: {
        "prompt_tokens": min(len(prompt), most),  # its tokens are characters
        "completion_tokens": 3,
    }
    world = World(server, tokenizer=str(tiny_model.path))
    assert world.ask(replace(QUESTION, prompt=(Message("user", "word " * 50),))).text == "In Italy."
    with pytest.raises(PromptTooLong, match="300 of the prompt's"):
        world.ask(replace(QUESTION, prompt=(Message("user", "word " * 90),)))
