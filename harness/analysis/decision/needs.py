"""Does a candidate meet what is required? Met, missed by how much, or not to be checked on this evidence."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from harness.analysis.decision.candidates import Candidate
from harness.analysis.latency import PERCENTILES
from harness.analysis.results.decision import Met, Outcome, Setting
from harness.quantities import dollars, gigabytes, percent, seconds, share
from harness.spec.requirements import Requirements

INTERVAL = frozenset({"interval_low", "interval_high"})
"""Figures of an outcome whose value has an interval that reaches across the limit."""
FARTHEST = 1e9
"""Times the limit that a miss is counted for at most: a limit may be next to nothing."""


Check = Callable[[Candidate, Requirements, Setting], Outcome | None]


def outcomes(candidate: Candidate, needs: Requirements, setting: Setting) -> tuple[Outcome, ...]:
    """Every requirement that was made, in a fixed order."""
    found = (check(candidate, needs, setting) for check in CHECKS)
    return tuple(outcome for outcome in found if outcome)


def _accuracy(candidate: Candidate, needs: Requirements, _: Setting) -> Outcome | None:
    """By the mean; where the interval speaks against it, the clause says so."""
    least, right = needs.min_accuracy, candidate.accuracy
    if least is None:
        return None
    if right is None:
        return _unknown("min_accuracy", "nothing was answered", required=least)
    found = _held("min_accuracy", right, least, right >= least, percent, gap=share)
    if candidate.interval is None:
        return found
    low, high = candidate.interval
    return _unsure(
        found, percent, low if right >= least > low else None, high if right < least <= high else None
    )


def _latency(candidate: Candidate, needs: Requirements, _: Setting) -> Outcome | None:
    """A percentile that n does not support is not known, unless a lower one is over the ceiling already.

    Where the percentile's own interval speaks against it, the clause says so.
    """
    most, name = needs.max_latency_s, needs.latency_percentile
    if most is None:
        return None
    value = candidate.latency.at(name)
    if value is not None:
        return _timed(candidate, name, value, most, f"at the {name}")
    for lower in PERCENTILES:
        below = candidate.latency.at(lower)
        if lower == name:
            break
        if below is not None and below > most:
            return _timed(candidate, lower, below, most, f"at the {lower} already")
    n, least = candidate.latency.n, PERCENTILES[name][1]
    why = f"the {name} needs {least} timed questions, and {n} were timed"
    return _unknown("max_latency_s", why, required=most, timed=n, timed_needed=least)


def _timed(candidate: Candidate, percentile: str, value: float, most: float, what: str) -> Outcome:
    found = _held("max_latency_s", value, most, value <= most, seconds, what)
    low, high = candidate.latency.ci.get(percentile) or (None, None)
    reaches_down = low is not None and low <= most < value
    reaches_up = high is not None and value <= most < high
    return _unsure(found, seconds, low if reaches_down else None, high if reaches_up else None)


def _budget(candidate: Candidate, needs: Requirements, setting: Setting) -> Outcome | None:
    most = needs.monthly_budget_usd
    if most is None:
        return None
    value = candidate.monthly_usd(setting)
    if value is None:
        return _unknown(
            "monthly_budget_usd", f"its cost is not known: {candidate.cost_reason}", required=most
        )
    return _held("monthly_budget_usd", value, most, value <= most, dollars, "a month")


def _memory(candidate: Candidate, needs: Requirements, _: Setting) -> Outcome | None:
    """Between what weights and index take at least and what the whole run took at most, nothing is known."""
    limit, least, most = needs.max_memory_gb, candidate.memory_gb, candidate.memory_most_gb
    if limit is None:
        return None
    if least is not None and least > limit:
        return _held("max_memory_gb", least, limit, False, gigabytes, "for weights and index alone")
    if most is not None and most <= limit:
        return _held("max_memory_gb", most, limit, True, gigabytes, "at the peak of the whole run")
    if least is None:
        return _unknown("max_memory_gb", "the size of its weights is not recorded", required=limit)
    why = f"weights and index take {gigabytes(least)}, and what answering needs beside them was not measured"
    return _unknown("max_memory_gb", why, required=limit, weights=least)


def _citations(candidate: Candidate, needs: Requirements, _: Setting) -> Outcome | None:
    if not needs.citations:
        return None
    if candidate.cites:
        return Outcome("citations", Met.MET, "its passages can be cited")
    return Outcome("citations", Met.MISSED, "it has no passages to cite", miss=1.0)


def _in_house(_: Candidate, needs: Requirements, __: Setting) -> Outcome | None:
    """Whoever stands for election answered on the machine that was measured.

    Hosted models are projections, which never stand; each says for itself that it misses this (`projection.py`).
    """
    if not needs.in_house:
        return None
    return Outcome("in_house", Met.MET, "it answered on a machine of your own, and nothing left it")


def _update(candidate: Candidate, _: Requirements, setting: Setting) -> Outcome | None:
    """Knowledge that changes faster than a strategy can be brought up to date is never up to date.

    An engineer's hours are counted as if none were spent asleep, so what misses is too slow at any rate.
    """
    days, device, people = setting.refresh_days, candidate.update_s, candidate.update_people_s
    if days is None or (device is None and people is None):
        return None
    value, most = (device or 0.0) + (people or 0.0), days * 86400
    what = (
        f"to take up a change, {seconds(people)} of them an engineer's" if people else "to take up a change"
    )
    found = _held("refresh_days", value, most, value <= most, seconds, what)
    return dataclasses.replace(found, figures={**found.figures, "people": people}) if people else found


CHECKS: tuple[Check, ...] = (_accuracy, _latency, _budget, _memory, _citations, _in_house, _update)


def _held(
    requirement: str,
    value: float,
    limit: float,
    met: bool,
    word: Callable[[float], str],
    what: str = "",
    gap: Callable[[float], str] | None = None,
) -> Outcome:
    """Hold a value against its limit. `word` writes both, and what is missing too, unless `gap` does."""
    detail = f"{word(value)}{' ' if what else ''}{what}, required {word(limit)}"
    figures = {"value": value, "required": limit}
    if met:
        return Outcome(requirement, Met.MET, detail, figures)
    missing = abs(value - limit)
    figures["missed_by"] = missing
    told = f"{detail}: missed by {(gap or word)(missing)}"
    miss = min(missing / limit, FARTHEST) if limit else missing
    return Outcome(requirement, Met.MISSED, told, figures, miss=miss)


def _unsure(found: Outcome, word: Callable[[float], str], low: float | None, high: float | None) -> Outcome:
    """With the end of the value's interval that lies beyond the limit, where one does."""
    for way, name, end in (("down", "interval_low", low), ("up", "interval_high", high)):
        if end is not None:
            detail = f"{found.detail} (its interval reaches {way} to {word(end)})"
            return dataclasses.replace(found, detail=detail, figures={**found.figures, name: end})
    return found


def _unknown(requirement: str, why: str, **figures: float) -> Outcome:
    return Outcome(requirement, Met.UNKNOWN, f"cannot be checked: {why}", figures)
