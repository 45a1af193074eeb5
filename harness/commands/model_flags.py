"""The models of a run, from the flags that name them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from harness.errors import InputError

if TYPE_CHECKING:
    from harness.spec.models import ModelEntry

SAID = ("revision", "device", "dtype")
"""Flags that hold for every model that `--model` names and that has a use for them."""


def models_of(options: argparse.Namespace) -> tuple[ModelEntry, ...]:
    """The models that `--model` names, then those of `--models`; the default one where neither names any.

    Raises InputErrors for a wrong file, labels that are none or given twice, and a flag that no model has a use for.
    """
    from harness.run.settings import one_model
    from harness.spec.labels import entry_of, labelled
    from harness.spec.models import load_models

    said = {flag: value for flag in SAID if (value := getattr(options, flag)) is not None}
    named = [entry_of(given) for given in options.model or ()]
    listed = [] if options.models is None else load_models(options.models)
    if not named and not listed:
        return one_model(None, **said)
    if said and not named:
        flags = ", ".join(f"--{flag}" for flag in said)
        raise InputError(
            f"{flags} is for models named by --model; write it into the rows of {options.models}."
        )
    if len(named) == 1:  # what it has no use for, its engine refuses in its own words
        return labelled([named[0].model_copy(update=said), *listed])
    return labelled([*_told(named, said), *listed])


def at_endpoints(entries: tuple[ModelEntry, ...], endpoints: str | None) -> tuple[ModelEntry, ...]:
    """The models of a run, the served one asked at the further addresses that `--endpoints` names.

    Raises InputError where there is no such model or several, and for what is no address.
    """
    from pydantic import ValidationError

    from harness.commands.flags import names_in
    from harness.spec.models import ModelEntry

    if endpoints is None:
        return entries
    if sum(entry.served for entry in entries) != 1:
        raise InputError(
            "--endpoints is for a run of one served model (--model http://HOST:PORT/v1#NAME); where there are several, "
            "write endpoints into their rows of a --models file."
        )

    def at_all(entry: ModelEntry) -> ModelEntry:
        return ModelEntry.model_validate({**entry.model_dump(), "endpoints": names_in([endpoints])})

    try:
        return tuple(at_all(entry) if entry.served else entry for entry in entries)
    except ValidationError as error:
        message = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise InputError(f"--endpoints: {message}") from None  # what was given may hold a secret


def _told(entries: list[ModelEntry], said: Mapping[str, str]) -> list[ModelEntry]:
    """The entries, each with what is said and means something for it."""
    from harness.engines.open import has_use_for

    for flag in said:
        if not any(has_use_for(flag, entry.model) for entry in entries):
            raise InputError(f"none of the models has a use for --{flag}; leave it out.")
    return [
        entry.model_copy(
            update={flag: value for flag, value in said.items() if has_use_for(flag, entry.model)}
        )
        for entry in entries
    ]
