"""A system that can be chosen: what it scored, what it costs, how long it takes, what it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from harness.analysis.money.economics import Economics
from harness.analysis.results.decision import Setting
from harness.analysis.results.figures import Interval, Percentiles
from harness.analysis.statistics.intervals import mean


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
    economics: Economics
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
