"""Questions for the tiny model, with options and without, and what it reads of them."""

from __future__ import annotations

import itertools

from harness.engines.engine import (
    Clock,
    Completion,
    Continuation,
    Decoding,
    Message,
    Request,
)
from harness.engines.transformers_engine import TransformersEngine

QUESTIONS = ("Who?", "What is the name of the boat?", "When does it leave, and from where?", "Why")
SYSTEM = Message("system", "Answer briefly.")
DECODING = Decoding(12)


def asked(question: str, decoding: Decoding = DECODING, *options: str) -> Request:
    return Request((SYSTEM, Message("user", question)), decoding, tuple(map(Continuation, options)))


BATCH = [asked(question) for question in QUESTIONS]
SCORED = [asked(question, DECODING, "a", "the ferry", "no") for question in QUESTIONS]


def tokens(engine: TransformersEngine, request: Request) -> list[int]:
    """What the model reads for a conversation."""
    assert not isinstance(request.prompt, str)
    chat = engine.model.chat
    return list(chat.encode(chat.render(request.prompt)))


def logprobs(found: Completion) -> tuple[float, ...]:
    assert found.choice_logprobs is not None
    return found.choice_logprobs


def ticking() -> Clock:
    """A clock that goes on by a second whenever it is read."""
    ticks = itertools.count()
    return lambda: float(next(ticks))
