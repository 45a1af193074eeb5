"""Requirements from a file, from flags or from a run; mistakes are reported at their place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from harness.analysis.decision.requirements.table import Requirements, Row, Value, rows
from harness.errors import InputError, raise_all, shown

if TYPE_CHECKING:
    from pathlib import Path

    from harness.spec.settings import Strict

LEAST_PERCENT = 10
"""A share from here on was meant in percent; what 1.5 was meant to be is unclear."""


def load_requirements(path: Path) -> dict[str, Value]:
    """What a YAML file asks for.

    Raises InputErrors with every mistake of the file, each as `file:line:column: key: what is wrong`.
    """
    from harness.spec.yamlfile import load_model

    return load_model(path, _model(Requirements)).model_dump(exclude_unset=True)


def requirements_of(values: Mapping[str, Value]) -> Requirements:
    """Requirements from plain values; raises InputErrors, each beginning with the flag it belongs to."""
    from pydantic import ValidationError

    from harness.spec.mistakes import mistakes_of

    model, table = _model(Requirements), rows()
    try:
        found = model.model_validate(dict(values)).model_dump(exclude_unset=True)
    except ValidationError as error:
        mistakes = [
            mistake for item in error.errors(include_url=False) for mistake in mistakes_of(item, model)
        ]
        flags = {name: row.flag or name for name, row in table.items()}
        raise_all([InputError(f"{flags.get(str(loc[0]), loc[0])}: {text}") for loc, text in mistakes])
        raise
    return Requirements(**found, given=frozenset(found))


@cache
def _model(kind: Any) -> type[Strict]:
    """The pydantic model that reads the fields of the table."""
    from pydantic import AfterValidator, Field, create_model

    from harness.spec.settings import Strict

    def annotated(row: Row) -> Any:
        most = None if row.share else row.most
        lax = False if row.choices else None  # a word of the file, for a value of an enum
        bounds = Field(ge=row.least, le=most, lt=row.below, description=row.help, strict=lax)
        return Annotated[row.kind, bounds, AfterValidator(lambda value: _checked(row, value))]

    defaults = {one.name: one.default for one in fields(kind)}
    about: dict[str, Any] = {name: (annotated(row), defaults[name]) for name, row in rows(kind).items()}
    return create_model("Requirements", __base__=Strict, **about)


def _checked(row: Row, value: Any) -> Any:
    if row.above and value and value < row.above:
        raise ValueError(f"must be 0 or at least {row.above:.9f}, but is {shown(value)}.")
    if row.share and value is not None and value > 1:
        hint = f" (for {value:g} % write {value / 100:g})" if LEAST_PERCENT <= value <= 100 else ""
        raise ValueError(f"must be at most 1, but is {shown(value)}{hint}.")
    return value
