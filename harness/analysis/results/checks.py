"""How the checks of validity ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness.steps import Step


class Status(StrEnum):
    """How a validity check ended, from best to worst, but for one that had nothing to look at."""

    NOT_APPLICABLE = "not_applicable"
    PASS = "pass"  # noqa: S105 - a status, and no password
    WARN = "warn"
    FAIL = "fail"


class FigureKind(StrEnum):
    """What a check's figure and limit are, and so how to print them."""

    SHARE = "share"
    DIFFERENCE = "difference"
    COUNT = "count"
    ABSOLUTE = "absolute"


@dataclass(frozen=True, slots=True)
class Check:
    """How a validity check ended. `check`: its name; `title`: what people read.

    `detail` is a sentence, and `figures` holds every number in it. `threshold`: the limit that was crossed; where
    none was, the nearest. `strategies`: the systems that the status speaks of; of a failed check, those it excludes.
    `failed`: why these cannot be judged, a clause. `remedy`: what to do about a failure or a warning.
    """

    check: str
    title: str
    status: Status
    detail: str
    kind: FigureKind
    figure: float | None
    threshold: float | None
    strategies: tuple[str, ...]
    figures: dict[str, float]
    failed: str = ""
    remedy: Step | None = None

    @property
    def because(self) -> str:
        """Why those that failed cannot be judged, a clause."""
        return self.failed or f"it failed the check of {self.title}"

    @property
    def clause(self) -> str:
        """`detail` as a part of another sentence."""
        return self.detail[:1].lower() + self.detail[1:].removesuffix(".")
