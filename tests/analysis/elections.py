"""Candidates made up so that the right choice is known beforehand."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.analysis.decision.candidates import ASSUMED_MONTHLY_QUERIES, Candidate, Setting
from harness.analysis.decision.choice import Rules
from harness.analysis.decision.pairs import Pairs
from harness.spec.requirements import Requirements


@dataclass(frozen=True)
class Money:
    """Economics in their simplest form: so much once, so much a query, so much at each change of knowledge."""

    per_query_usd: float | None = 0.001
    fixed_usd: float = 0.0
    refresh_usd: float = 0.0
    reason: str | None = None
    people_usd: float = 0.0

    def people_monthly_usd(self, horizon_months: float, refresh_days: float | None) -> float:
        return self.people_usd / horizon_months

    def monthly_usd(self, queries: float, horizon_months: float, refresh_days: float | None) -> float | None:
        if self.per_query_usd is None:
            return None
        refreshes = 0.0 if refresh_days is None else 365.25 / 12 / refresh_days
        return self.per_query_usd * queries + self.fixed_usd / horizon_months + self.refresh_usd * refreshes


def timed(p50: float | None = None, n: int = 20, **more: Any) -> dict[str, Any]:
    return {"n": n, "p50": p50, "p90": None, "p95": None, "p99": None, **more}


def candidate(strategy: str, right: Sequence[float], money: Money | None = None, **more: Any) -> Candidate:
    """A candidate that scored `right`, one number a question."""
    scores = {f"q{index:05}": float(score) for index, score in enumerate(right)}
    return Candidate(strategy, scores, money or Money(), more.pop("latency", timed(1.0)), **more)


def share(of: int, n: int, first: int = 0) -> list[float]:
    """n scores, `of` of them 1, from the `first` on."""
    return [1.0 if first <= index < first + of else 0.0 for index in range(n)]


def rules(
    candidates: Sequence[Candidate],
    needs: Requirements | None = None,
    clusters: Mapping[str, str] | None = None,
) -> Rules:
    return Rules(needs or Requirements(), Pairs(comparisons(candidates)), clusters or {})


def setting(needs: Requirements | None = None, **prices: Any) -> Setting:
    needs = needs or Requirements()
    return Setting(
        monthly_queries=needs.monthly_queries or ASSUMED_MONTHLY_QUERIES,
        horizon_months=needs.horizon_months,
        error_price_usd=needs.error_price_usd,
        refresh_days=needs.refresh_days,
        **prices,
    )


def comparisons(candidates: Sequence[Candidate]) -> list[dict[str, Any]]:
    """Every pair with a normal interval (a question added on either side, so that none has no width)."""
    rows = []
    for a, b in itertools.combinations(candidates, 2):
        differences = [b.scores[question] - a.scores[question] for question in a.scores]
        n = len(differences)
        delta = math.fsum(differences) / n
        variance = math.fsum((d - delta) ** 2 for d in [*differences, 1.0, -1.0]) / (n + 2)
        half = 1.96 * math.sqrt(variance / n)
        low, high = max(-1.0, delta - half), min(1.0, delta + half)
        p = 0.01 if low > 0 or high < 0 else 0.5
        rows.append(
            {"a": a.strategy, "b": b.strategy, "metric": "contains", "n": n, "delta": delta, "ci_low": low,
             "ci_high": high, "p": p, "p_adjusted": p}
        )  # fmt: skip
    return rows
