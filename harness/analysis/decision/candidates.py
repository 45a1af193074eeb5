"""A system that can be chosen: what it scored, what it costs, how long it takes, what it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from harness.analysis.results.decision import Setting
from harness.analysis.results.figures import Interval, Percentiles
from harness.analysis.statistics.intervals import mean


class Costed(Protocol):
    """What the decision asks of a system's economics."""

    @property
    def reason(self) -> str | None:
        """Why a cost is not known."""

    @property
    def per_query_usd(self) -> float | None:
        """One request at a time."""

    @property
    def per_query_ci_usd(self) -> Interval | None:
        """Its interval; None where too few questions were timed."""

    @property
    def timed(self) -> int:
        """The timed questions that `per_query_usd` rests on."""

    def monthly_usd(self, queries: float, horizon_months: float, refresh_days: float | None) -> float | None:
        """Dollars a month, one-off costs spread over the horizon; None where a part is not known."""

    def people_monthly_usd(self, horizon_months: float, refresh_days: float | None) -> float:
        """The part of it that is people's: taken from the price list, not measured."""


@dataclass(frozen=True)
class Candidate:
    """One system of one task that one could deploy; controls are none.

    `scores`: question id → primary metric, averaged over seeds, in [0, 1]. `memory_gb`: what weights and index take,
    `memory_most_gb`: the peak of the whole run (None: not known). `update_s`: device seconds from changed documents
    to a system that knows them, `update_people_s`: seconds of an engineer's work beside them. `interval`: of the
    accuracy.
    """

    name: str
    scores: Mapping[str, float]
    economics: Costed
    latency: Percentiles
    memory_gb: float | None = None
    memory_most_gb: float | None = None
    cites: bool = False
    update_s: float | None = None
    update_people_s: float | None = None
    interval: Interval | None = None

    @cached_property
    def accuracy(self) -> float | None:
        """Mean score; None where nothing was answered."""
        return mean(self.scores.values())

    def monthly_usd(self, setting: Setting) -> float | None:
        return self.economics.monthly_usd(
            setting.monthly_queries, setting.horizon_months, setting.refresh_days
        )

    @property
    def cost_reason(self) -> str:
        """Why its monthly cost is not known."""
        return self.economics.reason or "a part of its cost was not measured"


CandidatesAt = Callable[[Setting], Sequence[Candidate]]
"""The candidates of a task as they are priced at a setting."""
