"""What the field expects, beside what was measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prior:
    """A piece of common advice beside what was measured."""

    advice: str
    source: str
    measured: str | None
    settled: bool
    monthly_queries: float | None
    verdict: str
    text: str


@dataclass(frozen=True, slots=True)
class Shape:
    """A published difference of accuracies (`expected_*`, None: no end) beside the one measured here."""

    shape: str
    source: str
    expected_low: float | None
    expected_high: float | None
    measured: float | None
    ci_low: float | None
    ci_high: float | None
    certain: bool
    verdict: str
    text: str


@dataclass(frozen=True, slots=True)
class Literature:
    """What the field expects; it takes no part in the decision."""

    priors: tuple[Prior, ...]
    shapes: tuple[Shape, ...]


NOTHING_EXPECTED = Literature((), ())
