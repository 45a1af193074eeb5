"""What a system costs, as formulas over plain values (docs/method.md, "Cost"). US dollars throughout.

Nothing here reads a file or a run: `priced.py` makes `Economics` of what was measured and what things cost.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.analysis.results.crossover import Line, Paid
from harness.analysis.results.figures import Interval
from harness.analysis.results.money import Components
from harness.analysis.results.reason import Reason
from harness.analysis.results.setting import Setting
from harness.analysis.results.tokens import ByToken
from harness.spec.tariff import Tariff
from harness.steps import Step

DAYS_PER_MONTH = 365.25 / 12
FEW_TIMED = 2.0
"""Where too few questions were timed for an interval, the mean is taken to be off by this factor, up or down."""
PEOPLE_OFF = 0.5
"""People's hours are assumed: two costs that differ by no more than this share of them are alike."""


@dataclass(frozen=True, slots=True)
class CostInputs:
    """What a user may set. None: the price list's value, or (from `monthly_queries` on) not asked for."""

    cycles: int = 3
    """Trainings until a fine-tune is good enough; each costs machine time and engineer hours."""
    utilisation: float | None = None
    usd_per_hour: float | None = None
    horizon_months: float = 12.0
    """Over how many months one-off costs are spread."""
    monthly_queries: float | None = None
    refresh_days: float | None = None
    """Every how many days the knowledge changes; None: it does not."""
    error_price_usd: float | None = None
    """What one wrong answer costs."""
    in_house: bool = False
    """Data may not leave machines of one's own: nothing is priced as a hosted service."""
    tariff: Tariff = Tariff.KEPT_UP
    peak_factor: float | None = None
    people_factor: float = 1.0
    """People's hours and labels, as a multiple of the price list's."""
    token_factor: float = 1.0
    """What tokens cost, as a multiple of their prices in the run."""


@dataclass(frozen=True, slots=True)
class CostDifference:
    """Dollars a month by which one system costs more than another; within the margin they cost alike.

    `timing_usd`: the part of the margin that the timed questions leave open. `people_usd`: the part that is assumed of
    people. `timed`: whether both have an interval of their times; if not, `FEW_TIMED` stands in.
    """

    usd: float
    timing_usd: float
    people_usd: float
    timed: bool = True

    @property
    def margin_usd(self) -> float:
        return self.timing_usd + self.people_usd

    @property
    def alike(self) -> bool:
        return abs(self.usd) <= self.margin_usd


@dataclass(frozen=True, slots=True)
class MonthlyCost:
    """Dollars a month of one system at a setting, and the same at both ends of its time's interval.

    `people_usd`: the part that is people's. `timed`: whether there is an interval; if not, `FEW_TIMED` stands in.
    """

    usd: float
    low: float
    high: float
    people_usd: float
    timed: bool

    def minus(self, other: MonthlyCost) -> CostDifference:
        """By how many dollars this system costs more than the other, and what is not known of that.

        The margin is that of a difference of two means by their own intervals (Zou and Donner 2008, "MOVER"), and a
        half of what the two differ in people's time.
        """
        dearer, cheaper = (self, other) if self.usd >= other.usd else (other, self)
        down, up = dearer.usd - dearer.low, cheaper.high - cheaper.usd
        return CostDifference(
            self.usd - other.usd,
            math.sqrt(down * down + up * up),
            PEOPLE_OFF * abs(self.people_usd - other.people_usd),
            self.timed and other.timed,
        )


NO_PRICES = "the run has no price list"
NOT_TIMED = "not timed"


@dataclass(frozen=True, slots=True)
class Economics:
    """One system's money, US dollars. None: not known, `reason` says why."""

    strategy: str
    hosting: Paid | None
    """How the machines or tokens that answer are paid for; None: not known."""
    seconds: float | None
    """That a query keeps a machine busy: of one request alone, mean; of a server that answers several at once, of the
    answer pass."""
    batched_s: float | None
    """The same in the batched pass."""
    fixed_usd: float | None
    """Once: prompt, examples, retrieval, tuning cycles, labels, evaluation, index."""
    refresh_usd: float | None
    """At each change of knowledge: take in and embed what changed, train again, evaluate."""
    storage_usd_per_month: float
    reason: str | None
    components: Components
    cycles: int = 3
    """The tuning cycles that `fixed_usd` is for."""
    per_cycle_usd: float = 0.0
    """What each tuning cycle adds to `fixed_usd`; 0 where nothing is tuned."""
    people_usd: float = 0.0
    """The part of `fixed_usd` that is people's hours and labels: taken from the price list, not measured."""
    people_refresh_usd: float = 0.0
    """The part of `refresh_usd` that is people's time."""
    fixed_reason: str | None = None
    """Why `fixed_usd` is None; `reason` is this one only where the cost of a query is known."""
    timed: int = 0
    """Timed questions that `seconds` is the mean of."""
    seconds_ci: Interval | None = None
    """95 % interval of `seconds` as far as the timed questions tell; None where they are too few."""
    pass_n: int = 0
    """Where `seconds` are those of the answer pass: of so many answers."""

    @property
    def remedy(self) -> Step | None:
        """What would make its cost known; None where it is. What is no more than a flag belongs to `compare`."""
        if self.reason is None:
            return None
        if self.reason == NOT_TIMED:
            return Step("Time the answers, so that costs are known", "--latency-queries 20")
        if self.reason == NO_PRICES:
            return Step("Decide with a price list", "harness decide RUN --prices FILE")
        return Step("Say what every model costs, in the models file (--models)", "usd_per_hour: USD")

    @property
    def by_token(self) -> bool:
        """Whether tokens are paid for, and no machine's seconds."""
        return isinstance(self.hosting, ByToken)

    def line(self, standing: float | None, *, batched: bool = False) -> Line | None:
        """Dollars a month over the volume, with so much that stands whatever is asked; None where not known."""
        seconds = self.batched_s if batched else self.seconds
        if standing is None or self.hosting is None or (batched and self.by_token):
            return None
        if isinstance(self.hosting, ByToken):
            return Line(self.hosting, 0.0, standing)
        return None if seconds is None else Line(self.hosting, seconds, standing)

    def fixed_at(self, cycles: int | None) -> float | None:
        """`fixed_usd` with another number of tuning cycles (None: the same)."""
        if self.fixed_usd is None or cycles is None:
            return self.fixed_usd
        return self.fixed_usd + (cycles - self.cycles) * self.per_cycle_usd

    def upfront_usd(self, horizon_months: float, cycles: int | None = None) -> float | None:
        """What is paid whatever the volume and without a change of knowledge: once, and storage over the horizon."""
        fixed = self.fixed_at(cycles)
        return None if fixed is None else fixed + self.storage_usd_per_month * horizon_months

    def standing_usd(
        self, horizon_months: float, refresh_days: float | None, cycles: int | None = None
    ) -> float | None:
        """Dollars a month whatever the volume: storage, one-off cost spread over the horizon, and refreshes.

        `refresh_days` None: the knowledge does not change. None where a part is not known.
        """
        fixed = self.fixed_at(cycles)
        refreshes = _refreshes(refresh_days)
        if fixed is None or (refreshes and self.refresh_usd is None):
            return None
        return self.storage_usd_per_month + fixed / horizon_months + (self.refresh_usd or 0.0) * refreshes

    def machines_usd(self, queries: float, *, batched: bool = False) -> float | None:
        """Dollars a month for the machines, or tokens, that answer so many queries."""
        line = self.line(0.0, batched=batched)
        return line.at(queries) if line else None

    def per_query_usd(self, queries: float, *, batched: bool = False) -> float | None:
        """Dollars a query, of the machines or tokens that answer, at so many a month."""
        usd = self.machines_usd(queries, batched=batched)
        return None if usd is None else usd / queries

    @property
    def _takes(self) -> tuple[float | None, Interval | None]:
        """What a query takes, seconds of a machine or dollars of tokens, with its interval; None: not known."""
        if isinstance(self.hosting, ByToken):
            return self.hosting.query_usd, self.hosting.query_ci_usd
        return (None, None) if self.hosting is None else (self.seconds, self.seconds_ci)

    def _ends(self, queries: float) -> Interval | None:
        """`machines_usd` at both ends of its interval; None without one."""
        mean, ends = self._takes
        return (
            None if mean is None or ends is None else (self._at(queries, ends[0]), self._at(queries, ends[1]))
        )

    def _at(self, queries: float, value: float) -> float:
        """Dollars a month where a query takes so many seconds, or costs so many dollars in tokens."""
        assert self.hosting is not None
        if isinstance(self.hosting, ByToken):
            return queries * value
        return self.hosting.monthly_usd(queries, value)

    def per_query_ci_usd(self, queries: float) -> Interval | None:
        """95 % interval of `per_query_usd`: the same at both ends of the time's, or the tokens'."""
        ends = self._ends(queries)
        return None if ends is None else (ends[0] / queries, ends[1] / queries)

    def monthly_usd(
        self, queries: float, horizon_months: float, refresh_days: float | None, *, batched: bool = False
    ) -> float | None:
        """Dollars a month in all: machines, and what stands whatever the volume. None where a part is not known."""
        machines = self.machines_usd(queries, batched=batched)
        standing = self.standing_usd(horizon_months, refresh_days)
        return None if machines is None or standing is None else machines + standing

    def people_monthly_usd(self, horizon_months: float, refresh_days: float | None) -> float:
        """The part of `monthly_usd` that is people's: taken from the price list, not measured."""
        return self.people_usd / horizon_months + self.people_refresh_usd * _refreshes(refresh_days)

    def monthly_ci_usd(
        self, queries: float, horizon_months: float, refresh_days: float | None
    ) -> Interval | None:
        """95 % interval of `monthly_usd`: seconds or tokens of a query count as uncertain, prices do not."""
        standing, ends = self.standing_usd(horizon_months, refresh_days), self._ends(queries)
        return None if standing is None or ends is None else (ends[0] + standing, ends[1] + standing)

    def cost_at(self, setting: Setting) -> MonthlyCost | None:
        """What it costs at a setting; None where a part is not known."""
        queries, months, refresh = setting.monthly_queries, setting.horizon_months, setting.refresh_days
        standing = self.standing_usd(months, refresh)
        mean, ends = self._takes
        if mean is None or standing is None:
            return None
        low, high = ends or (mean / FEW_TIMED, mean * FEW_TIMED)
        return MonthlyCost(
            self._at(queries, mean) + standing,
            self._at(queries, low) + standing,
            self._at(queries, high) + standing,
            self.people_monthly_usd(months, refresh),
            ends is not None,
        )

    def served(self, queries: float) -> Reason | None:
        """How it is served and what the machines cost, a clause: `with one m7i.large kept up all month ($73.63)`."""
        if isinstance(self.hosting, ByToken):
            return Reason(self.hosting.in_words(), {"query_usd": self.hosting.query_usd})
        if self.hosting is None or self.seconds is None:
            return None
        figures = {
            "machines_usd": self.hosting.monthly_usd(queries, self.seconds),
            "machines": self.hosting.machines(queries, self.seconds),
            "hours_a_month": self.hosting.hours,
            "utilisation": self.hosting.utilisation,
        }
        return Reason(self.hosting.in_words(queries, self.seconds), {**figures})


def _refreshes(refresh_days: float | None) -> float:
    """Changes of knowledge a month."""
    return 0.0 if refresh_days is None else DAYS_PER_MONTH / refresh_days


# Formulas


def fine_tune_cost(
    cycles: int,
    device_hours: float,
    usd_per_hour: float,
    engineer_hours: float,
    wage: float,
    once_usd: float = 0.0,
) -> float:
    """F = cycles · (device hours · $/h + engineer hours · wage) + once; hours are of one cycle.

    `once_usd`: labels · price, evaluation, and what else people do once.
    """
    per_cycle = device_hours * usd_per_hour + engineer_hours * wage
    return cycles * per_cycle + once_usd


def per_correct_usd(per_query: float | None, accuracy: float | None) -> float | None:
    """c / accuracy; None where nothing was right or either is not known."""
    return per_query / accuracy if per_query is not None and accuracy else None


def with_error_price(
    per_query: float | None, accuracy: float | None, error_price: float | None
) -> float | None:
    """c + (1 − accuracy)·H."""
    if per_query is None or accuracy is None or error_price is None:
        return None
    return per_query + (1 - accuracy) * error_price
