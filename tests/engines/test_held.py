"""Replies held to a form: always of that form, the same by our own decoding and the library's, alone and in a batch."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from harness.engines.decoders import LibraryDecoder
from harness.engines.engine import Completion, Continuation, Decoding, Message, Request
from harness.engines.reasoning import Reader, Thoughts
from harness.engines.reply import Reply
from harness.engines.transformers_engine import TransformersEngine
from harness.errors import ModelUnavailable
from harness.spec.forms import ANY_OBJECT, AnswerForm, fault_of_form, fits_form

QUESTIONS = ("Who?", "What is the name of the boat?", "When does it leave, and from where?", "Why")
LABELS = ("cancel", "cancel an order", 'say "hi"', "naïve", "<|end|>", "a|b")
OBJECT = json.dumps(
    {
        "type": "object",
        "properties": {"city": {"enum": ["Bern", "Rome"]}, "seats": {"type": "integer", "maximum": 99}},
        "required": ["city", "seats"],
        "additionalProperties": False,
    }
)


def asked(question: str, form: AnswerForm | None, most: int = 40) -> Request:
    turns = (Message("system", "Answer briefly."), Message("user", question))
    return Request(turns, Decoding(most, form=form))


def answers(engine: TransformersEngine, form: AnswerForm) -> list[Completion]:
    batch = [asked(question, form) for question in QUESTIONS]
    return engine.complete(batch, job=batch)


def by_the_library(engine: TransformersEngine) -> TransformersEngine:
    engine._chosen = LibraryDecoder(engine.model)
    return engine


@pytest.mark.parametrize("form", [AnswerForm(LABELS), AnswerForm(schema=OBJECT)])
def test_every_reply_has_the_form(engine: TransformersEngine, form: AnswerForm) -> None:
    """A random model would write none of them by itself."""
    held = answers(engine, form)
    assert all(fits_form(form, completion.text) for completion in held)
    assert {completion.finish_reason for completion in held} == {"stop"}
    free = engine.complete([asked(question, None) for question in QUESTIONS])
    assert not any(fits_form(form, completion.text) for completion in free)


@pytest.mark.parametrize(
    "form", [AnswerForm(LABELS), AnswerForm(schema=OBJECT), AnswerForm(schema=ANY_OBJECT)]
)
def test_alone_in_a_batch_and_by_the_library_the_same_is_written(
    engine: TransformersEngine, form: AnswerForm
) -> None:
    together = answers(engine, form)
    assert [engine.complete([asked(question, form)])[0] for question in QUESTIONS] == together
    assert answers(by_the_library(engine), form) == together


def test_an_object_that_is_too_long_is_cut(engine: TransformersEngine) -> None:
    (cut,) = engine.complete([asked("Who?", AnswerForm(schema=OBJECT), most=5)])
    assert (cut.finish_reason, cut.completion_tokens) == ("length", 5)


def test_a_free_request_after_a_held_one_is_free(engine: TransformersEngine) -> None:
    before = engine.complete([asked("Who?", None)])
    answers(engine, AnswerForm(LABELS))
    assert engine.complete([asked("Who?", None)]) == before


def test_a_timed_reply_is_held_too(engine: TransformersEngine) -> None:
    form = AnswerForm(LABELS)
    clock = iter(range(10_000))
    timed = engine.time(asked("Who?", form), None, lambda: float(next(clock)))
    assert timed.completion == engine.complete([asked("Who?", form)])[0]


def test_a_schema_that_no_reply_can_be_held_to_is_told(engine: TransformersEngine) -> None:
    with pytest.raises(ModelUnavailable, match="cannot be held to their form"):
        answers(engine, AnswerForm(schema='{"type":"objct"}'))


@pytest.mark.parametrize(
    ("schema", "fault"),
    [
        (ANY_OBJECT, None),
        (OBJECT, None),
        ('{"type":"objct"}', "Invalid type: objct"),
        ('{"not":{}}', 'Unimplemented keys: ["not"]'),
    ],
)
def test_what_is_wrong_with_a_schema_is_said_in_words(schema: str, fault: str | None) -> None:
    assert fault_of_form(AnswerForm(schema=schema)) == fault


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ('{"city": "Bern", "seats": 4}', True),
        ('{"city":"Bern","seats":4}', True),
        ('{"seats": 4, "city": "Bern"}', False),  # keys in the order of the schema
        ('{"city": "Bern"}', False),
        ('{\n"city": "Bern", "seats": 4}', False),
    ],
)
def test_which_texts_fit_a_schema(text: str, fits: bool) -> None:
    assert fits_form(AnswerForm(schema=OBJECT), text) == fits


def test_thoughts_before_an_answer_are_free() -> None:
    """Every letter is a token; the thought stands between < and >."""
    reader = Reader(_letters, _letters, Thoughts("<", ">"))
    decoding = Decoding(8, thinking_tokens=20)
    reply = Reply([])
    for letter in "<so>":
        assert reply.in_thought(ord(letter), decoding, reader)
        reply.add(ord(letter), decoding, frozenset(), reader)
    assert not reply.in_thought(ord("a"), decoding, reader)
    assert not Reply([]).in_thought(ord("a"), decoding, reader)
    assert not Reply([]).in_thought(ord("<"), replace(decoding, thinking_tokens=0), reader)


def _letters(tokens: object) -> str:
    return "".join(map(chr, tokens))  # type: ignore[call-overload]


def test_an_option_that_ends_the_reply_is_scored_with_its_end(engine: TransformersEngine) -> None:
    """Without its end, the beginning of another option is never less likely than that one."""
    turns = (Message("user", "What shall I do?"),)
    texts = ("cancel", "cancel an order")
    open_, ended = (
        engine.complete(
            [Request(turns, Decoding(1), tuple(Continuation(text, ends=ends) for text in texts))]
        )[0]
        for ends in (False, True)
    )
    assert open_.choice_logprobs
    assert ended.choice_logprobs
    assert open_.choice_logprobs[0] > open_.choice_logprobs[1]
    assert all(
        with_end < without
        for with_end, without in zip(ended.choice_logprobs, open_.choice_logprobs, strict=True)
    )
