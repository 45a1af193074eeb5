"""Replies that a server holds to a form: how it is asked, how a label is taken out, and when it does not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from harness.engines.engine import Decoding
from harness.spec.forms import ANY_OBJECT, AnswerForm
from tests.engines.endpoint.world import QUESTION, World
from tests.servers import ScriptedServer, answering, refuse, reply_body, status

LABELS = AnswerForm(("cancel", "pay"))
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
OBJECT = AnswerForm(schema=json.dumps(SCHEMA))


def asked(form: AnswerForm, most: int = 4) -> Any:
    return replace(QUESTION, decoding=Decoding(most, form=form))


def test_a_label_is_asked_for_as_an_object_and_taken_out_of_it(server: ScriptedServer) -> None:
    server.faults.append(
        answering(reply_body('{"label": "pay"}', {"prompt_tokens": 9, "completion_tokens": 7}))
    )
    completion = World(server).ask(asked(LABELS))
    assert (completion.text, completion.completion_tokens, completion.finish_reason) == ("pay", 7, "stop")
    (body,) = server.asked
    assert body["response_format"]["type"] == "json_schema"
    form = body["response_format"]["json_schema"]
    assert (form["strict"], form["schema"]["properties"]["label"]["enum"]) == (True, ["cancel", "pay"])
    assert body["max_tokens"] > 4


def test_a_label_that_was_cut_stays_as_it_came(server: ScriptedServer) -> None:
    server.faults.append(answering(reply_body('{"label": "pa', finish="length")))
    completion = World(server).ask(asked(LABELS))
    assert (completion.text, completion.finish_reason) == ('{"label": "pa', "length")


@pytest.mark.parametrize(
    ("form", "sent"),
    [
        (
            OBJECT,
            {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}},
        ),
        (AnswerForm(schema=ANY_OBJECT), {"type": "json_object"}),
    ],
)
def test_json_is_asked_for_as_it_is(server: ScriptedServer, form: AnswerForm, sent: dict[str, Any]) -> None:
    server.faults.append(answering(reply_body('{"city": "Rome"}')))
    assert World(server).ask(asked(form, 40)).text == '{"city": "Rome"}'
    assert server.asked[0]["response_format"] == sent


def test_a_timed_label_is_taken_out_too(server: ScriptedServer) -> None:
    server.reply = lambda _: '{"label": "pay"}'
    assert World(server).time(asked(LABELS)).completion.text == "pay"


def test_a_server_is_asked_once_whether_it_holds_a_form(server: ScriptedServer) -> None:
    server.reply = lambda _: '{"label": "pay"}'
    engine = World(server).engine
    assert [engine.why_not_held(LABELS) for _ in range(3)] == [None] * 3
    assert len(server.asked) == 1


@pytest.mark.parametrize("form", [LABELS, OBJECT, AnswerForm(schema=ANY_OBJECT)])
def test_a_server_that_passes_over_the_form_does_not_hold_it(
    server: ScriptedServer, form: AnswerForm
) -> None:
    server.reply = lambda _: "Hello"
    assert World(server).engine.why_not_held(form) == "the server does not hold replies to a form"


def test_a_server_that_refuses_the_form_goes_on_without(server: ScriptedServer) -> None:
    server.always = refuse("response_format")
    world = World(server)
    why = world.engine.why_not_held(OBJECT)
    assert why is not None
    assert why.startswith("the server does not hold answers to this form (it says: ")
    assert world.ask().text  # whatever is asked freely is answered


def test_a_schema_that_the_server_does_not_take_is_no_reason_to_ask_nothing_more(
    server: ScriptedServer,
) -> None:
    server.faults.append(status(400, "Invalid schema: 'additionalProperties' is required to be false."))
    world = World(server)
    assert "additionalProperties" in (world.engine.why_not_held(OBJECT) or "")
    assert world.ask().text


def test_a_parameter_that_is_refused_on_the_way_is_left_out(server: ScriptedServer) -> None:
    server.reply = lambda _: '{"label": "pay"}'
    server.faults.append(
        status(400, "Unsupported parameter: 'repetition_penalty'", param="repetition_penalty")
    )
    assert World(server).engine.why_not_held(LABELS) is None
