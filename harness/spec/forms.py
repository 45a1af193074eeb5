"""What a reply may be, where it is held to a form: one of several labels, or JSON of a schema.

The form is told to llguidance as a grammar, in its dialect of Lark; it says at each token which ones may follow.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import Any

from harness.ranges import Text

ANY_OBJECT = '{"type":"object"}'
"""The schema of a task that gives none."""
_GUIDANCE = {
    "whitespace_pattern": " ?",
    "json_allow_general_unicode_escapes": True,
}
"""Between the parts of a value at most one blank, as task files write it: indented JSON is cut sooner by its length."""


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """`labels`: the replies that may be given; `schema`: a JSON schema, as JSON, that a reply fits. One of the two."""

    labels: tuple[Text, ...] = ()
    schema: Text | None = None

    @property
    def grammar(self) -> str:
        """The form for llguidance. A blank may stand in front, where some tokenizers put one."""
        if self.schema is None:
            return f'start: " "? ({" | ".join(json.dumps(label) for label in self.labels)})'
        return f'start: " "? value\nvalue: %json {json.dumps(self._guided)}'

    @property
    def _guided(self) -> dict[str, Any]:
        return {**self.value, "x-guidance": _GUIDANCE}

    @property
    def value(self) -> dict[str, Any]:
        """The JSON schema as a value: of labels, that of a text which is one of them."""
        schema: dict[str, Any] = (
            {"enum": list(self.labels)} if self.schema is None else json.loads(self.schema)
        )
        return schema


def fault_of_form(form: AnswerForm) -> str | None:
    """Why no reply can be held to a form, a clause in llguidance's words; None where one can."""
    from llguidance import LLMatcher, LLTokenizer

    if form.schema is None:
        grammar = LLMatcher.grammar_from_lark(form.grammar)
    else:  # told by itself, what is wrong with it is not told as a place in the grammar around it
        grammar = LLMatcher.grammar_from_json_schema(form._guided)
    found = LLMatcher.validate_grammar(grammar, LLTokenizer("byte"))
    return " ".join(found.split()).rstrip(".") or None


def fits_form(form: AnswerForm, text: str) -> bool:
    """Whether a text, as it is written, is a reply that is held to the form."""
    return _accepts(_begun(form).deep_copy(), text)


class FormReader:
    """Tells which replies are of a form, however they are spaced and whatever the order of their keys."""

    def __init__(self, form: AnswerForm) -> None:
        self._form = form
        self._matcher = None if form.schema in (None, ANY_OBJECT) else _begun(form)

    def fits(self, reply: str) -> bool:
        if self._form.schema is None:
            return reply.strip() in self._form.labels
        try:
            value = json.loads(reply)
        except (ValueError, RecursionError):
            return False
        if self._matcher is None:
            return isinstance(value, dict)
        return _accepts(
            self._matcher.deep_copy(), json.dumps(in_order(value, self._form.value), ensure_ascii=False)
        )


def in_order(value: Any, schema: Any) -> Any:
    """A value with the keys of its objects in the order in which their schema names them; others behind them."""
    if isinstance(value, dict) and isinstance(schema, dict):
        named = schema.get("properties") or {}
        keys = [*(key for key in named if key in value), *(key for key in value if key not in named)]
        return {key: in_order(value[key], named.get(key)) for key in keys}
    if isinstance(value, list) and isinstance(schema, dict):
        return [in_order(item, schema.get("items")) for item in value]
    return value


@functools.cache
def _begun(form: AnswerForm) -> Any:
    """A matcher of bytes that has read nothing yet."""
    from llguidance import LLMatcher, LLTokenizer

    return LLMatcher(LLTokenizer("byte"), LLMatcher.grammar_from_lark(form.grammar))


def _accepts(matcher: Any, text: str) -> bool:
    written = list(text.encode("utf-8", "replace"))
    return (
        matcher.validate_tokens(written) == len(written)
        and matcher.consume_tokens(written)
        and bool(matcher.is_accepting())
    )
