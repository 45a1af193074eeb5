"""What a rule says of one task and strategy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """From best to worst, but for a rule that had nothing to look at."""

    NOT_APPLICABLE = "not applicable"
    PASS = "pass"  # noqa: S105 - an outcome, and no password
    UNSURE = "cannot tell"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Flip:
    """A question whose score changed, with both replies."""

    question_id: str
    question: str
    right: tuple[str, ...]
    before: str
    after: str
    score_before: float
    score_after: float

    @property
    def lost(self) -> bool:
        return self.score_after < self.score_before


@dataclass(frozen=True, slots=True)
class Said:
    """What a rule found: a sentence with its figures.

    `margin`: what the figure was held against. `flips`: the questions that it rests on.
    """

    outcome: Outcome
    detail: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    margin: float | None = None
    flips: tuple[Flip, ...] = ()


Rule = Callable[..., Said]
"""A rule takes a `pairing.Rerun`."""


NAMED = 5
"""Questions that a sentence names at most."""


def named(names: Sequence[str]) -> str:
    """`q1, q2, q3, q4, q5 and 3 more`; each once, as with several seeds a question stands there several times."""
    unique = list(dict.fromkeys(names))
    more = len(unique) - NAMED
    return ", ".join(unique[:NAMED]) + (f" and {more} more" if more > 0 else "")


def not_applicable(reason: str) -> Said:
    return Said(Outcome.NOT_APPLICABLE, reason)


def passed(detail: str, **figures: Any) -> Said:
    return Said(Outcome.PASS, detail, figures)


def failed(detail: str, **figures: Any) -> Said:
    return Said(Outcome.FAIL, detail, figures)
