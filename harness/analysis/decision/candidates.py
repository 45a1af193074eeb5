"""Who stands for election: a strategy with what it scored, what it costs, how long it takes, what it needs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from harness.analysis.statistics.intervals import mean

ASSUMED_MONTHLY_QUERIES = 10_000
"""Where nobody says a volume: the middle one of those for which tables show totals."""


class Costed(Protocol):
    """What the decision asks of a strategy's economics."""

    @property
    def reason(self) -> str | None:
        """Why a cost is not known."""

    def monthly_usd(self, queries: float, horizon_months: float, refresh_days: float | None) -> float | None:
        """Dollars a month, one-off costs spread over the horizon; None where a part is not known."""

    def people_monthly_usd(self, horizon_months: float, refresh_days: float | None) -> float:
        """The part of it that is people's: taken from the price sheet, not measured."""


@dataclass(frozen=True, slots=True)
class Setting:
    """The point at which strategies are valued. The last three are None where the run has no price."""

    monthly_queries: float = ASSUMED_MONTHLY_QUERIES
    horizon_months: float = 12.0
    error_price_usd: float | None = None
    refresh_days: float | None = None
    """None: the knowledge does not change."""
    usd_per_hour: float | None = None
    utilisation: float | None = None
    cycles: int | None = None

    def with_value(self, field: str, value: float | None) -> Setting:
        changed: dict[str, Any] = {field: value}
        return dataclasses.replace(self, **changed)


@dataclass(frozen=True)
class Candidate:
    """One strategy of one task that one could deploy; controls are none.

    `scores`: question id → primary metric, averaged over seeds, in [0, 1].

    `latency` is the block of results.json. `memory_gb`: what weights and index take, `memory_most_gb`: the peak
    of the whole run (None: not known). `update_s`: device seconds from changed documents to a strategy that
    knows them, `update_people_s`: seconds of an engineer's work beside them.
    """

    strategy: str
    scores: Mapping[str, float]
    economics: Costed
    latency: Mapping[str, Any]
    memory_gb: float | None = None
    memory_most_gb: float | None = None
    cites: bool = False
    update_s: float | None = None
    update_people_s: float | None = None
    interval: tuple[float, float] | None = None
    """95 % interval of the accuracy."""

    @cached_property
    def accuracy(self) -> float | None:
        """Mean score; None where nothing was answered."""
        return mean(self.scores.values())


CandidatesAt = Callable[[Setting], Sequence[Candidate]]
"""The candidates of a task as they are priced at a setting."""
