"""How a job's questions are split into batches, and what came of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.engines.engine import Completion, Wanted
from harness.run.ask import Failure
from harness.run.prompts import Prompt

BATCH_ROWS = 48
"""A step of a batch reads all weights once, for however many rows. The default model answers short prompts with 48 in
two thirds of the processor time that it takes with 16."""
BATCH_TOKENS = 8192
"""Tokens whose keys and values a batch holds (0.4 GB for the default model): what bounds the peak memory."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Places of a job's questions that are answered together."""

    number: int
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """What a batch gave, by place. `wall_s`: what computing it took; None where all came from the cache.

    `prompts`: those that were asked in another form than the job's, with fewer passages. `sharing`, `machines`: as of a
    `BatchRow`.
    """

    batch: Batch
    completions: dict[int, Completion]
    wall_s: float | None
    prompts: dict[int, Prompt] = field(default_factory=dict)
    failures: dict[int, Failure] = field(default_factory=dict)
    sharing: int = 1
    machines: int = 1


def plan_batches(wanted: Sequence[Wanted], tokens: Sequence[int]) -> list[Batch]:
    """Split a job's prompts into batches of similar length, longest first; apart where they are asked in other ways.

    `wanted`, `tokens`: of each prompt. The split depends on the prompts alone, not on what is cached or answered
    already, so that a resumed run computes each answer in the same batch as an unbroken one.
    """

    def kind(place: int) -> tuple[bool, str]:
        """What a batch has in common: whether it is scored or written, and how it is decoded."""
        return wanted[place].scored, repr(wanted[place].decoding)

    batches: list[list[int]] = []
    for place in sorted(range(len(wanted)), key=lambda at: (kind(at), -tokens[at], at)):
        last = batches[-1] if batches else []
        if (
            not last
            or len(last) == BATCH_ROWS
            or (len(last) + 1) * tokens[last[0]] > BATCH_TOKENS
            or kind(place) != kind(last[0])
        ):
            batches.append([place])
        else:
            last.append(place)
    return [Batch(number, tuple(places)) for number, places in enumerate(batches)]
