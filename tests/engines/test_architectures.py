"""Models of many architectures: answers are those of transformers' `generate`, whichever decoder gives them."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.engines import transformers_engine
from harness.engines.attention import attention_of, smallest_window
from harness.engines.decoders import LibraryDecoder, shareable
from harness.engines.engine import Continuation, Decoding, Message, Request
from harness.engines.local import LocalModel
from harness.engines.store import resolve
from harness.engines.tokens import encode
from harness.engines.transformers_engine import TransformersEngine
from harness.errors import ModelUnavailable
from harness.records import Proof
from tests.architectures import ARCHITECTURES, BY_LIBRARY, WINDOW, tiny
from tests.fakes import Silent
from tests.tiny import tiny_engine, write_tiny_model

SYSTEM = Message("system", "Answer, please, briefly.")
QUESTIONS = ("Who?", "What is the name of the boat that leaves at nine?", "When does it leave?")
BATCH = [Request((SYSTEM, Message("user", question)), Decoding(8)) for question in QUESTIONS]


def expected(engine: TransformersEngine, request: Request) -> list[int]:
    """What `generate` writes, up to the end token."""
    prompt = encode(engine.model.chat, request).prompt
    weights = engine.model.weights
    written = weights.generate(
        torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
        do_sample=False, num_beams=1, repetition_penalty=1.0, max_new_tokens=8, eos_token_id=0, pad_token_id=0,
    )[0, len(prompt) :].tolist()  # fmt: skip
    return written[: written.index(0) + 1] if 0 in written else written


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_answers_in_a_batch_are_those_of_generate(name: str) -> None:
    engine = tiny_engine(tiny(name))
    answers = engine.complete(BATCH, job=BATCH)
    facts = engine.facts()
    assert facts is not None
    assert facts.decoding is not None
    assert facts.decoding.used == ("library" if name in BY_LIBRARY else "own"), facts.decoding.why
    chat = engine.model.chat
    for request, answer in zip(BATCH, answers, strict=True):
        tokens = expected(engine, request)
        assert answer.text == chat.decode([token for token in tokens if token])
        assert answer.completion_tokens == len(tokens)
        assert answer.finish_reason == ("stop" if tokens[-1] == 0 else "length")
    clock = itertools.count()
    timed = engine.time(BATCH[1], None, lambda: float(next(clock)))
    assert timed.completion == answers[1]
    assert (timed.ttft_s, timed.e2e_s) == (1.0, timed.completion.completion_tokens + 1)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_likelihoods_are_those_of_a_plain_forward_pass(name: str) -> None:
    engine = tiny_engine(tiny(name))
    options = ("a", "the ferry, as ever", "no")
    requests = [replace(request, continuations=tuple(map(Continuation, options))) for request in BATCH]
    chat, weights = engine.model.chat, engine.model.weights
    for request, answer in zip(requests, engine.complete(requests, job=requests), strict=True):
        prompt = encode(chat, request).prompt
        for option, found in zip(options, answer.choice_logprobs or (), strict=True):
            ids = chat.encode(option)
            with torch.inference_mode():
                likeliest = weights(torch.tensor([[*prompt, *ids]])).logits[0].log_softmax(-1)
            plain = sum(float(likeliest[len(prompt) + at - 1, token]) for at, token in enumerate(ids))
            assert found == pytest.approx(plain, rel=1e-3)


def test_a_shared_prefix_is_not_split_from_prompts_by_padding_beyond_a_window() -> None:
    weights = tiny_engine(tiny("mistral, sliding")).model.weights
    assert smallest_window(weights.config) == WINDOW
    short, long = range(WINDOW - 6), range(WINDOW - 4)
    assert shareable(weights, [short, long], 5, 4) == 5
    assert shareable(weights, [short, long], 5, 5) == 0
    assert shareable(weights, [long, long], 5, 50) == 5, "prompts of one length need no padding"
    assert shareable(tiny_engine(tiny("llama")).model.weights, [short, range(500)], 5, 50) == 5


def test_each_model_gets_the_attention_that_it_needs() -> None:
    """Fused attention has no soft caps and no sinks: transformers refuses it there, or leaves them out."""
    own = {name: tiny_engine(tiny(name)).model.weights.config._attn_implementation for name in ARCHITECTURES}
    assert {own["gemma2, soft caps"], own["gpt-oss, sinks"]} == {"eager"}
    assert {own["llama"], own["mistral, sliding"], own["gemma3, sliding and full"]} == {"sdpa"}
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    assert attention_of(Gemma3ForCausalLM, Gemma3TextConfig()) == "sdpa"
    assert attention_of(Gemma3ForCausalLM, Gemma3TextConfig(attn_logit_softcapping=50.0)) == "eager"


# The library's decoder


@pytest.fixture
def by_library(monkeypatch: pytest.MonkeyPatch) -> TransformersEngine:
    """A Llama whose fast paths were found wanting."""
    monkeypatch.setattr(transformers_engine, "decoding_fault", lambda *_: "they differ")
    return tiny_engine(tiny("llama"))


def test_the_library_decodes_as_our_own_does(by_library: TransformersEngine) -> None:
    own = tiny_engine(tiny("llama"))
    plain = own.complete(BATCH)
    assert by_library.complete(BATCH) == plain
    assert isinstance(by_library._decoder, LibraryDecoder)
    whole = plain[2].text
    for decoding in (Decoding(3), Decoding(8, (whole[2:4],)), Decoding(8, ("<|user|>",))):
        requests = [replace(request, decoding=decoding) for request in BATCH]
        assert by_library.complete(requests) == own.complete(requests)


def test_every_end_token_ends_a_reply_of_the_library(by_library: TransformersEngine) -> None:
    own = tiny_engine(tiny("llama"))
    second = encode(own.model.chat, Request(own.complete(BATCH)[1].text[1])).prompt[0]
    for engine in (own, by_library):
        engine.model.weights.generation_config.eos_token_id = [0, second]
    answers = by_library.complete(BATCH)
    assert answers == own.complete(BATCH)
    assert (answers[1].finish_reason, answers[1].completion_tokens) == ("stop", 2)


def test_logits_of_the_library_that_are_no_numbers_are_no_answers(by_library: TransformersEngine) -> None:
    by_library.model.weights.model.layers[-1].mlp.down_proj.weight.data.fill_(3e38)
    for request in (BATCH[0], replace(BATCH[0], continuations=(Continuation("a"),))):
        with pytest.raises(ModelUnavailable, match="no finite numbers"):
            by_library.complete([request])


def test_a_checkpoint_cannot_shape_how_it_is_decoded() -> None:
    """`generate` takes what it is not told from the checkpoint: penalties, minimum lengths, forbidden words."""
    engine = tiny_engine(tiny("llama"))
    folder = engine.model.path
    path = folder / "generation_config.json"
    before = path.read_text()
    path.write_text('{"eos_token_id": 0, "min_new_tokens": 8, "no_repeat_ngram_size": 1, "do_sample": true}')
    try:
        told = tiny_engine(tiny("llama"))
        tokens = [expected(told, request) for request in BATCH]
    finally:
        path.write_text(before)
    assert tokens == [expected(engine, request) for request in BATCH]


# Proofs


def test_no_proof_reads_more_than_the_model_does(tmp_path: Path) -> None:
    """GPT-Neo has learnt its positions: beyond the last it fails, also with transformers' own `generate`."""
    shape = {"attention_types": [[["global", "local"], 1]], "num_layers": 2, "num_heads": 6}
    folder = write_tiny_model(
        tmp_path, architecture="GPTNeo", window_size=60, max_position_embeddings=64, **shape
    )
    engine = tiny_engine(resolve(str(folder), kind="base", cache=tmp_path, progress=Silent()))
    (answer,) = engine.complete([Request("Who?", Decoding(3))])
    assert answer.completion_tokens > 0


def engine_with(cache: Path, progress: Silent, name: str = "llama") -> TransformersEngine:
    return TransformersEngine(
        LocalModel(tiny(name), device="cpu", dtype="float32", cache=cache, progress=progress)
    )


def test_a_proof_is_made_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    def fault(*given: Any) -> str:
        made.append(given)
        return "they differ by 3"

    monkeypatch.setattr(transformers_engine, "decoding_fault", fault)
    notes = []
    for _ in range(2):
        progress = Silent()
        engine = engine_with(tmp_path, progress)
        engine.complete(BATCH)
        facts = engine.facts()
        assert facts is not None
        assert facts.decoding == Proof("library", "they differ by 3")
        notes += progress.notes
    assert len(made) == 1
    assert notes == [notes[0]] * 2, "it is said in each run"
    assert "generate" in notes[0]
    assert "they differ by 3" in notes[0]
    (kept,) = (tmp_path / "proofs").iterdir()
    for damaged in (kept.read_text().replace("differ by 3", "differ by 4"), "{", "[]"):
        kept.write_text(damaged)
        engine_with(tmp_path, Silent()).complete(BATCH)
    assert len(made) == 4
    engine_with(tmp_path, Silent(), "untied").complete(BATCH)
    assert len(made) == 5, "it holds for these weights alone"


def test_a_proof_that_cannot_be_kept_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "proofs").write_text("")
    assert len(engine_with(tmp_path, Silent()).complete(BATCH)) == 3


def test_a_model_that_transformers_cannot_run_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = tiny_engine(tiny("llama"))

    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("no such thing here")

    monkeypatch.setattr(type(engine.model.weights), "generate", broken)
    with pytest.raises(ModelUnavailable, match="no such thing here"):
        engine.complete(BATCH)
