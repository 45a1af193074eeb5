"""Log-likelihoods from a server are those of the model; a server that does not give them has no such ability."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from harness.engines.engine import Ability, Continuation, Decoding, Message, Request
from harness.engines.store import ModelFolder
from harness.engines.transformers_engine import TransformersEngine
from tests.engines.endpoint.world import QUESTION, World
from tests.servers import Body, Handler, ScriptedServer
from tests.tiny import tiny_engine

OPTIONS = tuple(Continuation(text) for text in ("in Italy", "in France", "nowhere"))
CHOICE = Request(QUESTION.prompt, Decoding(1), OPTIONS)
TEXT = Request("Rome is", Decoding(1), OPTIONS)
WHOLE = Request("Rome is in Italy, and was not built in a day.", whole=True)


@pytest.fixture(scope="module")
def local(tiny_model: ModelFolder) -> TransformersEngine:
    return tiny_engine(tiny_model)


def echoing(local: TransformersEngine) -> Callable[[Handler, Body], None]:
    """What vLLM answers to a prompt of token ids with `echo`, computed by transformers itself."""

    def answer(handler: Handler, body: Body) -> None:
        import torch

        assert body["echo"]
        ids = body["prompt"]
        with torch.inference_mode():
            logits = local.model.weights(torch.tensor([ids])).logits[0].double().log_softmax(-1)
        known: list[Any] = [None]
        tops: list[Any] = [None]
        for place, token in enumerate(ids[1:]):
            row = logits[place]
            best = int(row.argmax())
            known.append(float(row[token]))
            tops.append({f"t{best}": float(row[best]), f"t{token}": float(row[token])})
        best = int(logits[-1].argmax())
        known.append(float(logits[-1, best]))
        tops.append({f"t{best}": float(logits[-1, best])})
        said = {"tokens": ["x"] * len(known), "token_logprobs": known, "top_logprobs": tops}
        choice = {"index": 0, "text": "…", "finish_reason": "length", "logprobs": said}
        usage = {"prompt_tokens": len(ids), "completion_tokens": 1}
        handler.send_json({"choices": [choice], "usage": usage})

    return answer


@pytest.mark.parametrize("request_", [CHOICE, TEXT, WHOLE], ids=["choice", "text", "whole"])
def test_sums_are_those_of_the_model_itself(
    server: ScriptedServer, local: TransformersEngine, tiny_model: ModelFolder, request_: Request
) -> None:
    server.always = echoing(local)
    world = World(server, tokenizer=str(tiny_model.path))
    assert Ability.SCORE in world.engine.abilities
    (here,) = local.complete([request_])
    there = world.ask(request_)
    assert there.choice_logprobs == pytest.approx(here.choice_logprobs, abs=1e-3)
    assert there.greedy == here.greedy
    assert there.finish_reason == "choice"
    assert there.usage is not None
    assert there.usage.prompt_tokens == sum(len(body["prompt"]) for body in server.asked[1:])
    assert world.engine.time(request_, None, lambda: 1.0).completion.greedy == here.greedy


def spoilt(local: TransformersEngine, change: Callable[[Body], None]) -> Callable[[Handler, Body], None]:
    """The same reply after `change`."""

    def answer(handler: Handler, body: Body) -> None:
        send = handler.send_json

        def changed(value: Any, *more: Any) -> None:
            change(value["choices"][0])
            send(value, *more)

        handler.send_json = changed  # type: ignore[method-assign]
        try:
            echoing(local)(handler, body)
        finally:
            handler.send_json = send  # type: ignore[method-assign]

    return answer


SPOILT: dict[str, Callable[[Body], Any]] = {
    "none": lambda choice: choice.pop("logprobs"),
    "null": lambda choice: choice.update(logprobs=None),
    "too few": lambda choice: choice["logprobs"]["token_logprobs"].pop(),
    "the reply's alone": lambda choice: choice["logprobs"].update(
        token_logprobs=[-1.0], top_logprobs=[{"a": -1.0}]
    ),
    "all alike": lambda choice: choice["logprobs"].update(
        token_logprobs=[-1.0 for _ in choice["logprobs"]["token_logprobs"]]
    ),
    "above nought": lambda choice: choice["logprobs"]["token_logprobs"].__setitem__(3, 0.5),
    "no number": lambda choice: choice["logprobs"]["token_logprobs"].__setitem__(3, math.nan),
    "a huge number": lambda choice: choice["logprobs"]["token_logprobs"].__setitem__(3, -(10**400)),
    "text": lambda choice: choice["logprobs"]["token_logprobs"].__setitem__(3, "-1"),
    "no rivals": lambda choice: choice["logprobs"].pop("top_logprobs"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_server_that_gives_no_true_ones_has_not_the_ability(
    server: ScriptedServer, local: TransformersEngine, tiny_model: ModelFolder, name: str
) -> None:
    server.always = spoilt(local, SPOILT[name])
    world = World(server, tokenizer=str(tiny_model.path))
    assert Ability.SCORE not in world.engine.abilities
    assert any("log-likelihoods" in note for note in world.progress.notes)


def test_a_server_that_does_not_know_echo_has_not_the_ability(
    server: ScriptedServer, tiny_model: ModelFolder
) -> None:
    server.usage = lambda prompt, reply: None
    world = World(server, tokenizer=str(tiny_model.path))
    assert Ability.SCORE not in world.engine.abilities
    assert world.ask().text == "In Italy.", "and answers all the same"


def test_without_the_tokenizer_nothing_is_scored_and_tokens_are_estimated(server: ScriptedServer) -> None:
    world = World(server)
    assert world.engine.abilities == frozenset()
    long, short = Request((Message("user", "x" * 3000),)), Request((Message("user", "东京" * 10),))
    assert world.engine.inspect(long).tokens >= 1000
    assert world.engine.inspect(short).tokens >= 20


def test_a_tokenizer_counts_as_the_model_does(
    server: ScriptedServer, local: TransformersEngine, tiny_model: ModelFolder
) -> None:
    world = World(server, tokenizer=str(tiny_model.path))
    assert {Ability.COUNT, Ability.RENDER} <= world.engine.abilities
    assert world.engine.inspect(QUESTION).tokens == local.inspect(QUESTION).tokens
    turns = list(QUESTION.prompt)
    assert world.engine.show(QUESTION, turns) == local.show(QUESTION, turns)  # type: ignore[arg-type]


def test_prompts_are_named_by_what_is_sent(server: ScriptedServer, tiny_model: ModelFolder) -> None:
    bare, known = World(server), World(server, tokenizer=str(tiny_model.path))
    assert bare.engine.inspect(QUESTION).sha256 == known.engine.inspect(QUESTION).sha256
    asked = [
        QUESTION,
        Request("Be brief.\nWhere is Rome?"),
        TEXT,
        WHOLE,
        Request((Message("user", "Where is Rome?"),)),
    ]
    assert len({bare.engine.inspect(request).sha256 for request in asked}) == len(asked)
