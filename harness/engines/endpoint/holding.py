"""Replies that a server holds to a form, by `response_format` as OpenAI has it, and vLLM, SGLang and others too.

Only JSON can be asked for so. A label is asked for as an object with one key, and taken out of it. Servers that do not
know the parameter may pass over it without a word, so whether a server really holds replies is tried once a form.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from harness.engines.engine import Completion, Decoding, Message, Request
from harness.spec.forms import ANY_OBJECT, AnswerForm

KEY = "label"
WRAPPING = 16
"""Tokens that an object around a label takes."""
_PROBE = (
    Message("system", "Reply with the single word hello, and not with JSON."),
    Message("user", "Say hello."),
)
_PROBE_TOKENS = 48


def response_format(form: AnswerForm) -> dict[str, Any]:
    """The parameter that asks for a form."""
    if form.schema == ANY_OBJECT:
        return {"type": "json_object"}
    schema = form.value if form.schema is not None else _around(form)
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}}


def _around(form: AnswerForm) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {KEY: {"type": "string", **form.value}},
        "required": [KEY],
        "additionalProperties": False,
    }


def roomy(decoding: Decoding) -> Decoding:
    """The decoding with room for what stands around a label."""
    wrapped = decoding.form is not None and decoding.form.schema is None
    return replace(decoding, max_tokens=decoding.max_tokens + WRAPPING) if wrapped else decoding


def unwrapped(completion: Completion, decoding: Decoding) -> Completion:
    """A reply as the task has it: the label alone. What is no such object, as it was cut, stays as it is.

    Tokens that nobody counted are those that the label could have.
    """
    form = decoding.form
    label = _label(completion.text) if form is not None and form.schema is None else None
    if label is None:
        return completion
    tokens = completion.completion_tokens
    if completion.usage is None:
        tokens = min(tokens, decoding.max_tokens + completion.reasoning_tokens)
    return replace(completion, text=label, completion_tokens=tokens)


def _label(text: str) -> str | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    label = value.get(KEY) if isinstance(value, dict) else None
    return label if isinstance(label, str) else None


def probe(form: AnswerForm) -> Request:
    """A request that nobody would answer in the form of its own accord."""
    return Request(_PROBE, Decoding(_PROBE_TOKENS, form=form))


def keeps_to(form: AnswerForm, reply: str) -> bool:
    """Whether the reply to `probe` shows that the form is held. It may be cut."""
    return _label(reply) in form.labels if form.schema is None else reply.lstrip()[:1] not in ("h", "H", "")
