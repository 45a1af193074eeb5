"""What the machines that answer cost in a month (docs/method.md, "Cost"). `whatif.js` holds the formulas once more."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.quantities import dollars, percent, plain, spelled
from harness.ranges import NonNegative
from harness.spec.tariff import Tariff

ALL_MONTH = 365.25 * 24 / 12
"""Hours of a month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosting:
    """A tariff with its figures. `hours`: that machines are kept up in a month, in which all queries come.
    `peak_factor`: queries a second at the peak over their mean in these hours. `cold_starts`: in a month, at most one
    a query, of `load_s` seconds each. `utilisation`: the share of paid time in use, of shared machines. `own_price`:
    the price of an hour is declared for the server that answers, and is not that of the run's machine.
    """

    tariff: Tariff
    machine: str
    usd_per_hour: NonNegative
    hours: NonNegative = ALL_MONTH
    peak_factor: NonNegative = 1.0
    cold_starts: NonNegative = 0.0
    load_s: NonNegative = 0.0
    utilisation: NonNegative = 1.0
    own_price: bool = False

    @property
    def machine_usd(self) -> float:
        """Dollars a month of one machine that is kept up."""
        return self.hours * self.usd_per_hour

    def capacity(self, seconds: float) -> float:
        """Queries a month, of so many seconds each, that one machine answers which is kept up."""
        return 3600 * self.hours / (self.peak_factor * seconds) if seconds else math.inf

    def costs_as(self, other: Hosting) -> bool:
        """Whether queries of the same seconds always cost the same on both."""
        paid, other_paid = (
            (one.tariff, one.usd_per_hour, one.hours, one.peak_factor) for one in (self, other)
        )
        if self.tariff is Tariff.SCALE_TO_ZERO:
            starts = (self.cold_starts, self.load_s) == (other.cold_starts, other.load_s)
        else:
            starts = self.tariff is Tariff.KEPT_UP or self.utilisation == other.utilisation
        return paid == other_paid and starts

    def machines(self, queries: float, seconds: float) -> float:
        """How many are kept up for so many queries a month of so many seconds each: those of the peak, at least one."""
        return float(max(1, math.ceil(queries * self.peak_factor * seconds / (3600 * self.hours))))

    def monthly_usd(self, queries: float, seconds: float) -> float:
        """Dollars a month for so many queries of so many seconds each. Never falls with either."""
        match self.tariff:
            case Tariff.KEPT_UP:
                return self.machines(queries, seconds) * self.hours * self.usd_per_hour
            case Tariff.SCALE_TO_ZERO:
                paid_s = queries * seconds + min(self.cold_starts, queries) * self.load_s
                return paid_s * self.usd_per_hour / 3600
            case Tariff.SHARED:
                return queries * seconds * self.usd_per_hour / 3600 / self.utilisation

    def per_query_usd(self, queries: float, seconds: float) -> float:
        """Dollars a query at so many queries a month, more than 0."""
        return self.monthly_usd(queries, seconds) / queries

    def full_use_usd(self, seconds: float) -> float:
        """The limit that no tariff goes below: a machine that answers without a pause."""
        return self.usd_per_hour * seconds / 3600

    def cheaper_from(
        self, standing_a: float, seconds_a: float, standing_b: float, seconds_b: float
    ) -> float | None:
        """The volume above which a month of A always costs less than one of B; None: there is none. 0: always.

        `standing`: dollars a month whatever the volume. Where machines are kept up both costs are stairs. B's stair j
        ends at j / r queries, with r the share of a machine that a query of B takes at the peak, and A has
        ⌈j · seconds_A / seconds_B⌉ machines there: the last j at which A is not cheaper follows.
        """
        dearer, ratio = standing_a - standing_b, seconds_a / seconds_b if seconds_b else math.inf
        if seconds_a == seconds_b or (seconds_a < seconds_b and dearer < 0):
            return 0.0 if dearer < 0 else None
        if ratio > 1:
            return None
        if self.tariff is not Tariff.KEPT_UP:
            saved = self.full_use_usd(seconds_b) - self.full_use_usd(seconds_a)
            share = self.utilisation if self.tariff is Tariff.SHARED else 1.0
            queries = dearer * share / saved if saved else math.inf
        else:
            stairs = math.floor(dearer / (self.hours * self.usd_per_hour)) + 1
            last = math.ceil(stairs / (1 - ratio)) - 1 if seconds_a else stairs
            queries = last * (3600 * self.hours) / (self.peak_factor * seconds_b)
        return queries if math.isfinite(queries) else None

    def in_words(self, queries: float, seconds: float) -> str:
        """What is paid for, a clause: `with one m7i.large kept up all month ($73.63)`."""
        usd = dollars(self.monthly_usd(queries, seconds))
        match self.tariff:
            case Tariff.KEPT_UP:
                count = int(self.machines(queries, seconds))
                number = spelled(count)
                kept = self.machine if count == 1 else f"{self.machine} machines"
                span = "all month" if self.hours == ALL_MONTH else f"{plain(self.hours)} hours a month"
                return f"with {number} {kept} kept up {span} ({usd})"
            case Tariff.SCALE_TO_ZERO:
                return f"with {self.machine} scaled to zero between queries ({usd} a month)"
            case Tariff.SHARED:
                return (
                    f"on a shared {self.machine} at {percent(self.utilisation)} utilisation ({usd} a month)"
                )
