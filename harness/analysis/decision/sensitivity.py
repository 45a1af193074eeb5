"""What would change the choice: the nearest value of each input at which it turns out otherwise.

Found by asking the same function again at other settings: a scan from a hundredth to a hundred times the present
value, then bisection between the last value with the same outcome and the first with another. An outcome is which
system is ahead and whether that is settled: a system can stay ahead and no longer be recommended.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Protocol, Self, TypeVar

from harness.analysis.decision.choice import Choice, pays
from harness.analysis.decision.requirements.table import rows
from harness.analysis.results.decision import Condition
from harness.analysis.results.setting import Setting
from harness.analysis.results.turns import Change, DecisionMap, PriceBand, Turn
from harness.analysis.results.verdict import Verdict
from harness.quantities import dollars, percent, three, whole
from harness.spec.tariff import Tariff

ChoiceAt = Callable[[Setting], Choice]

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

UNKNOWN_COST = "cannot be weighed: not every cost is known"
NO_PRICE = "plays no part: the run has no price for it"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is decided at one setting. `weighed`: the cost of every feasible candidate is known there.

    `condition`: from which price of a wrong answer on another one is the better choice there. It is no part of what
    makes an outcome another one, as it moves with every input.
    """

    winner: str | None
    status: Verdict
    weighed: bool = True
    condition: Condition | None = field(default=None, compare=False)


class Movable(Protocol):
    """What inputs belong to: a setting, or the requirements."""

    def with_value(self, field: str, value: float | None) -> Self: ...


P = TypeVar("P", bound=Movable)
OutcomeAt = Callable[[P], Outcome]
At = Callable[[float], Outcome]
"""The outcome along one input."""


@dataclass(frozen=True, slots=True)
class Input:
    """An input that may move, how its value is written, and the bounds outside of which no value makes sense.

    `tariff`: the one under which it counts (None: under each). `unset`: the range that is searched from its end down
    where it is not set (None: it plays no part then). `priced`: it says nothing where a cost is unknown.
    """

    field: str
    label: str
    write: Callable[[float], str]
    bounds: tuple[float, float] = (0.0, math.inf)
    whole: bool = False
    tariff: Tariff | None = None
    unset: tuple[float, float] | None = None
    priced: bool = True


def _required(
    field: str, low: float = 0.0, high: float = math.inf, unset: tuple[float, float] | None = None
) -> Input:
    row = rows()[field]
    return Input(field, row.name, row.write, (low, high), unset=unset)


def _times(factor: float) -> str:
    return "as the price list has them" if factor == 1 else f"{three(factor)} times those"


def _times_price(factor: float) -> str:
    return "as in this run" if factor == 1 else f"{three(factor)} times those"


INPUTS = (
    _required("monthly_queries", 1.0),
    Input("usd_per_hour", "the price of a machine hour", lambda usd: f"{dollars(usd)} an hour"),
    Input("token_factor", "the price of tokens", _times_price),
    _required("error_price_usd"),
    Input("utilisation", "the utilisation", percent, (0.0, 1.0), tariff=Tariff.SHARED),
    Input("peak_factor", "the peak over the mean load", three, (1.0, math.inf), tariff=Tariff.KEPT_UP),
    Input("cycles", "the number of tuning cycles", whole, (1.0, math.inf), whole=True),
    Input("people_factor", "people's hours", _times),
    _required("refresh_days", unset=REFRESH_DAYS),
    _required("horizon_months", 1.0, 120.0),
)


@dataclass(frozen=True, slots=True)
class Point:
    """At `value`, and beyond it, the outcome is another one."""

    value: float
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Way:
    """What moving an input one way meets. `winner`: the first point at which another system is ahead.

    `verdict`: the first turn of any kind, so also where the same system comes to be recommended, or no longer is.
    `unknown`: the value from which on not every cost is known, so that nothing can be weighed there; the search
    ends before it.
    """

    verdict: Point | None = None
    winner: Point | None = None
    unknown: float | None = None


Search = tuple[tuple[float, float], Way, Way]
"""The smallest and the largest value tried, and what lies below and above the present one."""


def outcome_of(choice: Choice) -> Outcome:
    return Outcome(choice.winner, choice.status, choice.weighed, choice.condition)


def changes(outcome_at: OutcomeAt[Setting], setting: Setting) -> tuple[Change, ...]:
    """Every input of the tariff, moved alone from `setting`, with the others as they are; without sentences.

    The price of tokens plays no part where nobody pays for tokens, and is left out.
    """
    inputs = [
        moved
        for moved in INPUTS
        if moved.tariff in (None, setting.tariff)
        and (moved.field != "token_factor" or setting.token_factor is not None)
    ]
    return tuple(change(outcome_at, setting, moved) for moved in inputs)


def change(outcome_at: OutcomeAt[P], setting: P, moved: Input) -> Change:
    """What moving one input does. Nothing can be said of a price or a volume where a cost is unknown at the setting."""
    current = getattr(setting, moved.field)
    if not current and not moved.unset and moved.field != "error_price_usd":
        return Change(moved.field, moved.label, current, why_not=NO_PRICE)
    if moved.priced and not outcome_at(setting).weighed:
        return Change(moved.field, moved.label, current, why_not=UNKNOWN_COST)
    search = _from_current if current else _from_nothing
    (low, high), down, up = search(outcome_at, setting, moved)

    def turn(point: Point | None) -> Turn | None:
        if point is None:
            return None
        factor = point.value / current if current else None
        outcome, condition = point.outcome, point.outcome.condition
        dearer = (condition.then, condition.error_price_usd) if condition else (None, None)
        return Turn(point.value, outcome.winner, outcome.status, factor, *dearer)

    return Change(
        input=moved.field,
        label=moved.label,
        current=current,
        searched_low=low,
        searched_high=high,
        nearest=_nearest(current, down.winner, up.winner),
        down=turn(down.winner),
        verdict_down=turn(down.verdict),
        unknown_down=down.unknown,
        up=turn(up.winner),
        verdict_up=turn(up.verdict),
        unknown_up=up.unknown,
    )


def _nearest(current: float | None, down: Point | None, up: Point | None) -> str | None:
    """`down` or `up`: where another system is ahead sooner, in ratios; of an input not set, the one there is."""
    if down is None or up is None or not current:
        return "up" if up else "down" if down else None
    return "down" if current / down.value <= up.value / current else "up"


def _from_current(outcome_at: OutcomeAt[P], setting: P, moved: Input) -> Search:
    current = getattr(setting, moved.field)
    at = _along(outcome_at, setting, moved.field)
    low, high = max(current / REACH, moved.bounds[0]), min(current * REACH, moved.bounds[1])
    down, up = (_way(at, at(current), _path(current, end, moved.whole), moved.whole) for end in (low, high))
    return (low, high), down, up


def _from_nothing(outcome_at: OutcomeAt[P], setting: P, moved: Input) -> Search:
    """An input that is not set: knowledge that comes to change, an error that comes to have a price, a limit."""
    present = outcome_at(setting)
    at = _along(outcome_at, setting, moved.field)
    if moved.unset:
        low, high = moved.unset
        return moved.unset, _way(at, present, _path(high, low)), Way()
    if getattr(setting, moved.field) == 0:
        return ERROR_PRICES, Way(), _way(at, present, [0.0, *_path(*ERROR_PRICES)])
    return ERROR_PRICES, *_error_price(bands(outcome_at, setting), present)


def _error_price(spans: Sequence[Point], present: Outcome) -> tuple[Way, Way]:
    """Without a price of errors there is no present value: where does the present winner's range end?"""
    own = [index for index, band in enumerate(spans) if band.outcome.winner == present.winner]
    if not own:  # it wins at no price: the range that begins at nothing shows which system does
        return Way(), Way(spans[0], spans[0])
    first, last = _run(own)
    same = [index for index in range(first, last + 1) if spans[index].outcome == present]
    winner = _ends(spans, first, last)
    verdict = _ends(spans, *_run(same)) if same else winner
    return Way(verdict[0], winner[0]), Way(verdict[1], winner[1])


def _run(indices: Sequence[int]) -> tuple[int, int]:
    """First and last of the indices that follow each other from the first on."""
    last = indices[0]
    while last + 1 in indices:
        last += 1
    return indices[0], last


def _ends(spans: Sequence[Point], first: int, last: int) -> tuple[Point | None, Point | None]:
    """What lies below and above a run of bands."""
    down = Point(spans[first].value, spans[first - 1].outcome) if first else None
    return down, spans[last + 1] if last + 1 < len(spans) else None


def _along(outcome_at: OutcomeAt[P], setting: P, field: str) -> At:
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
    """Follow a path until another system is ahead, or until nothing can be weighed any more."""
    verdict: Point | None = None
    for point in turns(at, present, path, whole):
        if present.weighed and not point.outcome.weighed:
            return Way(verdict, None, point.value)
        verdict = verdict or point
        if point.outcome.winner != present.winner:
            return Way(verdict, point)
    return Way(verdict)


def turns(at: At, present: Outcome, path: Iterable[float], whole: bool = False) -> Iterator[Point]:
    """Every turn along a path from `present` on, each made exact by bisection."""
    first, *rest = path
    if at(first) != present:
        yield Point(first, at(first))
    for low, high in itertools.pairwise([first, *rest]):
        while at(low) != at(high):
            low = _bisected(at, low, high, whole)
            yield Point(low, at(low))


def _bisected(at: At, same: float, other: float, whole: bool) -> float:
    """A value with another outcome, next to one with the outcome of `same`."""
    present = at(same)
    same = same or other / 1000  # a range that begins at nothing
    for _ in range(BISECTIONS):
        middle = float(round((same + other) / 2)) if whole else math.sqrt(same * other)
        if whole and middle in (same, other):
            break
        if at(middle) == present:
            same = middle
        else:
            other = middle
    return other


def bands(outcome_at: OutcomeAt[P], setting: P) -> tuple[Point, ...]:
    """What is decided by expected value from which price of a wrong answer on, from nothing upwards."""
    at = _along(outcome_at, setting, "error_price_usd")
    return (Point(0.0, at(0.0)), *turns(at, at(0.0), [0.0, *_path(*ERROR_PRICES)]))


def price_bands(outcome_at: OutcomeAt[Setting], setting: Setting) -> tuple[PriceBand, ...]:
    """The bands of the error price, where all costs are known; none elsewhere."""
    if not outcome_at(setting).weighed:
        return ()
    return tuple(
        PriceBand(band.value, band.outcome.winner, band.outcome.status) for band in bands(outcome_at, setting)
    )


def grid(setting: Setting) -> tuple[tuple[float, ...], tuple[float | None, ...]]:
    """Volumes and refresh intervals (None: never) of the decision map; the user's own are among them."""
    volumes = tuple(sorted({*VOLUMES, setting.monthly_queries}))
    intervals = {days for days in (*REFRESHES, setting.refresh_days) if days is not None}
    return volumes, (None, *sorted(intervals, reverse=True))


def decision_map(choice_at: ChoiceAt, setting: Setting) -> DecisionMap:
    """Which system is ahead over volume and refresh interval, and how settled that is.

    `weighed`: whether all costs are known there. `pays_*_usd`: the prices of a wrong answer between which the same
    system also has the least expected cost.
    """
    volumes, refreshes = grid(setting)
    points = [
        [replace(setting, monthly_queries=volume, refresh_days=days) for volume in volumes]
        for days in refreshes
    ]
    cells = [[(choice := choice_at(point), *pays(choice, point)) for point in row] for row in points]
    return DecisionMap(
        monthly_queries=volumes,
        refresh_days=refreshes,
        winners=tuple(tuple(choice.winner for choice, _, _ in row) for row in cells),
        statuses=tuple(tuple(choice.status for choice, _, _ in row) for row in cells),
        weighed=tuple(tuple(choice.weighed for choice, _, _ in row) for row in cells),
        pays_from_usd=tuple(tuple(low for _, low, _ in row) for row in cells),
        pays_to_usd=tuple(tuple(high for _, _, high in row) for row in cells),
    )
