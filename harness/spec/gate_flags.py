"""The flags of `check`. Kept apart from the model of a rules file: `--help` is quick."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import InputError, InputErrors

if TYPE_CHECKING:
    from harness.spec.gate import Gate


def add_gate_flags(parser: argparse.ArgumentParser) -> None:
    """Add what the gate goes by."""
    add = parser.add_argument
    add(
        "--margin",
        type=float,
        metavar="SHARE",
        help="the loss of accuracy that does not matter (default 0.02)",
    )
    add(
        "--latency-margin", type=float, metavar="FACTOR",
        help="how many times as long, relative to base, does not matter (default 1.25)",
    )  # fmt: skip
    add(
        "--fail-on", nargs="+", action="extend", metavar="RULE",
        help="rules or tiers (exact, accuracy, latency) that may fail the gate; default: all. RUN stands before it",
    )  # fmt: skip
    add(
        "--rules",
        type=Path,
        metavar="FILE",
        help="a YAML file with these, for single tasks and strategies too",
    )


def gate_of(options: argparse.Namespace) -> Gate:
    """The gate that flags and file ask for. Raises InputErrors that name the flags, or the file's lines."""
    from pydantic import ValidationError

    from harness.spec.gate import Gate, GateFile, Terms, load_gate_file
    from harness.spec.mistakes import mistakes_of

    given = {
        "margin": options.margin,
        "latency_margin": options.latency_margin,
        "fail_on": _names(options.fail_on),
    }
    try:
        flags = Terms.model_validate({key: value for key, value in given.items() if value is not None})
    except ValidationError as error:
        found = [mistake for item in error.errors(include_url=False) for mistake in mistakes_of(item, Terms)]
        flag = {"margin": "--margin", "latency_margin": "--latency-margin", "fail_on": "--fail-on"}
        raise InputErrors([InputError(f"{flag[str(loc[0])]}: {text}") for loc, text in found]) from None
    return Gate(flags, load_gate_file(options.rules) if options.rules else GateFile())


def _names(given: list[str] | None) -> tuple[str, ...] | None:
    """Rule names, separated by blanks or commas."""
    if given is None:
        return None
    names = tuple(name.strip() for text in given for name in text.split(",") if name.strip())
    if not names:
        raise InputError(
            "--fail-on: names no rule, so that nothing could fail; leave it out to have all of them."
        )
    return names
