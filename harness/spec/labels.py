"""What a run calls its models: `--model LABEL=NAME`, or short names of their own where nobody gave one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from harness.errors import InputError, InputErrors, shown
from harness.spec.models import ModelEntry

LONGEST = 32
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_CUT = re.compile(r"[#/\\:]+")
_FILES = (".gguf", ".jsonl")


def entry_of(given: str) -> ModelEntry:
    """The model that `--model NAME` or `--model LABEL=NAME` names. Raises InputError for half of the latter.

    A path that is there may hold an equals sign; what stands before one is a label only where it can be one.
    """
    label, equals, model = given.partition("=")
    if not equals or not _LABEL.fullmatch(label) or Path(given).expanduser().exists():
        label, model = "", given
    elif not model.strip():
        raise InputError(f"--model {given}: name a model behind the equals sign.")
    try:
        return ModelEntry(name=label or None, model=model)
    except ValidationError as error:
        message = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise InputError(f"the name after --model {message}") from None  # what was given may hold a secret


def labelled(entries: Sequence[ModelEntry]) -> tuple[ModelEntry, ...]:
    """The models of a run, each with a name of its own where there are several; a single one keeps what it has.

    Raises InputErrors for names that are no labels, or given twice.
    """
    errors = [InputError(_wrong(name)) for entry in entries if (name := entry.name) and not _fits(name)]
    given = [entry.name.casefold() for entry in entries if entry.name]
    errors += [
        InputError(f"two models are called {name!r}; give each a name of its own.")
        for name in dict.fromkeys(name for name in given if given.count(name) > 1)
    ]
    if errors:
        raise InputErrors(errors)
    if len(entries) == 1:
        return tuple(entries)
    taken = set(given)
    named = []
    for entry in entries:
        label = entry.name or _free(_short(entry.model), taken)
        taken.add(label.casefold())
        named.append(entry.model_copy(update={"name": label}))
    called = {old.label: new.name for old, new in zip(entries, named, strict=True)}
    return tuple(
        entry.model_copy(update={"same_as": called.get(entry.same_as, entry.same_as)})
        if entry.same_as
        else entry
        for entry in named
    )


def _fits(name: str) -> bool:
    return bool(_LABEL.fullmatch(name)) and len(name) <= LONGEST


def _wrong(name: str) -> str:
    return (
        f"a model cannot be called {shown(name)}: its name stands behind the @ of a system (rag@large), so it has "
        f"letters, digits, '.', '_' and '-' alone, at most {LONGEST}."
    )


def _short(model: str) -> str:
    """A label made of what a person calls a model: the last part of its path, server or hub name."""
    last = next((part for part in reversed(_CUT.split(model)) if part.strip()), model).partition("@")[0]
    for suffix in _FILES:
        last = last[: -len(suffix)] if last.lower().endswith(suffix) else last
    return re.sub(r"[^A-Za-z0-9._-]+", "-", last).strip("-._")[:LONGEST].rstrip("-._") or "model"


def _free(label: str, taken: set[str]) -> str:
    """The label, or with the first number behind it that makes it another than those taken."""
    names = (label if number == 1 else f"{label[: LONGEST - 4]}-{number}" for number in range(1, 1000))
    return next(name for name in names if name.casefold() not in taken)
