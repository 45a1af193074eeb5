"""Where a figure changed from one run to the next that can be compared with it (docs/method.md, "History")."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.analysis.history.causes import ACCURACY, COST, LATENCY, causes
from harness.analysis.history.figures import Figures, Interval
from harness.analysis.history.reading import Run
from harness.analysis.history.scores import Source
from harness.analysis.regression import changes as manifests
from harness.analysis.statistics import paired
from harness.analysis.statistics.clusters import Design
from harness.analysis.statistics.power import ALPHA
from harness.scoring.table import is_graded

LATENCY_MARGIN = 1.25
"""Times by which two intervals of a latency ratio must lie apart."""
COST_MARGIN = 0.01
"""Share by which tokens and prices must move a cost."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """Two neighbours in a series: runs that asked the same of the same strategy."""

    task: str
    strategy: str
    series: str
    before: Run
    after: Run

    @property
    def figures(self) -> tuple[Figures, Figures]:
        old, new = (run.tasks[self.task].strategies[self.strategy] for run in (self.before, self.after))
        return old, new

    @property
    def metric(self) -> str | None:
        return self.after.tasks[self.task].metric


@dataclass(frozen=True, slots=True)
class Moved:
    """A part of a cost that is known without measuring time: tokens, or a price."""

    name: str
    before: float
    after: float

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True)
class Change:
    """A figure that changed at `step.after`.

    `size`: of accuracy the difference on the questions that both runs answered; of cost and latency ratio how many
    times as much. `p_adjusted` and the interval of the difference are accuracy's; `n` is the questions compared.
    """

    figure: str
    step: Step
    before: float | None
    after: float | None
    size: float
    ci_low: float | None = None
    ci_high: float | None = None
    p_adjusted: float | None = None
    n: int = 0
    moved: tuple[Moved, ...] = ()
    causes: tuple[manifests.Change, ...] = ()

    @property
    def up(self) -> bool:
        return self.size > (0 if self.figure == ACCURACY else 1)

    @property
    def better(self) -> bool:
        return self.up == (self.figure == ACCURACY)


def steps(runs: Sequence[Run], task: str) -> list[Step]:
    """Each run that counts with the last one before it that can be compared, strategy by strategy."""
    last: dict[tuple[str, str], Run] = {}
    found = []
    for run in runs:
        block = run.tasks.get(task) if run.counts else None
        for strategy in block.strategies if block else ():
            if block and block.strategies[strategy].accuracy:
                at = (block.series, strategy)
                if at in last:
                    found.append(Step(task, strategy, block.series, last[at], run))
                last[at] = run
    return found


def changes(runs: Sequence[Run], task: str, scores: Source) -> list[Change]:
    """All changes of a task, oldest first; within a step accuracy, cost, latency ratio."""
    todo = steps(runs, task)
    found = [*_accuracy(todo, scores), *_cost(todo), *_latency(todo)]
    order = {step: place for place, step in enumerate(todo)}
    return sorted(found, key=lambda change: order[change.step])


# Accuracy


def _accuracy(todo: Sequence[Step], scores: Source) -> Iterator[Change]:
    """Where the paired p, adjusted over all steps of the task (Holm), and the interval say so.

    Answers are read only for steps that the adjustment would pass at their least p. The others fail it whatever their
    answers say, and having greater p than those that pass, do not move theirs.
    """
    best = paired.holm([least_p(step) for step in todo])
    judged = [
        _judged(step, scores) if p is not None and p < ALPHA else None
        for step, p in zip(todo, best, strict=True)
    ]
    adjusted = paired.holm([1.0 if one is None or one.p is None else one.p for one in judged])
    for step, found, p in zip(todo, judged, adjusted, strict=True):
        if found and found.delta and paired.verdict(found.ci_low, found.ci_high, p) != paired.UNRESOLVED:
            before, after = (_value(figures.accuracy) for figures in step.figures)
            ends = (found.ci_low, found.ci_high)
            causes_ = _causes(step, ACCURACY)
            yield Change(ACCURACY, step, before, after, found.delta, *ends, p, found.n, causes=causes_)


def least_p(step: Step) -> float:
    """No p of this step can be lower, as far as the two accuracies tell.

    Both runs answered all of the same questions. With right or wrong answers the accuracies say by how many they differ
    (of several seeds, by how many parts of one), at least so many signs may be exchanged, and p is lowest where no more
    are, all in one direction. Graded answers say only that nothing differs on the whole, where nothing does.
    """
    old, new = step.figures
    if not (old.accuracy and new.accuracy) or old.accuracy.n != new.accuracy.n:
        return 0.0
    delta = abs(new.accuracy.value - old.accuracy.value)
    if is_graded(step.metric):
        return 0.0 if delta else 1.0
    return min(1.0, 2.0 ** (1 - round(delta * new.accuracy.n * math.lcm(old.seeds, new.seeds))))


def _judged(step: Step, scores: Source) -> paired.Difference | None:
    """after − before on the questions that both answered; None where a run's evidence cannot be read."""
    old, new = scores.of(step.before.folder), scores.of(step.after.folder)
    if old is None or new is None:
        return None
    first, second = (one.by_pair.get((step.task, step.strategy), {}) for one in (old, new))
    shared = [name for name in second if name in first]
    design = Design.of([new.clusters[step.task][name] for name in shared])
    return paired.compare([second[name] - first[name] for name in shared], design)


def _value(interval: Interval | None) -> float:
    return interval.value if interval else math.nan


# Cost


def _cost(todo: Sequence[Step]) -> Iterator[Change]:
    """Where tokens and prices alone move the cost of a query: seconds, which never repeat, take no part."""
    for step in todo:
        old, new = step.figures
        hosted = {name: usd for name, usd in new.hosted_usd.items() if old.hosted_usd.get(name)}
        rates = [own_machine(old, new), *(usd / old.hosted_usd[name] for name, usd in hosted.items())]
        size = next((rate for rate in rates if rate is not None and abs(rate - 1) > COST_MARGIN), None)
        if size is not None:
            before, after = (cost.value if cost else None for cost in (old.cost, new.cost))
            moved = tuple(_moved(old, new))
            yield Change(COST, step, before, after, size, moved=moved, causes=_causes(step, COST))


def own_machine(old: Figures, new: Figures) -> float | None:
    """How many times the old cost the new tokens and the new price make, at the speed of the old run.

    1 exactly where neither changed, whatever the clock said. The time to the first token goes with the prompt's
    tokens, the rest with the answer's. None where a part is not known.
    """
    spent, prices = old.spent, (old.machine_usd_per_hour, new.machine_usd_per_hour)
    if spent is None or spent.total_usd <= 0 or prices[0] is None or prices[1] is None or prices[0] <= 0:
        return None
    prompt = _times(old.prompt_tokens, new.prompt_tokens)
    answer = _times(old.completion_tokens, new.completion_tokens)
    if prompt == answer == 1:
        return prices[1] / prices[0]
    now = spent.retrieve_usd + prompt * spent.prompt_usd + answer * spent.generate_usd
    return now / spent.total_usd * prices[1] / prices[0]


def _times(old: float | None, new: float | None) -> float:
    return new / old if old and new is not None else 1.0


def _moved(old: Figures, new: Figures) -> Iterator[Moved]:
    rows = {
        "prompt tokens": (old.prompt_tokens, new.prompt_tokens),
        "answer tokens": (old.completion_tokens, new.completion_tokens),
        "dollars an hour of use": (old.machine_usd_per_hour, new.machine_usd_per_hour),
        **{
            f"a query on {name}, projected": (old.hosted_usd.get(name), usd)
            for name, usd in new.hosted_usd.items()
        },
    }
    for name, (before, after) in rows.items():
        if before is not None and after is not None and before != after:
            yield Moved(name, before, after)


# Latency


def _latency(todo: Sequence[Step]) -> Iterator[Change]:
    """Where the two intervals of the ratio to base lie more than `LATENCY_MARGIN` apart."""
    for step in todo:
        old, new = (figures.ratio for figures in step.figures)
        if old and new and _apart(old, new):
            size = new.value / old.value
            yield Change(LATENCY, step, old.value, new.value, size, n=new.n, causes=_causes(step, LATENCY))


def _apart(old: Interval, new: Interval) -> bool:
    if None in (old.low, old.high, new.low, new.high):
        return False
    slower = (new.low or 0.0) > LATENCY_MARGIN * (old.high or math.inf)
    faster = (old.low or 0.0) > LATENCY_MARGIN * (new.high or math.inf)
    return slower or faster


def _causes(step: Step, figure: str) -> tuple[manifests.Change, ...]:
    return causes(step.before.manifest, step.after.manifest, step.task, step.strategy, figure)
