"""A real server over the default model: the same answers as here, its tokens and times, and what it refuses."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.engines.endpoint.engine import EndpointEngine
from harness.engines.endpoint.open import open_endpoint
from harness.engines.engine import Ability, Decoding, Message, Request
from harness.engines.local import LocalModel
from harness.engines.store import ModelFolder
from harness.engines.transformers_engine import TransformersEngine
from harness.errors import ModelUnavailable
from harness.spec.models import ModelEntry
from tests.fakes import Silent
from tests.serving import TransformersServe

pytestmark = [pytest.mark.models, pytest.mark.slow]

SYSTEM = "Answer the question in as few words as possible."
ASKED = (
    "What is the capital of France?",
    "How many days does a week have?",
    "Which colour is made of blue and yellow?",
    "Name three fruits.",
    "Write the word 'tea' in capital letters.",
    "What is 7 times 8?",
)


def request(question: str, **decoding: object) -> Request:
    settings = {"max_tokens": 24, "stop": ("\n\n",), **decoding}
    return Request((Message("system", SYSTEM), Message("user", question)), Decoding(**settings))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def served(served_default: TransformersServe) -> Iterator[EndpointEngine]:
    entry = ModelEntry(model=served_default.reference, tokenizer=str(served_default.model), concurrency=4)
    engine = open_endpoint(entry, cache=Path("nowhere"), progress=Silent())
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def local(default_base_folder: ModelFolder) -> TransformersEngine:
    return TransformersEngine(LocalModel(default_base_folder, device="cpu", dtype="float32"))


def test_a_served_model_answers_as_it_does_here(served: EndpointEngine, local: TransformersEngine) -> None:
    requests = [request(question) for question in ASKED]
    here = [local.complete([one])[0] for one in requests]
    there = served.complete(requests)
    assert [one.text for one in there] == [one.text for one in here]
    assert [one.finish_reason for one in there] == [one.finish_reason for one in here]
    assert [one.completion_tokens for one in there] == [one.completion_tokens for one in here]
    # What it says that it read is what its tokenizer counts here.
    assert [one.usage and one.usage.prompt_tokens for one in there] == [
        local.inspect(one).tokens for one in requests
    ]
    assert [served.inspect(one).tokens for one in requests] == [local.inspect(one).tokens for one in requests]


def test_its_stream_gives_the_same_answer_and_its_times(served: EndpointEngine) -> None:
    asked = request(ASKED[3])
    (answer,) = served.complete([asked])
    timed = served.time(asked, None, time.perf_counter)
    assert (timed.completion.text, timed.completion.finish_reason) == (answer.text, answer.finish_reason)
    assert timed.completion.completion_tokens == answer.completion_tokens
    assert 0 < timed.ttft_s < timed.e2e_s


def test_what_it_refuses_is_left_out(served: EndpointEngine) -> None:
    served.complete([request(ASKED[0], max_tokens=1)])
    assert served.facts().unsent == ("repetition_penalty",)


def test_it_gives_no_log_likelihoods(served: EndpointEngine) -> None:
    assert Ability.SCORE not in served.abilities


def test_a_model_that_it_does_not_have_is_refused_with_its_name(served_default: TransformersServe) -> None:
    entry = ModelEntry(model=f"{served_default.url}#another-model")
    engine = open_endpoint(entry, cache=Path("nowhere"), progress=Silent())
    with pytest.raises(ModelUnavailable, match="another-model"):
        engine.complete([request(ASKED[0])])
    engine.close()


def test_a_server_that_is_killed_and_comes_back_answers_on(
    served_default: TransformersServe, served: EndpointEngine
) -> None:
    (before,) = served.complete([request(ASKED[0])])
    served_default.kill()
    served_default.start()
    (after,) = served.complete([request(ASKED[0])])
    assert after.text == before.text
