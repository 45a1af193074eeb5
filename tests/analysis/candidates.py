"""Candidates made up so that the right choice is known beforehand."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.analysis.decision.candidates import Candidate
from harness.analysis.decision.choice import Choice, Rules, choose
from harness.analysis.decision.pairs import Pairs
from harness.analysis.decision.requirements.table import Requirements
from harness.analysis.money.economics import Economics
from harness.analysis.results.checks import Check, FigureKind, Status
from harness.analysis.results.comparison import Comparison
from harness.analysis.results.figures import Estimate, Interval, Percentiles, Throughput, Tokens
from harness.analysis.results.hosting import Hosting
from harness.analysis.results.money import Components
from harness.analysis.results.run import SystemFigures
from harness.analysis.results.setting import ASSUMED_MONTHLY_QUERIES, Setting
from harness.analysis.statistics.paired import holm_levels
from harness.spec.settings import Examples, Finetune, Retrieval
from harness.spec.strategy import STRATEGIES, TaskSettings, system_of
from harness.spec.system import ModelRef
from harness.spec.tariff import Tariff

DOLLAR_A_SECOND = Hosting(tariff=Tariff.SHARED, machine="box", usd_per_hour=3600.0)


def Money(  # noqa: N802 - it was a class, and reads as one
    per_query_usd: float | None = 0.001,
    fixed_usd: float = 0.0,
    refresh_usd: float | None = 0.0,
    reason: str | None = None,
    people_usd: float = 0.0,
    timed: int = 0,
    per_query_ci_usd: Interval | None = None,
    margin_usd: float = 0.0,
) -> Economics:
    """Economics in their simplest form: so much once, so much a query, so much at each change of knowledge.

    Seconds are dollars. Without an interval of their own, they are exact, unless `timed` says of how few they are.
    `margin_usd`: what they leave open of a month at the assumed volume.
    """
    off = margin_usd / ASSUMED_MONTHLY_QUERIES
    exact = None if per_query_usd is None or timed else (per_query_usd - off, per_query_usd + off)
    return Economics(
        strategy="", hosting=DOLLAR_A_SECOND, seconds=per_query_usd, batched_s=None, fixed_usd=fixed_usd,
        refresh_usd=refresh_usd, storage_usd_per_month=0.0, reason=reason, components=Components(),
        people_usd=people_usd, timed=timed, seconds_ci=per_query_ci_usd or exact,
    )  # fmt: skip


def timed(p50: float | None = None, n: int = 20, **more: Any) -> Percentiles:
    return Percentiles(**{"n": n, "p50": p50, "p90": None, "p95": None, "p99": None, "ci": {}, **more})


def candidate(name: str, right: Sequence[float], money: Economics | None = None, **more: Any) -> Candidate:
    """A candidate that scored `right`, one number a question."""
    scores = {f"q{index:05}": float(score) for index, score in enumerate(right)}
    return Candidate(name, scores, money or Money(), more.pop("latency", timed(1.0)), **more)


def share(of: int, n: int, first: int = 0) -> list[float]:
    """n scores, `of` of them 1, from the `first` on."""
    return [1.0 if first <= index < first + of else 0.0 for index in range(n)]


def rules(
    candidates: Sequence[Candidate],
    needs: Requirements | None = None,
    clusters: Mapping[str, str] | None = None,
    least_error_usd: float = 1.0,
) -> Rules:
    """A wrong answer costs a dollar at least, so that small differences in cost set no condition."""
    return Rules(needs or Requirements(), Pairs(comparisons(candidates)), clusters or {}, least_error_usd)


def setting(needs: Requirements | None = None, **prices: Any) -> Setting:
    needs = needs or Requirements()
    return Setting(
        tariff=Tariff.SHARED,
        monthly_queries=needs.monthly_queries or ASSUMED_MONTHLY_QUERIES,
        horizon_months=needs.horizon_months,
        error_price_usd=needs.error_price_usd,
        refresh_days=needs.refresh_days,
        **prices,
    )


def comparisons(candidates: Sequence[Candidate]) -> list[Comparison]:
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
        rows.append(comparison(a.name, b.name, delta, (low, high), p, n))
    levels = holm_levels([row.p for row in rows])
    return [replace(row, level=level) for row, level in zip(rows, levels, strict=True)]


def failed(system: str, why: str, check: str = "check") -> Check:
    """A check that a system failed."""
    named = (check, check, Status.FAIL, f"{system}: {why}.", FigureKind.SHARE)
    return Check(*named, 0.0, 0.5, (system,), {f"{system}: share": 0.0}, why)


def comparison(
    a: str,
    b: str,
    delta: float | None,
    ends: Interval | None,
    p: float | None = 0.01,
    n: int = 100,
    **more: Any,
) -> Comparison:
    """b − a; `ends`: its interval."""
    low, high = ends or (None, None)
    about: dict[str, Any] = {"p_adjusted": p, "metric": "contains", "verdict": "", "reason": None, **more}
    return Comparison(
        a=a, b=b, n=n, delta=delta, ci_low=low, ci_high=high, p=p, mde=None, mde_adjusted=None, discordant=0,
        a_higher=0, b_higher=0, clusters=n, **about,
    )  # fmt: skip


TASK = TaskSettings("facts", Retrieval(), Examples(), Finetune(), "embedder")


def figures(
    name: str, mean: float | None = None, n: int = 100, half: float | None = None, **more: Any
) -> SystemFigures:
    """A system of the strategy table with an accuracy; `half`: of its interval's width."""
    nothing = timed(n=0)
    ends = (None, None) if mean is None or half is None else (mean - half, mean + half)
    about: dict[str, Any] = {
        "system": system_of(STRATEGIES[name], ModelRef("tiny"), TASK), "accuracy": Estimate(mean, *ends, n),
        "metrics": {}, "aggregates": {}, "groups": {}, "seeds": None, "n_answered": n, "latency_s": nothing,
        "ttft_s": nothing, "retrieve_s": nothing, "tpot_s": nothing, "unmerged": None, "tokens": Tokens(None, None),
        "tokens_per_s": Throughput(None, None, None, 0, 0, 0), "retrieval": None, "adapter": None, "truncated": 0,
        "dropped_passages": 0, "finish_length_share": 0.0, "empty_share": 0.0, "cached_share": 0.0,
    }  # fmt: skip
    return SystemFigures(**{**about, **more})


def chosen(candidates: list[Candidate], **needs: Any) -> Choice:
    wanted = Requirements(**needs)
    return choose(candidates, rules(candidates, wanted), setting(wanted))
