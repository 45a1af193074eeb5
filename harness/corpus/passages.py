"""The passages of an index, in a file that is read where it is asked for: a million of them need little memory."""

from __future__ import annotations

import json
import mmap
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import IO, overload

from pydantic import TypeAdapter

from harness.records import Passage


def write_passages(stream: IO[bytes], passages: Iterable[Passage]) -> None:
    """Append passages, a line of JSON each."""
    for passage in passages:
        stream.write(json.dumps(asdict(passage), ensure_ascii=False).encode("utf-8") + b"\n")


class StoredPassages(Sequence[Passage]):
    """The passages of a file by number. It stays mapped, so it must not change. ValueError: a line is no passage."""

    def __init__(self, path: Path) -> None:
        self._ends = array("q", [0])
        with path.open("rb") as stream:
            for line in stream:
                self._ends.append(self._ends[-1] + len(line))
            whole = self._ends[-1]
            self._data: mmap.mmap | bytes = (
                mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) if whole else b""
            )

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, at: int) -> Passage: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Passage]: ...
    def __getitem__(self, at: int | slice) -> Passage | Sequence[Passage]:
        if isinstance(at, slice):
            return [self[number] for number in range(*at.indices(len(self)))]
        number = at + len(self) if at < 0 else at
        if not 0 <= number < len(self):
            raise IndexError(at)
        return _reader().validate_json(self._data[self._ends[number] : self._ends[number + 1]], strict=True)

    def __iter__(self) -> Iterator[Passage]:
        return (self[number] for number in range(len(self)))


@cache
def _reader() -> TypeAdapter[Passage]:
    return TypeAdapter(Passage)
