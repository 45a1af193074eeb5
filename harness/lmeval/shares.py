"""Which metrics of an lm-eval task can stand as accuracy: means over documents of scores that are shares.

Nothing is believed of a name. An aggregation is asked for the means of known numbers, and the task's own code scores
right and wrong answers to a few documents, before a model loads.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.errors import InputError, shown
from harness.lmeval.library import offline
from harness.lmeval.opened import Opened

Aggregation = Callable[[list[Any]], Any]

TRIED = 5
"""Documents whose right answers are scored at first, and"""
TRIED_FOR_ALL = 20
"""how many where a metric of the task was given for none of these."""
PERCENT = 100.0
_PROBES = ((1.0, 0.0, 0.0), (0.25, 0.5, 1.0, 0.125), (0.0, 1.0, 1.0, 0.0, 1.0), (1.0,))
"""Scores whose mean no median, sum, extreme or rank statistic gives; their means differ by more than ROUNDED."""
_ROUNDED = 0.006
"""How far an aggregate may be from the mean: own functions round to two places."""
_LIKELY, _UNLIKELY, _ALONE = (-1.0, True), (-9.0, False), (-5.0, False)
"""A log-likelihood, and whether greedy decoding writes it: of what is picked, of what is not, of an option alone."""


@dataclass(frozen=True)
class MetricShares:
    """The task's metrics, as METRIC or METRIC,FILTER: those that can stand as accuracy, and why others cannot."""

    scales: dict[str, float] = field(default_factory=dict)
    """Of each that can: what its highest score is, 1 or 100; in the task's order."""
    reasons: dict[str, str] = field(default_factory=dict)
    """Of each that cannot: why, a clause."""

    @property
    def shares(self) -> tuple[str, ...]:
        return tuple(self.scales)


def metric_shares(opened: Opened) -> MetricShares:
    """As far as it can be known without a model. The scales that the task file gives are believed."""
    means = {name for name, how in opened.task.aggregation().items() if is_mean(how)}
    better, trials = opened.task.higher_is_better(), _tried(opened)
    shares = MetricShares()
    for filter_ in opened.filters:
        for metric in dict.fromkeys((*opened.task.aggregation(), *_given(trials, opened, filter_))):
            name = opened.metric(metric, filter_)
            declared = opened.spec.scales.get(name)
            if metric in opened.task.aggregation() and metric not in means:
                shares.reasons[name] = "no mean over documents"
            elif better.get(metric) is False:
                shares.reasons[name] = "better when it is less"
            else:
                scale = declared or _scale(name, trials, nan=skips_nan(opened, name))
                if isinstance(scale, str):
                    shares.reasons[name] = scale
                else:
                    shares.scales[name] = scale
    return shares


def is_mean(how: Aggregation) -> bool:
    """Whether an aggregation is the mean in effect, or the mean times a constant. What fails on scores is none."""
    from lm_eval.api import metrics
    from lm_eval.api.registry import aggregation_registry

    if how in (metrics.mean, metrics.nanmean):
        return True
    if any(how is known for _, known in aggregation_registry.items()):
        return False
    values = [_aggregated(how, probe) for probe in _PROBES]
    return any(
        all(
            value is not None and abs(value / factor - sum(probe) / len(probe)) < _ROUNDED
            for value, probe in zip(values, _PROBES, strict=True)
        )
        for factor in (1.0, PERCENT, 1 / PERCENT)
    )


def skips_nan(opened: Opened, name: str) -> bool:
    """Whether the mean of a metric, given as METRIC or METRIC,FILTER, is over the documents that have a score."""
    named = {
        opened.metric(metric, filter_): how
        for metric, how in opened.task.aggregation().items()
        for filter_ in opened.filters
    }
    value = _aggregated(named[name], (1.0, math.nan, 0.0)) if name in named else None
    return value is not None and abs(value - 0.5) < _ROUNDED


def _aggregated(how: Aggregation, scores: Sequence[float]) -> float | None:
    try:
        with offline():
            return float(how(list(scores)))
    except (Exception, SystemExit):  # noqa: BLE001 - the author's code may raise anything, and is then no mean
        return None


# Right and wrong answers, scored by the task's own code


@dataclass(frozen=True)
class _Trial:
    document: int
    right: dict[str, Any]
    wrong: dict[str, Any]


def _tried(opened: Opened) -> list[_Trial]:
    trials = [*_trials(opened, range(min(TRIED, len(opened.test))))]
    given = {name for trial in trials for name in trial.right}
    names = {opened.metric(name, filter_) for name in opened.task.aggregation() for filter_ in opened.filters}
    if given and not names <= given:
        step = max(1, len(opened.test) // TRIED_FOR_ALL)
        trials += _trials(opened, range(TRIED, len(opened.test), step))
    return trials


def _trials(opened: Opened, places: Sequence[int]) -> Iterator[_Trial]:
    """One trial per document that can be scored so; the task may want what no made-up answer has."""
    for place in places:
        with contextlib.suppress(Exception):  # the author's code may raise anything; a run says what
            right, wrong = (
                opened.results(str(place), made_up(opened, place, right=right)) for right in (True, False)
            )
            yield _Trial(place, right, wrong)


def made_up(opened: Opened, place: int, *, right: bool) -> list[Any]:
    """The responses of a model that knows the answer to a test document, or of one that does not."""
    doc = opened.test[place]
    if opened.written:
        return [opened.answers(doc)[0] if right else "none of these"]
    if opened.rolling:
        return [-100.0 if right else -900.0]
    if opened.kind == "loglikelihood":
        return [_LIKELY if right else _UNLIKELY]
    gold, options = opened.gold(doc), opened.task.doc_to_choice(doc)
    scored = [_LIKELY if (option in gold) is right else _UNLIKELY for option in range(len(options))]
    return scored + [_ALONE] * (len(options) if opened.mutual else 0)


def _given(trials: Sequence[_Trial], opened: Opened, filter_: str) -> Iterator[str]:
    """The metrics that scores come with beside those that are listed; lm-eval takes their means."""
    end = "" if filter_ == "none" else f",{filter_}"
    others = [name for name in opened.filters if name not in (filter_, "none")]
    for name in (name for trial in trials for name in trial.right):
        if name.endswith(end) and not any(name.endswith(f",{other}") for other in others):
            yield name.removesuffix(end)


def _scale(name: str, trials: Sequence[_Trial], *, nan: bool) -> float | str:
    """What the highest score is, or why the scores are no shares, a clause."""
    if not trials:
        return 1.0
    rows = [(trial, row) for trial in trials for row in (trial.right, trial.wrong) if name in row]
    if not rows:
        return f"not among what is scored in any of {len(trials)} documents"
    for trial, row in rows:
        value = row[name]
        if not (value is None and nan) and not is_number(value):
            return f"no number (it gives {shown(value)} for document {trial.document})"
    right = [trial.right[name] for trial in trials if trial.right.get(name) is not None]
    every = [row[name] for _, row in rows if row[name] is not None]
    top = max(right, default=0.0)
    scale = PERCENT if math.isclose(top, PERCENT, rel_tol=1e-4) else 1.0
    strange = next((value for value in every if not is_share(value, scale)), None)
    if strange is not None and strange < 0:
        return f"below 0 for some answers (it gives {shown(strange)})"
    if strange is not None:
        return (
            f"on no scale from 0 to 1 or to 100 that can be told (it gives {shown(strange)}; say its highest score "
            f"under scales:)"
        )
    return scale


def is_number(value: Any) -> bool:
    return isinstance(value, bool | int | float)


def is_share(value: Any, scale: float) -> bool:
    """Whether a score lies on the scale; sums of floats may end a hair above it."""
    return is_number(value) and -1e-9 <= value <= scale * (1 + 1e-6)


def check_share(value: Any, scale: float, name: str, document: str, task: str) -> None:
    """Raises InputError where a score is no share."""
    if not is_share(value, scale):
        raise InputError(
            f"task {task!r}: its metric {name!r} gave {shown(value)} for document {document}, and only a number from "
            f"0 to {scale:g} can stand as accuracy; name others under `metrics:`, or the highest score under `scales:`."
        )
