"""What would turn a decision: each input moved alone, the price of a wrong answer, volume and refresh, other terms."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.analysis.results.verdict import Standing, Verdict, recommendation
from harness.quantities import dollars


@dataclass(frozen=True, slots=True)
class Turn:
    """From `value` on the outcome is another one. `factor`: of the present value.

    `then`: what is the better choice there once a wrong answer costs `error_price_usd` (None: the winner at any price).
    """

    value: float
    winner: str | None
    status: Verdict
    factor: float | None
    then: str | None = None
    error_price_usd: float | None = None

    @property
    def in_words(self) -> str:
        unless = (
            f" ({self.then} once a wrong answer costs {dollars(self.error_price_usd)})" if self.then else ""
        )
        return f"{recommendation(self.status, self.winner)}{unless}"


@dataclass(frozen=True, slots=True)
class Change:
    """What moving one input does, downwards and upwards. `down`, `up`: where another system is ahead;
    `verdict_*`: the first turn of any kind; `unknown_*`: from where on nothing can be weighed."""

    input: str
    label: str
    current: float | None
    searched_low: float | None = None
    searched_high: float | None = None
    why_not: str | None = None
    nearest: str | None = None
    down: Turn | None = None
    verdict_down: Turn | None = None
    unknown_down: float | None = None
    up: Turn | None = None
    verdict_up: Turn | None = None
    unknown_up: float | None = None
    text: str = ""
    figures: dict[str, float | str | None] = field(default_factory=dict)

    @property
    def turns(self) -> bool:
        """Whether moving the input changes anything at all."""
        turns = (self.down, self.verdict_down, self.unknown_down, self.up, self.verdict_up, self.unknown_up)
        return any(turn is not None for turn in turns)


@dataclass(frozen=True, slots=True)
class PriceBand:
    """Who has the least expected cost from this price of a wrong answer on."""

    from_usd: float
    winner: str | None
    status: Verdict


@dataclass(frozen=True, slots=True)
class DecisionMap:
    """Who is ahead: one row per refresh interval (None: never), one column per monthly volume."""

    monthly_queries: tuple[float, ...]
    refresh_days: tuple[float | None, ...]
    winners: tuple[tuple[str | None, ...], ...]
    statuses: tuple[tuple[Verdict, ...], ...]
    weighed: tuple[tuple[bool, ...], ...]
    pays_from_usd: tuple[tuple[float | None, ...], ...]
    pays_to_usd: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True, slots=True)
class TurnedInput:
    """An input whose value differs from the run's own. `alone`: it turns the verdict by itself."""

    input: str
    label: str
    own: float | str | bool | None
    now: float | str | bool | None
    alone: bool


@dataclass(frozen=True, slots=True)
class Turned:
    """How other terms turned a task's verdict: under the run's own terms, now, and which input did it."""

    own: Standing
    now: Standing
    turned: bool
    changed: tuple[TurnedInput, ...]
    text: str = ""
    figures: dict[str, float | str | None] = field(default_factory=dict)
