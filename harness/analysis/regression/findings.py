"""What a rule finds about one system on one task: an outcome, a sentence and the figures in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

NAMED = 5
"""Questions that a sentence names at most."""


class Outcome(StrEnum):
    """From best to worst, but for a rule that had nothing to look at."""

    NOT_APPLICABLE = "not applicable"
    PASS = "pass"  # noqa: S105 - an outcome, and no password
    INCONCLUSIVE = "inconclusive"
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
class AccuracyFigures:
    """The paired difference on `n` questions; `lost` and `won`: how many score lower and higher than before."""

    metric: str
    n: int
    before: float | None
    after: float | None
    delta: float | None
    ci_low: float | None
    ci_high: float | None
    lost: int
    won: int


@dataclass(frozen=True, slots=True)
class LatencyFigures:
    """`before` and `after`: times as long as base takes; `slowdown`: times as long as before, on `n` questions."""

    n: int
    before: float
    after: float
    slowdown: float
    ci_low: float
    ci_high: float
    history_margin: float | None


@dataclass(frozen=True, slots=True)
class QuestionFigures:
    """The questions that differ. `before` and `after`: mean passages shown, or mean tokens of a prompt."""

    questions: tuple[str, ...]
    before: float | None = None
    after: float | None = None


@dataclass(frozen=True, slots=True)
class NamedFigures:
    """A figure of each depth, or of each hosted model."""

    before: dict[str, float | None]
    after: dict[str, float | None]


Figures = AccuracyFigures | LatencyFigures | QuestionFigures | NamedFigures


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a rule found. `margin`: what the figure was held against; `flips`: the questions that it rests on."""

    outcome: Outcome
    detail: str
    figures: Figures | None = None
    margin: float | None = None
    flips: tuple[Flip, ...] = ()


def outcome_of(low: float, high: float, margin: float) -> Outcome:
    """The outcome of an interval of a loss, held against the loss that does not matter."""
    if low > margin:
        return Outcome.FAIL
    return Outcome.PASS if high < margin else Outcome.INCONCLUSIVE


def not_applicable(reason: str) -> Ruling:
    return Ruling(Outcome.NOT_APPLICABLE, reason)


def passed(detail: str, figures: Figures | None = None) -> Ruling:
    return Ruling(Outcome.PASS, detail, figures)


def failed(detail: str, figures: Figures | None = None) -> Ruling:
    return Ruling(Outcome.FAIL, detail, figures)
