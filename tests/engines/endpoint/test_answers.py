"""What a server is asked, and what its replies come to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.engines.endpoint.engine import EndpointEngine
from harness.engines.endpoint.open import open_endpoint
from harness.engines.engine import AdapterRef, Decoding, Message, Request
from harness.spec.models import ModelEntry
from tests.fakes import FakeClock, Silent
from tests.servers import ScriptedServer, answering, refuse, reply_body

QUESTION = Request((Message("system", "Be brief."), Message("user", "Where is Rome?")), Decoding(16, ("\n",)))


class World:
    """An engine over a scripted server; nobody waits, and the clock says what waiting would have taken."""

    def __init__(self, server: ScriptedServer, **entry: Any) -> None:
        self.server, self.clock, self.progress = server, FakeClock(), Silent()
        self.engine = self.open(**entry)

    def open(self, environment: dict[str, str] | None = None, **entry: Any) -> EndpointEngine:
        return open_endpoint(
            ModelEntry(**{"model": self.server.reference, **entry}),
            cache=Path("nowhere"),
            progress=self.progress,
            environment=environment or {},
            timeout_s=5.0,
            clock=self.clock,
            sleep=self.clock.advance,
        )

    def ask(self, request: Request = QUESTION, adapter: AdapterRef | None = None) -> Any:
        (completion,) = self.engine.complete([request], adapter)
        return completion


@pytest.fixture
def server():
    with ScriptedServer(lambda messages: "In Italy.") as running:
        yield running


def test_a_conversation_is_asked_with_every_setting_that_shapes_the_reply(server: ScriptedServer) -> None:
    world = World(server)
    completion = world.ask()
    assert (completion.text, completion.finish_reason, completion.completion_tokens) == (
        "In Italy.",
        "stop",
        3,
    )
    assert (completion.usage.prompt_tokens, completion.usage.attempts) == (5, 1)
    (body,) = server.asked
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Where is Rome?"},
    ]
    settings = {name: body[name] for name in ("model", "temperature", "top_p", "max_tokens", "stop", "seed")}
    assert settings == {
        "model": "served",
        "temperature": 0,
        "top_p": 1,
        "max_tokens": 16,
        "stop": ["\n"],
        "seed": 0,
    }
    assert body["repetition_penalty"] == 1.0


def test_an_adapter_is_the_model_of_the_request(server: ScriptedServer) -> None:
    World(server).ask(adapter=AdapterRef(None, None, served="tuned"))
    assert server.asked[0]["model"] == "tuned"


@pytest.mark.parametrize(
    "parameter", ["temperature", "seed", "top_p", "chat_template_kwargs", "repetition_penalty"]
)
def test_a_parameter_that_is_refused_is_left_out_and_said_once(
    server: ScriptedServer, parameter: str
) -> None:
    server.always = refuse(parameter)
    world = World(server)
    completion = world.ask()
    world.ask()
    assert completion.text == "In Italy."
    assert completion.usage.attempts == 1
    assert [parameter in body for body in server.asked] == [True, False, False]
    assert world.engine.facts().unsent == (parameter,)
    assert len([note for note in world.progress.notes if parameter in note]) == 1


def test_a_stop_text_that_the_server_does_not_honour_ends_the_answer(server: ScriptedServer) -> None:
    server.faults.append(answering(reply_body("In Italy.\nOr so", finish="length")))
    completion = World(server).ask()
    assert (completion.text, completion.finish_reason) == ("In Italy.", "stop")
    assert json.dumps(server.asked)
