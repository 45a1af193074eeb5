"""The engine over real transformers and peft: one copy of the base weights, and the same answers always."""

from __future__ import annotations

import weakref
from dataclasses import replace
from typing import Any

import pytest
import torch

from harness.engines import decoding
from harness.engines.engine import (
    AdapterRef,
    Decoding,
    Message,
    Request,
)
from harness.engines.local import choose_device, choose_dtype
from harness.engines.store import ModelFolder
from harness.engines.tokens import shared_prefix
from harness.engines.transformers_engine import TransformersEngine
from harness.errors import InputError, ModelUnavailable
from tests.engines.conversations import BATCH, DECODING, QUESTIONS, SCORED, asked, ticking, tokens
from tests.tiny import tiny_engine


def test_batched_and_single_answers_agree(engine: TransformersEngine) -> None:
    together = engine.complete(BATCH)
    alone = [engine.complete([request])[0] for request in BATCH]
    assert together == alone


def test_a_shared_prefix_changes_nothing(engine: TransformersEngine) -> None:
    assert shared_prefix([tokens(engine, request) for request in BATCH]) > 10
    assert engine.complete(BATCH, job=BATCH) == engine.complete(BATCH)


def test_a_prefix_is_read_once_for_all_batches_of_a_job(
    engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = decoding.read
    widths: list[int] = []

    def watched(model: Any, cache: Any, **inputs: Any) -> Any:
        widths.append(inputs["input_ids"].shape[1])
        return read(model, cache, **inputs)

    monkeypatch.setattr(decoding, "read", watched)
    shared = shared_prefix([tokens(engine, request) for request in BATCH])
    alone = [engine.complete([request], job=BATCH)[0] for request in BATCH]
    assert widths.count(shared) == 1
    assert max(width for width in widths if width != shared) == max(
        len(tokens(engine, request)) - shared for request in BATCH
    )
    assert alone == engine.complete(BATCH)


def test_a_prefix_that_was_read_under_other_weights_is_not_used(
    engine: TransformersEngine, adapter: AdapterRef
) -> None:
    for weights in (None, adapter, None, replace(adapter, merged=False), adapter):
        assert engine.complete(BATCH, weights, job=BATCH) == engine.complete(BATCH, weights)


def test_a_prefix_of_one_job_is_not_used_for_another(engine: TransformersEngine) -> None:
    other = [Request((Message("system", "Be rude."), *request.prompt[1:]), DECODING) for request in BATCH]
    plain = engine.complete(other)
    assert engine.complete(BATCH, job=BATCH) != plain
    assert engine.complete(other, job=other) == plain


@pytest.mark.parametrize("limit", [1, 60, 10**6])
@pytest.mark.parametrize("with_prefix", [True, False])
def test_a_batch_read_in_slices_gives_the_same_answers(
    engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch, limit: int, with_prefix: bool
) -> None:
    job = BATCH if with_prefix else ()
    alone = [engine.complete([request])[0] for request in BATCH]
    monkeypatch.setattr(decoding, "SLICE_TOKENS", limit)
    for _ in range(2):  # the second time behind the prefix that was kept from the first
        assert engine.complete(BATCH, job=job) == alone


def test_greedy_answers_are_those_of_transformers_generate(engine: TransformersEngine) -> None:
    prompt = tokens(engine, BATCH[1])
    expected = engine.model.weights.generate(
        torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
        do_sample=False, num_beams=1, repetition_penalty=1.0, max_new_tokens=12,
    )[0, len(prompt) :].tolist()  # fmt: skip
    (answer,) = engine.complete([BATCH[1]])
    chat = engine.model.chat
    ends = [at for at, token in enumerate(expected) if token == chat.end_token]
    words = expected[: ends[0]] if ends else expected
    assert answer.text == chat.decode(words)
    assert answer.completion_tokens == len(words) + bool(ends)
    assert answer.finish_reason == ("stop" if ends else "length")


def test_a_stop_string_ends_the_answer_and_is_no_part_of_it(engine: TransformersEngine) -> None:
    (whole,) = engine.complete([asked(QUESTIONS[2])])
    stop = whole.text[3]
    (cut,) = engine.complete([asked(QUESTIONS[2], Decoding(12, (stop,)))])
    assert cut.text == whole.text[: whole.text.index(stop)]
    assert cut.finish_reason == "stop"
    assert cut.completion_tokens < whole.completion_tokens


def test_timed_answers_are_the_same_answers(engine: TransformersEngine, adapter: AdapterRef) -> None:
    for weights in (None, adapter):
        timed = engine.time(BATCH[1], weights, ticking())
        assert timed.completion == engine.complete([BATCH[1]], weights)[0]
        assert timed.ttft_s == 1.0  # the first tick after the start is the first token
        assert timed.e2e_s == timed.completion.completion_tokens + 1


def test_released_weights_leave_memory_and_are_read_again_when_needed(
    engine: TransformersEngine, adapter: AdapterRef
) -> None:
    engine.release()
    assert engine.facts() is None, "nothing was loaded, so nothing is released"
    base, adapted = engine.complete(BATCH, job=BATCH), engine.complete(BATCH, adapter, job=BATCH)
    facts = engine.facts()
    weights = [weakref.ref(parameter) for parameter in engine.model.weights.parameters()]
    engine.release()
    assert [one for one in weights if one() is not None] == []
    assert engine.facts() == facts
    assert engine.complete(BATCH, adapter, job=BATCH) == adapted
    engine.release()
    assert engine.complete(BATCH, job=BATCH) == base


def test_what_is_inspected_is_what_is_read(engine: TransformersEngine) -> None:
    request = SCORED[0]
    facts = engine.inspect(request)
    longest = max(len(engine.model.chat.encode(option.text)) for option in request.continuations)
    assert facts.tokens == len(tokens(engine, request))
    assert facts.longest == facts.tokens + longest
    assert len({engine.inspect(one).sha256 for one in BATCH}) == len(BATCH)
    assert engine.facts() is None, "no weights are needed for it"


def test_devices_and_dtypes_that_are_not_there_are_refused() -> None:
    assert choose_dtype(None, "cpu") == "float32"
    assert choose_dtype(None, "cuda:0") == "bfloat16"
    with pytest.raises(InputError, match="no dtype"):
        choose_dtype("float8", "cpu")
    with pytest.raises(InputError, match="cannot be used here"):
        choose_device("warp")


@pytest.mark.parametrize(
    ("rows", "length"),
    [
        ([(1, 2, 3), (1, 2, 4)], 2),
        ([(1, 2), (1, 2)], 1),
        ([(1,), (2,)], 0),
        ([], 0),
        ([(1, 2, 3), (1, 2)], 1),
    ],
)
def test_shared_prefix_leaves_each_prompt_a_token_of_its_own(
    rows: list[tuple[int, ...]], length: int
) -> None:
    assert shared_prefix(rows) == length


def test_logits_that_are_no_numbers_are_no_answers(tiny_model: ModelFolder) -> None:
    engine = tiny_engine(tiny_model)
    engine.model.weights.model.layers[-1].mlp.down_proj.weight.data.fill_(3e38)
    for requests in (BATCH, SCORED):
        with pytest.raises(ModelUnavailable, match="no finite numbers"):
            engine.complete(requests[:1])
