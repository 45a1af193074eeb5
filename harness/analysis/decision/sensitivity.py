"""What would change the choice: the nearest value of each input at which another strategy wins.

Found by asking the same function again at other settings: a scan from a hundredth to a hundred times the present
value, then bisection between the last value with the same winner and the first with another.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.analysis.decision.candidates import Setting

Winner = str | None
"""A strategy, or None where none meets the requirements."""
WinnerAt = Callable[[Setting], Winner]

REACH = 100.0
STEPS = 80
"""Steps of the scan in each direction: 6 % each. A winner of a narrower range of values may be missed."""
BISECTIONS = 24

VOLUMES = (100.0, 1_000.0, 10_000.0, 100_000.0, 1_000_000.0, 10_000_000.0)
REFRESHES: tuple[float | None, ...] = (None, 365.0, 90.0, 30.0, 7.0, 1.0)
ERROR_PRICES = (1e-6, 1e4)
"""The range of prices of a wrong answer that is searched, dollars."""
REFRESH_DAYS = (1 / 24, 3650.0)


@dataclass(frozen=True, slots=True)
class Input:
    """An input that may move. `bounds`: no value outside them makes sense."""

    field: str
    label: str
    bounds: tuple[float, float] = (0.0, math.inf)
    whole: bool = False


INPUTS = (
    Input("monthly_queries", "the volume", (1.0, math.inf)),
    Input("usd_per_hour", "the price of a machine hour"),
    Input("error_price_usd", "the price of a wrong answer"),
    Input("utilisation", "the utilisation", (0.0, 1.0)),
    Input("cycles", "the number of tuning cycles", (1.0, math.inf), whole=True),
    Input("refresh_days", "the refresh interval"),
    Input("horizon_months", "the horizon", (1.0, 120.0)),
)


@dataclass(frozen=True, slots=True)
class Turn:
    """At `value`, and beyond it, `winner` wins instead (None: no strategy meets the requirements)."""

    value: float
    winner: Winner


@dataclass(frozen=True, slots=True)
class Change:
    """What moving one input does. `current` None: not set (an error has no price, knowledge never changes)."""

    input: Input
    current: float | None
    searched: tuple[float, float] | None
    """Smallest and largest value tried; None where the input plays no part (the run has no price)."""
    down: Turn | None = None
    up: Turn | None = None

    @property
    def nearest(self) -> Turn | None:
        """The turn that is fewer times away; from an input that is not set, the one there is."""
        if self.up is None or self.down is None or not self.current:
            return self.up or self.down
        return min(self.down, self.up, key=lambda turn: abs(math.log(turn.value / (self.current or 1.0))))


def changes(winner_at: WinnerAt, setting: Setting) -> tuple[Change, ...]:
    """Every input, moved alone from `setting`, with the others as they are."""
    return tuple(change(winner_at, setting, one) for one in INPUTS)


def change(winner_at: WinnerAt, setting: Setting, one: Input) -> Change:
    current = getattr(setting, one.field)
    if not current:
        return _from_nothing(winner_at, setting, one)
    present = winner_at(setting)
    at = _along(winner_at, setting, one.field)
    low, high = max(current / REACH, one.bounds[0]), min(current * REACH, one.bounds[1])
    return Change(
        one,
        current,
        (low, high),
        down=first_turn(at, present, _path(current, low, one.whole), one.whole),
        up=first_turn(at, present, _path(current, high, one.whole), one.whole),
    )


def _from_nothing(winner_at: WinnerAt, setting: Setting, one: Input) -> Change:
    """An input that is not set: knowledge that comes to change, an error that comes to have a price."""
    current = getattr(setting, one.field)
    present = winner_at(setting)
    at = _along(winner_at, setting, one.field)
    if one.field == "refresh_days":
        low, high = REFRESH_DAYS
        return Change(one, current, REFRESH_DAYS, down=first_turn(at, present, _path(high, low, False)))
    if one.field == "error_price_usd" and current == 0:
        low, high = ERROR_PRICES
        return Change(one, current, ERROR_PRICES, up=first_turn(at, present, _path(low, high, False)))
    if one.field == "error_price_usd":
        return _error_price(winner_at, setting, one, present)
    return Change(one, current, None)


def _error_price(winner_at: WinnerAt, setting: Setting, one: Input, present: Winner) -> Change:
    """Without a price of errors there is no present value: where does the present winner's range end?"""
    spans = bands(winner_at, setting)
    own = next((i for i, band in enumerate(spans) if band.winner == present), None)
    if own is None:  # it wins at no price: the range that begins at nothing shows who does
        return Change(one, None, ERROR_PRICES, up=Turn(spans[0].low, spans[0].winner))
    down = Turn(spans[own].low, spans[own - 1].winner) if own else None
    up = Turn(spans[own + 1].low, spans[own + 1].winner) if own + 1 < len(spans) else None
    return Change(one, None, ERROR_PRICES, down, up)


def _along(winner_at: WinnerAt, setting: Setting, field: str) -> Callable[[float], Winner]:
    def at(value: float) -> Winner:
        return winner_at(setting.with_value(field, round(value) if field == "cycles" else value))

    return at


def _path(start: float, end: float, whole: bool) -> list[float]:
    """Values from start to end in equal ratios, start left out; whole numbers each once."""
    if whole:
        step = 1 if end > start else -1
        return [float(value) for value in range(round(start) + step, round(end) + step, step)]
    if start == end or end <= 0:
        return []
    ratio = (end / start) ** (1 / STEPS)
    return [start, *(start * ratio**step for step in range(1, STEPS)), end][1:]


def first_turn(
    at: Callable[[float], Winner], present: Winner, path: Sequence[float], whole: bool = False
) -> Turn | None:
    """The first value on the path at which another wins, made exact by bisection; None where none does."""
    before: float | None = None
    for value in path:
        winner = at(value)
        if winner != present:
            if before is None or whole:
                return Turn(value, winner)
            return _bisected(at, present, before, value)
        before = value
    return None


def _bisected(at: Callable[[float], Winner], present: Winner, same: float, other: float) -> Turn:
    for _ in range(BISECTIONS):
        middle = math.sqrt(same * other)
        if at(middle) == present:
            same = middle
        else:
            other = middle
    return Turn(other, at(other))


@dataclass(frozen=True, slots=True)
class Band:
    """A range of error prices with one winner by expected value; the last one has no end."""

    low: float
    winner: Winner


def bands(winner_at: WinnerAt, setting: Setting) -> tuple[Band, ...]:
    """Who wins by expected value at which price of a wrong answer, from nothing upwards."""
    at = _along(winner_at, setting, "error_price_usd")
    found = [Band(0.0, at(0.0))]
    low, high = ERROR_PRICES
    path = [low, *_path(low, high, False)]
    for before, value in zip([0.0, *path], path, strict=False):
        if at(value) != found[-1].winner:
            turn = _bisected(at, found[-1].winner, before or low / 10, value)
            found.append(Band(turn.value, turn.winner))
            if turn.winner != at(value):
                found.append(Band(value, at(value)))
    return tuple(found)


def grid(setting: Setting) -> tuple[tuple[float, ...], tuple[float | None, ...]]:
    """Volumes and refresh intervals (None: never) of the decision map; the user's own are among them."""
    volumes = tuple(sorted({*VOLUMES, setting.monthly_queries}))
    intervals = {*REFRESHES, setting.refresh_days} - {None}
    refreshes: tuple[float | None, ...] = (
        None,
        *sorted((d for d in intervals if d is not None), reverse=True),
    )
    return volumes, refreshes
