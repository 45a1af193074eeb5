"""Lines of evidence → records: the one strict, typed border that they come in by.

A kill can tear the last line of an append-only file: that row never happened. Anything else that does not fit is an
InputError with file and line, because figures made of it would look like any other.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from harness.errors import InputError, shown
from harness.files import LFS_POINTER, is_lfs_pointer, read_json

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rows(Generic[T]):
    """The rows of a file with their line numbers. `torn`: an unfinished last line was left out."""

    path: Path
    numbered: tuple[tuple[int, T], ...]
    torn: bool = False

    @property
    def all(self) -> list[T]:
        return [row for _, row in self.numbered]

    def error(self, line: int, sentence: str) -> InputError:
        """What is wrong with one line, as an error that names it."""
        return InputError(sentence, path=self.path, line=line)


def read_rows(path: Path, kind: type[T]) -> Rows[T]:
    """The lines of a JSONL file as records of a dataclass; a missing file has none (the run had not come that far).

    Keys that the record does not have are left alone: a later version may have added them. Raises InputError for
    anything but a torn last line that does not fit.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Rows(path, ())
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}.", path=path) from error
    if is_lfs_pointer(data):
        raise InputError(f"this is {LFS_POINTER}.", path=path)
    lines = data.split(b"\n")
    numbered: list[tuple[int, T]] = []
    adapter: TypeAdapter[T] = _adapter(kind)  # type: ignore[arg-type]
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                _check_numbers(line)
                numbered.append((number, adapter.validate_json(line, strict=True)))
            except ValueError as error:
                if number == len(lines) and _broken(line):
                    return Rows(path, tuple(numbered), torn=True)
                raise InputError(_sentence(error, line), path=path, line=number) from None
    return Rows(path, tuple(numbered))


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _check_numbers(line: bytes) -> None:
    """Raises ValueError for NaN and infinity, which pydantic would take for numbers."""
    if b"NaN" in line or b"Infinity" in line:
        read_json(line)


def _broken(line: bytes) -> str | None:
    """Why a line is no JSON; None where it is."""
    try:
        read_json(line)
    except UnicodeDecodeError:
        return "it is not UTF-8 text"
    except ValueError as error:
        return str(error)
    return None


def _sentence(error: ValueError, line: bytes) -> str:
    """What is wrong with a line, for the person who looks at it."""
    if broken := _broken(line):
        return f"broken line: {broken}."
    row = read_json(line)
    if not isinstance(row, dict):
        return f"must be a JSON object, but is {shown(row)}."
    assert isinstance(error, ValidationError)  # the line is JSON, so it is its values that do not fit
    first: Any = error.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    if first["type"] in ("missing", "missing_argument"):
        return f"lacks {place!r}."
    return f"does not fit: {place} is {shown(first['input'])}; {first['msg'][:1].lower()}{first['msg'][1:]}."
