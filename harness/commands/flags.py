"""Flags that several commands share, and the types of flags. Each is None where it was not given."""

from __future__ import annotations

import argparse
import datetime
import errno
import math
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness.analysis.decision.requirements.table import Requirements, Row
from harness.analysis.decision.requirements.table import rows as requirement_rows
from harness.errors import InputError, shown
from harness.spec.bounds import LEAST, MOST_CYCLES, MOST_USD_PER_HOUR
from harness.spec.pinned import PINNED_DATE
from harness.spec.pricing import FIELDS


def add_code_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--allow-task-code", action="store_true", help="run the Python code that an lm-eval task names"
    )


def add_json_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")


def add_requirement_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of `compare` and `decide` that say what a user needs, a flag a row of the table."""
    group = parser.add_argument_group("what you need (none is obligatory)")
    group.add_argument("--requirements", type=place, metavar="FILE", help="a YAML file with any of these")
    for field in requirement_flags():
        add_requirement_flag(group, field)


def add_requirement_flag(parser: argparse._ActionsContainer, field: str) -> None:
    """The flag of one row of the table."""
    row = requirement_rows()[field]
    about: dict[str, Any] = {"dest": field, "help": row.help}
    if row.kind is bool:
        about |= {"action": "store_const", "const": True}
    elif row.choices:
        about |= {"metavar": row.metavar, "choices": row.choices}
    else:
        about |= {"metavar": row.metavar, "type": _type_of(row)}
    parser.add_argument(str(row.flag), **about)


def _type_of(row: Row) -> Callable[[str], Any]:
    if row.whole:
        return whole(int(row.least or 0), MOST if row.most is None else int(row.most))
    return str if row.least is None else _any_number


def requirement_flags() -> dict[str, str]:
    """Field of the requirements → its flag."""
    return {field: row.flag for field, row in requirement_rows().items() if row.flag}


def requirements_from(
    options: argparse.Namespace, stored: Mapping[str, Any] | None = None
) -> Requirements | None:
    """Requirements of a command line: what a run stored, overridden by the file, overridden by flags.

    None where nothing was given anywhere. Raises InputErrors that name the file's lines, or the flags.
    """
    from harness.analysis.decision.requirements.reading import load_requirements, requirements_of

    values = dict(stored or {})
    if options.requirements is not None:
        values |= load_requirements(options.requirements)
    values |= {
        field: value for field in requirement_flags() if (value := getattr(options, field)) is not None
    }
    return requirements_of(values) if values else None


def add_price_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of `compare` and `decide` that say what things cost."""
    add = parser.add_argument_group("prices").add_argument
    add("--prices", type=name, metavar="FILE", help="price list (default: the one that ships)")
    add("--machine", metavar="NAME", help="machine of the price list that the run is priced on")
    add("--usd-per-hour", type=_price, metavar="USD", help="price of the machine instead of the price list's")
    add(
        "--utilisation",
        type=_share,
        metavar="SHARE",
        help="of shared machines: share of paid time in use, instead of the price list's",
    )
    add("--tuning-cycles", type=whole(1, MOST_CYCLES), metavar="N",
        help="trainings until a fine-tune is good (default 3)")  # fmt: skip
    add("--price-as", action="append", metavar="MODEL", help="also price the tokens on this API model "
        "(repeatable, or comma-separated), for instance gpt-4o-mini")  # fmt: skip


def price_settings(options: argparse.Namespace) -> dict[str, Any]:
    """What was given, by the name of the setting. Raises InputError for empty names."""
    given = {name: value for name in FIELDS if (value := getattr(options, name)) is not None}
    if "price_as" in given:
        given["price_as"] = tuple(dict.fromkeys(names_in(given["price_as"])))
        if not given["price_as"]:
            raise InputError("--price-as: name an API model, for instance gpt-4o-mini.")
    return given


LONGEST_NAME = 255
"""Bytes of a file's name that file systems take."""


def name(text: str) -> str:
    """The type of a flag whose value may be a file's name, or another's."""
    reason = None
    try:
        os.stat(Path(text).expanduser())  # noqa: PTH116 - Path.stat is the same, and reads as if its result mattered
    except RuntimeError as error:  # of ~nobody
        reason = str(error)
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.ELOOP):
            reason = error.strerror
    if any(len(part.encode()) > LONGEST_NAME for part in Path(text).parts):  # of what is to be made, too
        reason = os.strerror(errno.ENAMETOOLONG)
    if reason:
        raise argparse.ArgumentTypeError(f"{shown(text)} cannot name a file: {reason}")
    return text


def place(text: str) -> Path:
    """The type of a flag that names a file or a folder."""
    return Path(name(text))


def names_in(given: list[str]) -> list[str]:
    """The names in the values of a repeatable flag, each perhaps several with commas between."""
    return [name.strip() for text in given for name in text.split(",") if name.strip()]


def day(text: str) -> str:
    """The type of a flag that names a day."""
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{shown(text)} is no day such as {PINNED_DATE}") from None


def _any_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{shown(text)} is not a number") from None


def _number(least: float, most: float, wanted: str) -> Callable[[str], float]:
    """The type of a flag that takes a number from `least` to `most`; `wanted` says so in words."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan  # which no range holds
        if not least <= value <= most:
            hint = f" (for {text} % write {value / 100:g})" if most == 1 < value <= 100 else ""
            raise argparse.ArgumentTypeError(f"{shown(text)} is not {wanted}{hint}")
        return value

    return read


MOST_USD = 1e9
_price = _number(LEAST, MOST_USD_PER_HOUR, f"a price from {LEAST:f} to {MOST_USD_PER_HOUR:,.0f}")
dollars_to_spend = _number(0, MOST_USD, f"an amount from 0 to {MOST_USD:,.0f} dollars")
_share = _number(LEAST, 1, f"a share from {LEAST:f} to 1")


_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|min|h)", re.ASCII)
_SECONDS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
MOST_S = 7 * 86_400.0


def duration(text: str) -> float:
    """The type of a flag that takes a time, in seconds: `90s`, `10m`, `1.5h`."""
    found = _DURATION.fullmatch(text)
    size = float(found[1]) * _SECONDS[found[2]] if found else 0.0
    if not 1 <= size <= MOST_S:
        raise argparse.ArgumentTypeError(
            f"{shown(text)} is not a time such as 90s, 10m or 1h (at most a week)"
        )
    return size


MOST = 2**31 - 1
"""No count is larger, and no seed: what takes them reads 32 bits."""


def whole(least: int, most: int = MOST) -> Callable[[str], int]:
    """The type of a flag that takes a whole number from `least` to `most`."""
    wanted = f"from {least} up" if most == MOST else f"from {least} to {most:,}"

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:  # no number, or one with more digits than Python reads
            value = most + 1 if text.isdecimal() else least - 1
        if not least <= value <= most:
            much = f", and {most:,} is the most" if value > most == MOST else ""
            raise argparse.ArgumentTypeError(f"{shown(text)} is not a whole number {wanted}{much}")
        return value

    return read
