"""A sentence of a decision, with its figures."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence and every number in it, by what it is."""

    text: str
    figures: dict[str, float | str | None] = field(default_factory=dict)


MOST_REASONS = 5
"""More than so many nobody reads; results.json has them all."""


UNSAID = Reason("")
