"""Lines of evidence → records: the one strict, typed border that they come in by.

A kill can tear the last line of an append-only file: that row never happened. Anything else that does not fit is an
InputError with file and line, because figures made of it would look like any other.
"""

from __future__ import annotations

import functools
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, Generic, TypeVar, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic_core import SchemaValidator, core_schema

from harness.errors import InputError, shown
from harness.files import LFS_POINTER, LONGEST, is_lfs_pointer, open_regular
from harness.ranges import PATTERNS
from harness.records import AnswerRow, RankedDoc
from harness.strictjson import has_keys, read_strict

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rows(Generic[T]):
    """The rows of a file, `lines`: the number of each one's line. `torn`: an unfinished last line was left out."""

    path: Path
    all: list[T]
    lines: array[int]
    torn: bool = False

    @property
    def numbered(self) -> Iterator[tuple[int, T]]:
        return zip(self.lines, self.all, strict=True)

    def error(self, line: int, sentence: str) -> InputError:
        """What is wrong with one line, as an error that names it."""
        return InputError(sentence, path=self.path, line=line)


@dataclass(frozen=True, slots=True)
class Columns:
    """The rows of a file, column by column: name of a field → its values, one a row. `lines`, `torn`: as of `Rows`."""

    path: Path
    of: Mapping[str, list[Any]]
    lines: array[int]
    torn: bool

    def error(self, line: int, sentence: str) -> InputError:
        """As of `Rows`."""
        return InputError(sentence, path=self.path, line=line)


def read_rows(path: Path, kind: type[T], *, whole: bool = False) -> Rows[T]:
    """The lines of a JSONL file as records of a dataclass; a missing file has none (the run had not come that far).

    Keys that the record does not have are left alone: a later version may have added them. Raises InputError for
    anything that does not fit, but for a torn last line. `whole`: the file is replaced in one step and never torn.
    """
    make: Callable[..., T] = kind
    rows: list[T] = []
    numbers, torn = array("Q"), False
    for part in _parts(path, kind, whole):
        rows += [make(**values) for values in part.all]
        numbers += part.lines
        torn = torn or part.torn
    return Rows(path, rows, numbers, torn)


def each_row(path: Path, kind: type[T]) -> Iterator[T]:
    """The rows of `read_rows`, without all of them in memory."""
    make: Callable[..., T] = kind
    return (make(**values) for part in _parts(path, kind) for values in part.all)


def read_columns(path: Path, kind: type[Any]) -> Columns:
    """The same column by column, for files of so many rows that a record of each would take too long."""
    columns: dict[str, list[Any]] = {column.name: [] for column in fields(kind)}
    numbers, torn = array("Q"), False
    for part in _parts(path, kind):
        for column in fields(kind):
            name, default = column.name, column.default
            columns[name] += [values.get(name, default) for values in part.all]
        numbers += part.lines
        torn = torn or part.torn
    return Columns(path, columns, numbers, torn)


def _parts(path: Path, kind: type[Any], whole: bool = False) -> Iterator[Rows[dict[str, Any]]]:
    """The values of a file's rows by the names of `kind`'s fields, a block of it at a time."""
    validate = _validator(kind).validate_json  # type: ignore[arg-type]
    first = 1
    for block in _blocks(path):
        rows: list[dict[str, Any]] = []
        lines, numbers, torn = block.split(b"\n"), array("Q"), False
        for number, line in enumerate(lines, first):
            if not line.strip():
                continue
            try:
                rows.append(validate(line, strict=True))
            except ValidationError as error:
                if line is lines[-1] and not whole and _cut(error):
                    torn = True
                    continue
                raise InputError(_sentence(error, line), path=path, line=number) from None
            numbers.append(number)
        if torn or not _counted(rows, block, kind):
            read = (lines[number - first] for number in numbers)
            _check_keys(path, zip(numbers, read, strict=True))
        first += len(lines) - 1
        yield Rows(path, rows, numbers, torn)


BLOCK = 4_000_000
"""Bytes that are read at once: rows are many, and their text need not be in memory beside them."""


def _blocks(path: Path) -> Iterator[bytes]:
    """A file in blocks of whole lines; none of a missing one. Only the last may end within a line."""
    try:
        with open_regular(path) as stream:
            block = stream.read(BLOCK) + stream.readline(LONGEST)
            if is_lfs_pointer(block):
                raise InputError(f"this is {LFS_POINTER}.", path=path)
            while block:
                yield block
                if not block.endswith(b"\n"):
                    break
                block = stream.read(BLOCK) + stream.readline(LONGEST)
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read: {getattr(error, 'strerror', error)}.", path=path) from error


def _check_keys(path: Path, lines: Iterable[tuple[int, bytes]]) -> None:
    """Raises InputError where a key is given twice in a row, of which pydantic takes the last."""
    for number, line in lines:
        try:
            read_strict(line)
        except ValueError as error:
            raise InputError(f"broken line: {error}.", path=path, line=number) from None


def _counted(rows: Sequence[Mapping[str, Any]], block: bytes, kind: type[Any]) -> bool:
    """Whether counting tells that each key of these rows stands once; where it does not, only reading them can.

    Reading all rows a second time would double the time that they take. Where as many keys are written as there are
    different ones, none stands twice.
    """
    keys = sum(map(len, rows))
    if kind is AnswerRow:  # the one with keys inside its values
        ranked = [document for row in rows for document in row["retrieved"]]
        if any(document.score is None for document in ranked):  # given as null, or not given
            return False
        keys += RANKED_KEYS * len(ranked) + sum(len(row.get("metrics") or ()) for row in rows)
    return has_keys(block, keys)


RANKED_KEYS = len(fields(RankedDoc))


@functools.cache
def _validator(kind: Any) -> SchemaValidator:
    """Reads a line as the values of `kind`'s fields; those that have a default may be missing."""
    hints = get_type_hints(kind, include_extras=True)
    return SchemaValidator(
        core_schema.typed_dict_schema(
            {
                column.name: core_schema.typed_dict_field(
                    TypeAdapter(hints[column.name]).core_schema, required=column.default is MISSING
                )
                for column in fields(kind)
            }
        )
    )


def _cut(error: ValidationError) -> bool:
    """Whether a line is no JSON, as one is that was cut; not whether its values fit."""
    return error.errors(include_url=False)[0]["type"] == "json_invalid"


def _sentence(error: ValidationError, line: bytes) -> str:
    """What is wrong with a line, for the person who looks at it."""
    try:
        row = read_strict(line)
    except ValueError as broken:
        return f"broken line: {broken}."
    if not isinstance(row, dict):
        return f"must be a JSON object, but is {shown(row)}."
    first: Any = error.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    if first["type"] in ("missing", "missing_argument"):
        return f"lacks {place!r}."
    return f"does not fit: {place} is {shown(first['input'])}; {reason(first)}."


def reason(details: Any) -> str:
    """Why a value does not fit, as a clause, from what pydantic found."""
    if details["type"] == "string_pattern_mismatch":
        return PATTERNS[details["ctx"]["pattern"]]
    message = details["msg"].removeprefix("Value error, ")
    return f"{message[:1].lower()}{message[1:]}"
