"""What would change the choice: the nearest value of each input at which it turns out otherwise.

Found by asking the same function again at other settings: a scan from a hundredth to a hundred times the present
value, then bisection between the last value with the same outcome and the first with another. An outcome is who is
ahead and whether that is settled: a strategy can stay ahead and no longer be recommended.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from harness.analysis.decision.candidates import Setting

Winner = str | None
"""A strategy, or None where none meets the requirements."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is decided at one setting. `weighed`: the cost of every feasible candidate is known there."""

    winner: Winner
    status: str
    weighed: bool = True


OutcomeAt = Callable[[Setting], Outcome]

REACH = 100.0
STEPS = 80
"""Steps of the scan in each direction, 6 % each where the whole reach is tried. An outcome that holds only
between two steps may be missed."""
BISECTIONS = 24

VOLUMES = (100.0, 1_000.0, 10_000.0, 100_000.0, 1_000_000.0, 10_000_000.0)
REFRESHES: tuple[float | None, ...] = (None, 365.0, 90.0, 30.0, 7.0, 1.0)
ERROR_PRICES = (1e-6, 1e4)
"""The range of prices of a wrong answer that is searched, dollars; steps of 33 %."""
REFRESH_DAYS = (1 / 24, 3650.0)
"""The range of refresh intervals that is searched where the knowledge does not change; steps of 15 %."""


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
    """At `value`, and beyond it, the outcome is another one."""

    value: float
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Way:
    """What moving an input one way meets. `winner`: the first turn at which another strategy is ahead.

    `verdict`: the first turn of any kind, so also where the same strategy comes to be recommended, or no longer is.
    `unknown`: the value from which on not every cost is known, so that nothing can be weighed there; the search
    ends before it.
    """

    verdict: Turn | None = None
    winner: Turn | None = None
    unknown: float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What moving one input does. `current` None: not set (an error has no price, knowledge never changes)."""

    input: Input
    current: float | None
    searched: tuple[float, float] | None
    """Smallest and largest value tried; None where the input plays no part (the run has no price)."""
    down: Way = Way()
    up: Way = Way()

    @property
    def nearest(self) -> str | None:
        """`down` or `up`: where another strategy is ahead sooner, in ratios; of an input not set, the one there is."""
        down, up = self.down.winner, self.up.winner
        if down is None or up is None or not self.current:
            return "up" if up else "down" if down else None
        return "down" if self.current / down.value <= up.value / self.current else "up"


def changes(outcome_at: OutcomeAt, setting: Setting) -> tuple[Change, ...]:
    """Every input, moved alone from `setting`, with the others as they are."""
    return tuple(change(outcome_at, setting, one) for one in INPUTS)


def change(outcome_at: OutcomeAt, setting: Setting, one: Input) -> Change:
    current = getattr(setting, one.field)
    if not current:
        return _from_nothing(outcome_at, setting, one)
    at = _along(outcome_at, setting, one.field)
    low, high = max(current / REACH, one.bounds[0]), min(current * REACH, one.bounds[1])
    return Change(
        one,
        current,
        (low, high),
        down=_way(at, at(current), _path(current, low, one.whole), one.whole),
        up=_way(at, at(current), _path(current, high, one.whole), one.whole),
    )


def _from_nothing(outcome_at: OutcomeAt, setting: Setting, one: Input) -> Change:
    """An input that is not set: knowledge that comes to change, an error that comes to have a price."""
    current = getattr(setting, one.field)
    present = outcome_at(setting)
    at = _along(outcome_at, setting, one.field)
    if one.field == "refresh_days":
        low, high = REFRESH_DAYS
        return Change(one, current, REFRESH_DAYS, down=_way(at, present, _path(high, low)))
    if one.field == "error_price_usd" and current == 0:
        return Change(one, current, ERROR_PRICES, up=_way(at, present, [0.0, *_path(*ERROR_PRICES)]))
    if one.field == "error_price_usd":
        return _error_price(outcome_at, setting, one, present)
    return Change(one, current, None)


def _error_price(outcome_at: OutcomeAt, setting: Setting, one: Input, present: Outcome) -> Change:
    """Without a price of errors there is no present value: where does the present winner's range end?"""
    spans = bands(outcome_at, setting)
    own = [index for index, band in enumerate(spans) if band.outcome.winner == present.winner]
    if not own:  # it wins at no price: the range that begins at nothing shows who does
        other = Turn(spans[0].low, spans[0].outcome)
        return Change(one, None, ERROR_PRICES, up=Way(other, other))
    first, last = _run(own)
    same = [index for index in range(first, last + 1) if spans[index].outcome == present]
    winner = _ends(spans, (first, last))
    verdict = _ends(spans, _run(same)) if same else winner
    return Change(one, None, ERROR_PRICES, Way(verdict[0], winner[0]), Way(verdict[1], winner[1]))


def _run(indices: Sequence[int]) -> tuple[int, int]:
    """First and last of the indices that follow each other from the first on."""
    last = indices[0]
    while last + 1 in indices:
        last += 1
    return indices[0], last


def _ends(spans: Sequence[Band], run: tuple[int, int]) -> tuple[Turn | None, Turn | None]:
    """What lies below and above a run of bands."""
    first, last = run
    down = Turn(spans[first].low, spans[first - 1].outcome) if first else None
    up = Turn(spans[last + 1].low, spans[last + 1].outcome) if last + 1 < len(spans) else None
    return down, up


At = Callable[[float], Outcome]


def _along(outcome_at: OutcomeAt, setting: Setting, field: str) -> At:
    @cache
    def at(value: float) -> Outcome:
        return outcome_at(setting.with_value(field, round(value) if field == "cycles" else value))

    return at


def _path(start: float, end: float, whole: bool = False) -> list[float]:
    """Values from start to end in equal ratios, both among them; whole numbers each once."""
    if start == end or end <= 0:
        return [start]
    ratio = (end / start) ** (1 / STEPS)
    values = [start, *(start * ratio**step for step in range(1, STEPS)), end]
    return list(dict.fromkeys(float(round(value)) for value in values)) if whole else values


def _way(at: At, present: Outcome, path: Sequence[float], whole: bool = False) -> Way:
    """Follow a path until another strategy is ahead, or until nothing can be weighed any more."""
    verdict: Turn | None = None
    for turn in turns(at, present, path, whole):
        if present.weighed and not turn.outcome.weighed:
            return Way(verdict, None, turn.value)
        verdict = verdict or turn
        if turn.outcome.winner != present.winner:
            return Way(verdict, turn)
    return Way(verdict)


def turns(at: At, present: Outcome, path: Iterable[float], whole: bool = False) -> Iterator[Turn]:
    """Every turn along a path from `present` on, each made exact by bisection."""
    first, *rest = path
    if at(first) != present:
        yield Turn(first, at(first))
    for low, high in itertools.pairwise([first, *rest]):
        while at(low) != at(high):
            low = _bisected(at, low, high, whole)
            yield Turn(low, at(low))


def _bisected(at: At, same: float, other: float, whole: bool) -> float:
    """A value with another outcome, next to one with the outcome of `same`."""
    present = at(same)
    same = same or other / 10  # a range that begins at nothing
    for _ in range(BISECTIONS):
        middle = float(round((same + other) / 2)) if whole else math.sqrt(same * other)
        if whole and middle in (same, other):
            break
        if at(middle) == present:
            same = middle
        else:
            other = middle
    return other


@dataclass(frozen=True, slots=True)
class Band:
    """A range of error prices with one outcome by expected value; the last one has no end."""

    low: float
    outcome: Outcome


def bands(outcome_at: OutcomeAt, setting: Setting) -> tuple[Band, ...]:
    """What is decided by expected value at which price of a wrong answer, from nothing upwards."""
    at = _along(outcome_at, setting, "error_price_usd")
    found = turns(at, at(0.0), [0.0, *_path(*ERROR_PRICES)])
    return (Band(0.0, at(0.0)), *(Band(turn.value, turn.outcome) for turn in found))


def grid(setting: Setting) -> tuple[tuple[float, ...], tuple[float | None, ...]]:
    """Volumes and refresh intervals (None: never) of the decision map; the user's own are among them."""
    volumes = tuple(sorted({*VOLUMES, setting.monthly_queries}))
    intervals = {*REFRESHES, setting.refresh_days} - {None}
    refreshes: tuple[float | None, ...] = (
        None,
        *sorted((d for d in intervals if d is not None), reverse=True),
    )
    return volumes, refreshes
