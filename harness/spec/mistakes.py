"""What pydantic found wrong → a sentence for the person who wrote the file, with the nearest right word.

Pydantic's own messages speak of validators and types; an author of a task file wants to know what to
write instead. `raise_mistakes` lets one check of a model report several, each at its own key.
"""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails, PydanticCustomError

from harness.errors import did_you_mean, shown

Loc = tuple[str | int, ...]
"""The way to a value: keys of mappings and positions in lists, from the top of the file."""


def raise_mistakes(mistakes: Sequence[tuple[Loc, str]]) -> None:
    """Raise, inside a pydantic validator, mistakes that each stand at a place below the validated value."""
    if mistakes:
        text = " ".join(sentence for _, sentence in mistakes)
        raise PydanticCustomError("mistakes", "{text}", {"text": text, "mistakes": list(mistakes)})


def repeated(texts: Sequence[str]) -> list[tuple[Loc, str]]:
    """A mistake at each entry of a list that stands earlier in it too."""
    first: dict[str, int] = {}
    return [
        ((index,), f"is {shown(text)}, which stands there already.")
        for index, text in enumerate(texts)
        if first.setdefault(text, index) != index
    ]


def is_unicode(text: str) -> bool:
    """Whether text can be written as UTF-8: JSON and YAML escapes can spell half a surrogate pair."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def mistakes_of(details: ErrorDetails, model: type[BaseModel]) -> list[tuple[Loc, str]]:
    """The place and the sentence of one pydantic error of `model` (several from `raise_mistakes`)."""
    loc = details["loc"]
    if details["type"] == "mistakes":
        return [((*loc, *below), sentence) for below, sentence in details["ctx"]["mistakes"]]
    if details["type"] == "too_short" and len(details["input"]) >= details["ctx"]["min_length"]:
        return []  # pydantic counts good entries only; the bad ones are reported already
    return [(loc, _sentence(details, model))]


def _sentence(details: ErrorDetails, model: type[BaseModel]) -> str:
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    if kind == "missing":
        return "is missing."
    if kind == "extra_forbidden":
        return _unknown_key(details["loc"], model)
    if kind == "value_error":
        return str(context["error"])
    if value is None:
        return "is empty: write a value, or leave the key out if it is optional."
    if kind in ("literal_error", "enum"):
        known = re.findall(r"'([^']*)'", context["expected"])
        hint = did_you_mean(value, known) if isinstance(value, str) else ""
        return f"is {shown(value)}, which is none of {', '.join(known)}{hint}."
    if kind in _WANTED:
        return f"must be {_WANTED[kind]}, but is {_kind_of(value)}{_hint(kind, value)}."
    if kind in _LIMITS:
        name, words = _LIMITS[kind]
        return f"must be {words} {_bound(context[name])}, but is {shown(value)}."
    if kind == "too_short":
        return f"needs at least {context['min_length']} entr{'y' if context['min_length'] == 1 else 'ies'}."
    if kind == "string_too_short":
        return "must not be empty."
    message = details["msg"]
    return f"{message[:1].lower()}{message[1:]}."


_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
}
_LIMITS = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}


def _bound(limit: float) -> str:
    """A limit as people write it: `1,000,000,000`, `0.001`, `1e-06`."""
    return f"{int(limit):,}" if limit == int(limit) else f"{limit:g}"


def _kind_of(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {shown(value)}"
    if isinstance(value, str):
        return f"the text {shown(value)}"
    if isinstance(value, list | tuple):
        return "a list"
    return "a mapping" if isinstance(value, dict) else shown(value)


def _hint(kind: str, value: Any) -> str:
    if kind == "string_type":
        # YAML reads {question} without quotes as a mapping with an empty value.
        braces = isinstance(value, dict) and all(entry is None for entry in value.values())
        return " (put it in quotes)" if braces or isinstance(value, bool | int | float) else ""
    if kind == "tuple_type" and isinstance(value, str) and len(value) <= 40:
        return f" (write [{json.dumps(value, ensure_ascii=False)}])"
    return ""


def _unknown_key(loc: Loc, model: type[BaseModel]) -> str:
    parent = model_at(model, loc[:-1])
    key = str(loc[-1])
    known = parent.model_fields if parent else {}
    near = did_you_mean(key, known)
    if near:
        return f"is not a known key{near}."
    home = next(
        (name for name, field in model.model_fields.items() if key in _fields_in(field.annotation)), None
    )
    if home:
        return f"is not a known key here; it belongs under {home!r}."
    return f"is not a known key; the keys here are {', '.join(known)}."


def model_at(model: type[BaseModel], loc: Loc) -> type[BaseModel] | None:
    """The model that describes the mapping at `loc`, or None where there is none."""
    here: type[BaseModel] | None = model
    named = False  # whether the next part is a name of the author's, in a mapping of names to models
    for part in loc:
        if isinstance(part, int) or named:  # the model of the entries was found with the list or mapping
            named = False
            continue
        field = here.model_fields.get(part) if here else None
        here = _model_in(field.annotation) if field else None
        named = field is not None and typing.get_origin(field.annotation) is dict
    return here


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in typing.get_args(annotation) if (model := _model_in(part))), None)


def _fields_in(annotation: Any) -> Iterable[str]:
    model = _model_in(annotation)
    return model.model_fields if model else ()
