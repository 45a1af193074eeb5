"""The answers of a system to a task, column by column: a run has up to a million, and figures ask for columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, overload

from harness.records import AnswerRow, FinishReason, RankedDoc

Key = tuple[int, int, str]
"""Which time, seed and question: what tells the answers of a system to a task apart."""


@dataclass(frozen=True, eq=False)
class Answers(Sequence[AnswerRow]):
    """A column for each field of `AnswerRow`, with a value for each answer; an item is the row of one."""

    task: str
    system: str
    question_id: Sequence[str] = ()
    seed: Sequence[int] = ()
    prediction: Sequence[str] = ()
    choice_logprobs: Sequence[tuple[float, ...] | None] = ()
    prompt_tokens: Sequence[int] = ()
    completion_tokens: Sequence[int] = ()
    finish_reason: Sequence[FinishReason] = ()
    retrieved: Sequence[tuple[RankedDoc, ...]] = ()
    shown_passages: Sequence[int] = ()
    dropped_passages: Sequence[int] = ()
    prompt_sha256: Sequence[str] = ()
    batch: Sequence[int] = ()
    cached: Sequence[bool] = ()
    adapter: Sequence[str | None] = ()
    metrics: Sequence[dict[str, Any] | None] = ()
    reasoning_tokens: Sequence[int] = ()
    cached_tokens: Sequence[int | None] = ()
    attempts: Sequence[int] = ()
    repeat: Sequence[int] = ()
    examples: Sequence[tuple[str, ...]] = ()

    @classmethod
    def of(cls, rows: Iterable[AnswerRow], task: str = "", system: str = "") -> Answers:
        """Rows as columns, in their order. `task`, `system`: theirs, where there may be no row."""
        some = [*rows]
        columns: dict[str, Any] = {name: [getattr(row, name) for row in some] for name in COLUMNS}
        return cls(some[0].task if some else task, some[0].system if some else system, **columns)

    def taken(self, places: Sequence[int]) -> Answers:
        """The answers at these places, in this order."""
        columns = {name: [*map(getattr(self, name).__getitem__, places)] for name in COLUMNS}
        return Answers(self.task, self.system, **columns)

    @property
    def keys(self) -> list[Key]:
        return [*zip(self.repeat, self.seed, self.question_id, strict=True)]

    def first_to(self, question_id: str) -> AnswerRow | None:
        """The first answer to a question."""
        return self[self.question_id.index(question_id)] if question_id in self.question_id else None

    def __len__(self) -> int:
        return len(self.question_id)

    def __iter__(self) -> Iterator[AnswerRow]:
        for values in zip(*(getattr(self, name) for name in COLUMNS), strict=True):
            yield AnswerRow(self.task, self.system, *values)

    @overload
    def __getitem__(self, place: int) -> AnswerRow: ...
    @overload
    def __getitem__(self, place: slice) -> Answers: ...
    def __getitem__(self, place: int | slice) -> AnswerRow | Answers:
        if isinstance(place, slice):
            return self.taken(range(len(self))[place])
        return AnswerRow(self.task, self.system, *(getattr(self, name)[place] for name in COLUMNS))


COLUMNS = tuple(column.name for column in fields(AnswerRow) if column.name not in ("task", "system"))
"""In the order of an `AnswerRow`."""
