"""From which volume on one way to pay for answers always costs less than another. `whatif.js` holds it once more.

Machines that are kept up cost a stair, K a machine; whatever else is paid for costs a line over the volume, which
bends once where machines scale to zero (each cold start is paid, at most one a query).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.analysis.results.hosting import Hosting
from harness.analysis.results.tokens import ByToken
from harness.spec.tariff import Tariff

Paid = Hosting | ByToken
"""How answers are paid for."""
MOST_STAIRS = 100_000
"""Steps that are looked at one by one; two stairs that run so long side by side are given their bound."""


@dataclass(frozen=True, slots=True)
class Line:
    """A system's dollars a month over the volume: answers of `seconds` each, and `standing` whatever is asked.

    `seconds` says nothing where tokens are paid for.
    """

    paid: Paid
    seconds: float
    standing: float

    def at(self, queries: float) -> float:
        """Dollars a month at so many queries."""
        if isinstance(self.paid, ByToken):
            return self.paid.monthly_usd(queries) + self.standing
        return self.paid.monthly_usd(queries, self.seconds) + self.standing

    @property
    def first(self) -> float:
        """Dollars a month before the first query: what stands, and a machine that is kept up."""
        return self.standing + (self.paid.machine_usd if _stairs(self) else 0.0)  # type: ignore[union-attr]


def same_machines(one: Paid | None, other: Paid | None) -> bool:
    """Whether both answer on machines of one price."""
    return isinstance(one, Hosting) and isinstance(other, Hosting) and one.costs_as(other)


def cheaper_from(a: Line, b: Line) -> float | None:
    """The volume a month above which A always costs less than B; None: there is none. 0: always."""
    if isinstance(a.paid, Hosting) and same_machines(a.paid, b.paid):
        return a.paid.cheaper_from(a.standing, a.seconds, b.standing, b.seconds)
    if _stairs(a) and _stairs(b):
        found = _two_stairs(a, b)
    elif _stairs(a):
        found = _stairs_from(a, b)
    elif _stairs(b):
        found = _line_from(a, b)
    else:
        found = _two_lines(a, b)
    return found if found is None or math.isfinite(found) else None


def _stairs(line: Line) -> bool:
    return isinstance(line.paid, Hosting) and line.paid.tariff is Tariff.KEPT_UP


def _machine(line: Line) -> tuple[float, float]:
    """Dollars a month of one machine, and the queries a month that it answers."""
    assert isinstance(line.paid, Hosting)
    return line.paid.machine_usd, line.paid.capacity(line.seconds)


def _two_stairs(a: Line, b: Line) -> float | None:
    """B's stair j ends at j · capacity of B, where A has ⌈j · ρ⌉ machines: the last j at which A is not cheaper."""
    (usd_a, most_a), (usd_b, most_b) = _machine(a), _machine(b)
    dearer = a.standing - b.standing
    if math.isinf(most_b):  # B never needs a second machine
        return (0.0 if dearer + usd_a < usd_b else None) if math.isinf(most_a) else None
    ratio, times = most_b / most_a, usd_b / usd_a
    extra = dearer / usd_a
    if ratio >= times:
        return 0.0 if ratio == times and extra + 1 < 0 else None
    bound = math.ceil((extra + 1) / (times - ratio))
    least = max(0, bound - MOST_STAIRS)
    last = next(
        (j for j in range(bound, least, -1) if extra + max(1, math.ceil(j * ratio)) >= times * j), None
    )
    if last is None:
        return most_b * bound if least else 0.0
    return most_b * last


def _stairs_from(a: Line, b: Line) -> float | None:
    """Machines against a line that rises from nothing: on stair m they cost more up to (d + m · K) / c queries."""
    (usd, most), slope = _machine(a), _slope(b)
    dearer = a.standing - b.standing
    if math.isinf(most):
        return max(0.0, (dearer + usd) / slope) if slope else None
    if slope * most <= usd:
        return 0.0 if slope * most == usd and dearer + usd < 0 else None
    last = math.ceil((dearer + slope * most) / (slope * most - usd)) - 1
    if last < 1:
        return 0.0
    return max(0.0, min(last * most, (dearer + last * usd) / slope))


def _line_from(a: Line, b: Line) -> float | None:
    """A line against machines: it costs less up to the end of the last stair m with m · (K − c · capacity) ≤ d."""
    (usd, most), slope = _machine(b), _slope(a)
    dearer = a.standing - b.standing
    if math.isinf(most):
        return 0.0 if not slope and dearer < usd else None
    if slope * most >= usd:
        return 0.0 if slope * most == usd and dearer < 0 else None
    return most * max(0, math.floor(dearer / (usd - slope * most)))


def _two_lines(a: Line, b: Line) -> float | None:
    """Two lines that bend where a machine has had all the cold starts that it has in a month."""
    dearer, bend = a.standing - b.standing, max(_starts(a), _starts(b))
    beyond, saved = dearer + _bend(a) - _bend(b), _slope(b) - _slope(a)
    if saved < 0 or (saved == 0 and beyond >= 0):
        return None
    if saved and beyond / saved >= bend:
        return beyond / saved
    if dearer <= 0:
        return 0.0
    starts = (_bend(b) - _bend(a)) / bend if bend else 0.0
    return dearer / (saved + starts)


def _slope(line: Line) -> float:
    """Dollars that one more query costs, at high volume."""
    if isinstance(line.paid, ByToken):
        return line.paid.query_usd
    share = line.paid.utilisation if line.paid.tariff is Tariff.SHARED else 1.0
    return line.paid.full_use_usd(line.seconds) / share


def _starts(line: Line) -> float:
    """Cold starts a month, at most."""
    zero = isinstance(line.paid, Hosting) and line.paid.tariff is Tariff.SCALE_TO_ZERO
    return line.paid.cold_starts if zero else 0.0  # type: ignore[union-attr]


def _bend(line: Line) -> float:
    """Dollars a month of all cold starts."""
    starts = _starts(line)
    return starts * line.paid.full_use_usd(line.paid.load_s) if starts else 0.0  # type: ignore[union-attr]
