"""Continuations scored by their log-likelihood, held against transformers' own logits."""

from __future__ import annotations

import pytest
import torch

from harness.engines import likelihood
from harness.engines.engine import (
    Continuation,
    Request,
)
from harness.engines.tokens import encode
from harness.engines.transformers_engine import TransformersEngine
from tests.engines.conversations import DECODING, QUESTIONS, SCORED, asked, logprobs, ticking, tokens


def test_timed_scores_are_the_same_scores(engine: TransformersEngine) -> None:
    timed = engine.time(SCORED[1], None, ticking())
    assert timed.completion == engine.complete([SCORED[1]])[0]
    assert (timed.ttft_s, timed.e2e_s) == (1.0, 1.0)


def test_choices_are_scored_by_the_log_likelihood_of_their_text(engine: TransformersEngine) -> None:
    prompt = tokens(engine, SCORED[0])
    (found,) = engine.complete([SCORED[0]])
    assert (found.text, found.finish_reason) == ("", "choice")
    assert len(logprobs(found)) == len(found.greedy or ()) == len(SCORED[0].continuations)
    for option, logprob, greedy in zip(
        SCORED[0].continuations, logprobs(found), found.greedy or (), strict=True
    ):
        ids = engine.model.chat.encode(option.text)
        with torch.inference_mode():
            logits = engine.model.weights(torch.tensor([[*prompt, *ids]])).logits[0].log_softmax(-1)
        expected = sum(float(logits[len(prompt) + at - 1, token]) for at, token in enumerate(ids))
        assert logprob == pytest.approx(expected, abs=1e-3)
        best = [int(logits[len(prompt) + at - 1].argmax()) for at in range(len(ids))]
        assert greedy == (best == list(ids))
    together = engine.complete(SCORED, job=SCORED)[0]
    assert logprobs(together) == pytest.approx(logprobs(found), abs=1e-3)


def test_a_whole_text_is_scored_from_its_first_token_on(engine: TransformersEngine) -> None:
    text = "the ferry leaves at nine"
    (found,) = engine.complete([Request(text, whole=True)])
    ids = [engine.model.chat.first_token, *engine.model.chat.encode(text)]
    with torch.inference_mode():
        logits = engine.model.weights(torch.tensor([ids])).logits[0].log_softmax(-1)
    expected = sum(float(logits[at, token]) for at, token in enumerate(ids[1:]))
    assert logprobs(found) == pytest.approx((expected,), abs=1e-3)


def test_a_long_continuation_is_read_in_stretches_and_scored_as_a_whole(
    engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = asked(QUESTIONS[0], DECODING, "the ferry leaves at nine", "no")
    (whole,) = engine.complete([request])
    monkeypatch.setattr(likelihood, "STRETCH", 5)
    (stretched,) = engine.complete([request])
    assert logprobs(stretched) == pytest.approx(logprobs(whole), abs=1e-3)
    assert stretched.greedy == whole.greedy


def test_what_the_model_would_write_is_greedy_and_nothing_else_is(engine: TransformersEngine) -> None:
    """For a question whose reply begins with a character of one token, so that its text stands for it."""
    replies = {f"Who is {name}?": "" for name in "abcdefghijklmnop"}
    for question, found in zip(replies, engine.complete([asked(one) for one in replies]), strict=True):
        replies[question] = found.text[:1]
    question, first = next((question, text) for question, text in replies.items() if text.isascii() and text)
    (scored,) = engine.complete([asked(question, DECODING, first, chr(ord(first) ^ 1))])
    assert scored.greedy == (True, False)
    written, other = logprobs(scored)
    assert written > other


def test_a_context_that_ends_in_a_blank_gives_it_to_the_continuation(engine: TransformersEngine) -> None:
    (pair,) = encode(engine.model.chat, Request("A: ", continuations=(Continuation("yes"),))).pairs
    assert engine.model.chat.decode(pair.context) == "A:"
    assert engine.model.chat.decode(pair.continuation) == " yes"
