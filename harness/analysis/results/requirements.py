"""How requirements turned out for a system. Apart from the other results, since flags need it and must be quick."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from harness.steps import Step


class Met(StrEnum):
    """How a requirement turned out for a system."""

    MET = "met"
    MISSED = "missed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One requirement held against one system.

    `detail` is a clause, and `figures` holds every number in it. `miss`: the distance as a share of the limit.
    `remedy`: what would meet it, or tell; its line is a flag of `compare`, or a line of the task file.
    """

    requirement: str
    status: Met
    detail: str
    figures: dict[str, float] = field(default_factory=dict)
    miss: float = 0.0
    remedy: Step | None = None

    @property
    def unsure(self) -> bool:
        """Whether the value's interval reaches across the limit."""
        return bool({"interval_low", "interval_high"} & self.figures.keys())
