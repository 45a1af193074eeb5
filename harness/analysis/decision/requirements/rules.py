"""Does a candidate meet a limit? Met, missed by how much, or not to be checked on this evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.analysis.results.requirements import Met, Outcome
from harness.quantities import dollars, gigabytes, percent, seconds, share, whole
from harness.steps import Step

if TYPE_CHECKING:
    from harness.analysis.decision.candidates import Candidate
    from harness.analysis.decision.requirements.table import Requirements
    from harness.analysis.results.figures import Interval
    from harness.analysis.results.setting import Setting

MEASURE_MEMORY = Step(
    "Compare this model alone and on the processor: the peak of such a run is kept", "--device cpu"
)
SHOW_PASSAGES = Step("Compare strategies that show passages", "--strategies rag,lora+rag")
ASK_FOR_CITATIONS = Step("Ask for citations, in the task file", 'answer: {citations: "[{n}]"}')
NAME_GOLD = Step("Name in the test questions the documents that hold the answers (gold_docs)")
AT_HOME = Step("Compare a model on a machine of your own", "--model NAME")
TRAIN_HERE = Step("Compare a fine-tune that is trained here", "--strategies lora")

FARTHEST = 1e9
"""Times the limit that a miss is counted for at most: a limit may be next to nothing."""


def accuracy(candidate: Candidate, needs: Requirements, setting: Setting) -> Outcome | None:
    """By the mean; where the interval speaks against it, the clause says so."""
    least, right = needs.min_accuracy, candidate.accuracy_at(setting)
    if least is None:
        return None
    if right is None:
        return _unknown("min_accuracy", "nothing was answered", required=least)
    return _at_least("min_accuracy", right, least, candidate.interval)


def latency(candidate: Candidate, needs: Requirements, _: Setting) -> Outcome | None:
    """A percentile that n does not support is not known, unless a lower one is over the limit already.

    Where the percentile's own interval speaks against it, the clause says so.
    """
    most, name = needs.max_latency_s, needs.latency_percentile
    if most is None:
        return None
    value = candidate.latency.at(name)
    if value is not None:
        return _timed(candidate, name, value, most, f"at the {name}")
    from harness.analysis.latency import PERCENTILES

    for lower in PERCENTILES:
        below = candidate.latency.at(lower)
        if lower == name:
            break
        if below is not None and below > most:
            return _timed(candidate, lower, below, most, f"at the {lower} already")
    n, least = candidate.latency.n, PERCENTILES[name][1]
    why = f"the {name} needs {least} timed questions, and {n} were timed"
    remedy = Step(
        f"Time {whole(least)} answers of each strategy", f"--latency-queries {least}", {"timed_needed": least}
    )
    return _unknown("max_latency_s", why, remedy, required=most, timed=n, timed_needed=least)


def _timed(candidate: Candidate, percentile: str, value: float, most: float, what: str) -> Outcome:
    outcome = _compared("max_latency_s", value, most, value <= most, seconds, what)
    low, high = candidate.latency.ci.get(percentile) or (None, None)
    reaches_down = low is not None and low <= most < value
    reaches_up = high is not None and value <= most < high
    return _unsure(outcome, seconds, low if reaches_down else None, high if reaches_up else None)


def budget(candidate: Candidate, needs: Requirements, setting: Setting) -> Outcome | None:
    most = needs.monthly_budget_usd
    if most is None:
        return None
    value = candidate.monthly_usd(setting)
    if value is None:
        why = f"its cost is not known: {candidate.cost_reason}"
        return _unknown("monthly_budget_usd", why, candidate.economics.remedy, required=most)
    return _compared("monthly_budget_usd", value, most, value <= most, dollars, "a month")


def memory(candidate: Candidate, needs: Requirements, _: Setting) -> Outcome | None:
    """Between what weights and index take at least and what the whole run took at most, nothing is known."""
    limit, least, most = needs.max_memory_gb, candidate.memory_gb, candidate.memory_most_gb
    if limit is None:
        return None
    if candidate.weights_elsewhere:
        return Outcome(
            "max_memory_gb", Met.MET, "a service holds its weights, so they take no memory of yours"
        )
    if least is not None and least > limit:
        return _compared("max_memory_gb", least, limit, False, gigabytes, "for weights and index alone")
    if most is not None and most <= limit:
        return _compared("max_memory_gb", most, limit, True, gigabytes, "at the peak of the whole run")
    if least is None:
        return _unknown(
            "max_memory_gb", "the size of its weights is not recorded", MEASURE_MEMORY, required=limit
        )
    why = f"weights and index take {gigabytes(least)}, and what answering needs beside them was not measured"
    return _unknown("max_memory_gb", why, MEASURE_MEMORY, required=limit, weights=least)


def citations(candidate: Candidate, needs: Requirements, _: Setting) -> Outcome | None:
    if not needs.citations:
        return None
    if candidate.cites:
        return Outcome("citations", Met.MET, "its passages can be cited")
    return Outcome("citations", Met.MISSED, "it has no passages to cite", miss=1.0, remedy=SHOW_PASSAGES)


def right_citations(candidate: Candidate, needs: Requirements, _: Setting) -> Outcome | None:
    """By what was measured; where the interval speaks against it, the clause says so."""
    least, measured = needs.min_citations, candidate.cited
    if least is None:
        return None
    if not candidate.cites:
        why, required = "it has no passages to cite", {"required": least}
        return Outcome("min_citations", Met.MISSED, why, required, miss=1.0, remedy=SHOW_PASSAGES)
    if measured is None or measured.mean is None:
        why, remedy = "no citation was asked for", ASK_FOR_CITATIONS
        if measured is not None:
            why, remedy = "no question that names gold documents was answered", NAME_GOLD
        return _unknown("min_citations", why, remedy, required=least)
    return _at_least("min_citations", measured.mean, least, measured.interval)


def in_house(candidate: Candidate, needs: Requirements, _: Setting) -> Outcome | None:
    """What answers on a machine of one's own meets it; a service, or a server elsewhere, misses it.

    Projections on hosted models are no candidates; each says for itself that it misses this.
    """
    if not needs.in_house:
        return None
    if candidate.leaves:
        return Outcome("in_house", Met.MISSED, candidate.leaves, miss=1.0, remedy=AT_HOME)
    return Outcome("in_house", Met.MET, "it answered on a machine of your own, and nothing left it")


def update(candidate: Candidate, _: Requirements, setting: Setting) -> Outcome | None:
    """Knowledge that changes faster than a system can be brought up to date is never up to date.

    An engineer's hours are counted as if none were spent asleep, so what misses is too slow at any rate.
    """
    limit, device, people = setting.refresh_days, candidate.update_s, candidate.update_people_s
    if limit is None:
        return None
    if candidate.update_unknown:
        why = "its adapter is made elsewhere, and nobody said how long that takes"
        return _unknown("refresh_days", why, TRAIN_HERE, required=limit * 86400)
    if device is None and people is None:
        return None
    value, most = (device or 0.0) + (people or 0.0), limit * 86400
    what = "to take up a change"
    if people:
        what = f"{what}, {seconds(people)} of them an engineer's"
    outcome = _compared("refresh_days", value, most, value <= most, seconds, what)
    return replace(outcome, figures={**outcome.figures, "people": people}) if people else outcome


def _compared(
    requirement: str,
    value: float,
    limit: float,
    met: bool,
    write: Callable[[float], str],
    what: str = "",
    gap: Callable[[float], str] | None = None,
) -> Outcome:
    """Hold a value against its limit. `write` writes both, and what is missing too, unless `gap` does."""
    detail = f"{write(value)}{' ' if what else ''}{what}, required {write(limit)}"
    figures = {"value": value, "required": limit}
    if met:
        return Outcome(requirement, Met.MET, detail, figures)
    missing = abs(value - limit)
    figures["missed_by"] = missing
    miss = min(missing / limit, FARTHEST) if limit else missing
    detail += f": missed by {(gap or write)(missing)}"
    return Outcome(requirement, Met.MISSED, detail, figures, miss)


def _at_least(requirement: str, value: float, least: float, interval: Interval | None) -> Outcome:
    """Hold a share, with its interval, against the least one."""
    outcome = _compared(requirement, value, least, value >= least, percent, gap=share)
    if interval is None:
        return outcome
    low, high = interval
    ends = (low if value >= least > low else None, high if value < least <= high else None)
    return _unsure(outcome, percent, *ends)


def _unsure(
    outcome: Outcome, write: Callable[[float], str], low: float | None, high: float | None
) -> Outcome:
    """With the end of the value's interval that lies beyond the limit, where one does."""
    for way, name, end in (("down", "interval_low", low), ("up", "interval_high", high)):
        if end is not None:
            detail = f"{outcome.detail} (its interval reaches {way} to {write(end)})"
            return replace(outcome, detail=detail, figures={**outcome.figures, name: end})
    return outcome


def _unknown(requirement: str, why: str, remedy: Step | None = None, **figures: float) -> Outcome:
    return Outcome(requirement, Met.UNKNOWN, f"cannot be checked: {why}", figures, remedy=remedy)
