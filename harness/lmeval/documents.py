"""Documents of a data set: their fields, the passages that enter them, and their values as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from harness.errors import InputError, did_you_mean
from harness.lmeval.library import CONTEXT

Doc = dict[str, Any]
FRONT = "passages in front"
"""The key under which a document carries passages that its templates do not name; no column is called so."""


def names_context(task: Any) -> bool:
    """Whether the task's templates say themselves where passages stand; a column of that name is the task's own."""
    from jinja2.nodes import Name
    from lm_eval.utils import env

    if CONTEXT in task.features:
        return False
    config = task.config
    templates = [
        text
        for text in (config.doc_to_text, config.doc_to_choice, config.description)
        if isinstance(text, str)
    ]
    return any(name.name == CONTEXT for text in templates for name in env.parse(text).find_all(Name))


def put_in_front(task: Any) -> None:
    """Let the task's text of a document begin with the passages that the document carries under FRONT."""
    text_of, choices_of = task.doc_to_text, task.doc_to_choice

    def before(doc: Doc, text: Any) -> Any:
        return f"{doc[FRONT]}\n\n{text}" if doc.get(FRONT) and isinstance(text, str) else text

    def doc_to_text(doc: Doc, *args: Any, **options: Any) -> Any:
        return before(doc, text_of(doc, *args, **options))

    def doc_to_choice(doc: Doc, *args: Any, **options: Any) -> Any:
        choices = choices_of(doc, *args, **options)
        return [before(doc, choice) for choice in choices] if task.multiple_input else choices

    task.doc_to_text, task.doc_to_choice = doc_to_text, doc_to_choice


def field_of(doc: Doc, named: str) -> Any:
    """A field of a document, or a template filled with its fields. Raises InputError where there is none."""
    from jinja2 import TemplateError
    from lm_eval.utils import apply_template

    if named in doc:
        return doc[named]
    if "{" not in named:
        hint = did_you_mean(named, map(str, doc))
        raise InputError(f"has no field {named!r}{hint}; its fields are {', '.join(map(str, doc))}.")
    try:
        return apply_template(named, doc)
    except TemplateError as error:
        raise InputError(f"does not fill the template {named!r}: {error}.") from None


def plain(value: Any) -> Any:
    """A value as JSON knows it; what is no finite number becomes null."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list | tuple | set) else str(value)


def canonical(docs: Sequence[Doc]) -> str:
    """Documents or settings as one text, for hashing; a function by its name, as its repr says where it lies."""
    return json.dumps(
        list(docs),
        sort_keys=True,
        ensure_ascii=False,
        default=lambda value: getattr(value, "__qualname__", repr(value)),
    )


def several(value: Any) -> tuple[str, ...]:
    """One text or a list of them, as texts."""
    if value is None:
        return ()
    return tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value),)
