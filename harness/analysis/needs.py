"""Does a candidate meet what is required? Met, missed by how much, or not to be checked on this evidence."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.analysis.candidates import Candidate, Setting
from harness.analysis.latency import PERCENTILES
from harness.quantities import dollars, percent, seconds, three
from harness.spec.requirements import Requirements

MET, MISSED, UNKNOWN = "met", "missed", "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One requirement held against one candidate. `miss`: the distance as a share of the limit, 0 if met."""

    requirement: str
    status: str
    value: float | None
    limit: float
    detail: str
    miss: float = 0.0


Check = Callable[[Candidate, Requirements, Setting], Outcome | None]


def outcomes(candidate: Candidate, needs: Requirements, setting: Setting) -> tuple[Outcome, ...]:
    """Every requirement that was made, in a fixed order."""
    found = (check(candidate, needs, setting) for check in CHECKS)
    return tuple(outcome for outcome in found if outcome)


def _accuracy(candidate: Candidate, needs: Requirements, _: Setting) -> Outcome | None:
    least, share = needs.min_accuracy, candidate.accuracy
    if least is None:
        return None
    if share is None:
        return _unknown("min_accuracy", least, "nothing was answered")
    found = _held("min_accuracy", share, least, share >= least, percent)
    return dataclasses.replace(found, detail=found.detail + _reach(candidate, least, share >= least))


def _reach(candidate: Candidate, least: float, met: bool) -> str:
    """What the interval says against the mean: a limit inside it is met, or missed, by chance perhaps."""
    if candidate.interval is None:
        return ""
    low, high = candidate.interval
    if met:
        return f" (its interval reaches down to {percent(low)})" if low < least else ""
    return f" (its interval reaches up to {percent(high)})" if high >= least else ""


def _latency(candidate: Candidate, needs: Requirements, _: Setting) -> Outcome | None:
    """A percentile that n does not support is not known, unless a lower one is over the ceiling already."""
    most, name = needs.max_latency_s, needs.latency_percentile
    if most is None:
        return None
    value = candidate.latency.get(name)
    if value is not None:
        return _held("max_latency_s", value, most, value <= most, seconds, what=name)
    for lower in PERCENTILES:
        below = candidate.latency.get(lower)
        if lower == name:
            break
        if below is not None and below > most:
            return _held("max_latency_s", below, most, False, seconds, what=f"{lower} already")
    n, least = candidate.latency.get("n", 0), PERCENTILES[name][1]
    return _unknown("max_latency_s", most, f"{name} needs {least} timed questions, and {n} were timed")


def _budget(candidate: Candidate, needs: Requirements, setting: Setting) -> Outcome | None:
    most = needs.monthly_budget_usd
    if most is None:
        return None
    value = monthly_usd(candidate, setting)
    if value is None:
        return _unknown("monthly_budget_usd", most, f"its cost is not known: {unpriced(candidate)}")
    return _held("monthly_budget_usd", value, most, value <= most, dollars, what="a month")


def _memory(candidate: Candidate, needs: Requirements, _: Setting) -> Outcome | None:
    most, value = needs.max_memory_gb, candidate.memory_gb
    if most is None:
        return None
    if value is None:
        return _unknown("max_memory_gb", most, "the size of its weights is not recorded")
    return _held("max_memory_gb", value, most, value <= most, _gigabytes, what="by its weights and index")


def _citations(candidate: Candidate, needs: Requirements, _: Setting) -> Outcome | None:
    if not needs.citations:
        return None
    if candidate.cites:
        return Outcome("citations", MET, 1.0, 1.0, "its passages can be cited")
    return Outcome("citations", MISSED, 0.0, 1.0, "it has no passages to cite", miss=1.0)


def _update(candidate: Candidate, _: Requirements, setting: Setting) -> Outcome | None:
    """Knowledge that changes faster than a strategy can be brought up to date is never up to date."""
    days, value = setting.refresh_days, candidate.update_s
    if days is None or value is None:
        return None
    most = days * 86400
    return _held("refresh_days", value, most, value <= most, seconds, what="to take up a change")


CHECKS: tuple[Check, ...] = (_accuracy, _latency, _budget, _memory, _citations, _update)


def _held(
    requirement: str, value: float, limit: float, met: bool, word: Callable[[float], str], what: str = ""
) -> Outcome:
    shown = f"{word(value)}{' ' if what else ''}{what}"
    if met:
        return Outcome(requirement, MET, value, limit, f"{shown}, required {word(limit)}")
    miss = abs(value - limit) / limit if limit else abs(value - limit)
    detail = f"{shown}, required {word(limit)}: misses by {word(abs(value - limit))}"
    return Outcome(requirement, MISSED, value, limit, detail, miss=miss)


def _unknown(requirement: str, limit: float, why: str) -> Outcome:
    return Outcome(requirement, UNKNOWN, None, limit, f"cannot be checked: {why}")


def _gigabytes(value: float) -> str:
    return f"{three(value)} GB"


def monthly_usd(candidate: Candidate, setting: Setting) -> float | None:
    return candidate.economics.monthly_usd(
        setting.monthly_queries, setting.horizon_months, setting.refresh_days
    )


def unpriced(candidate: Candidate) -> str:
    """Why its monthly cost is not known."""
    return candidate.economics.reason or "a part of its cost was not measured"


def as_json(outcome: Outcome) -> Mapping[str, Any]:
    return {
        "requirement": outcome.requirement,
        "status": outcome.status,
        "value": outcome.value,
        "limit": outcome.limit,
        "detail": outcome.detail,
    }
