"""Where a figure changed from one run to the next that can be compared with it (docs/method.md, "History")."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.analysis.accuracy import per_question, score_all
from harness.analysis.evidence import Pair
from harness.analysis.history.runs import Entry, Figure, Point, one_line
from harness.analysis.reading import read_run
from harness.analysis.regression.changes import Cause, Change, changes, touching
from harness.analysis.regression.losses import compared
from harness.analysis.regression.pairing import LATENCY_MARGIN
from harness.analysis.results.figures import Estimate
from harness.analysis.statistics import paired
from harness.analysis.statistics.power import ALPHA
from harness.errors import InputError
from harness.scoring.table import is_graded

COST_MARGIN = 0.01
"""Share by which tokens and prices must move a cost."""
KEPT = 4
"""Runs whose scores are held at once; neighbours are asked for together."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A part of a cost that is known without measuring time: tokens, or a price."""

    name: str
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A figure that changed at a run, compared with the last comparable one before it, `since`.

    `size`: of accuracy the difference on the `n` questions that both runs answered; of cost and latency ratio how many
    times as much. `p_adjusted` and the interval of the difference are accuracy's. `causes`: what differs between the
    inputs of the two runs, likeliest first.
    """

    figure: Figure
    strategy: str
    series: str
    run: str
    since: str
    better: bool
    before: float | None
    after: float | None
    size: float
    ci_low: float | None = None
    ci_high: float | None = None
    p_adjusted: float | None = None
    n: int = 0
    moved: tuple[Moved, ...] = ()
    causes: tuple[Change, ...] = ()

    @property
    def up(self) -> bool:
        return self.size > (0 if self.figure is Figure.ACCURACY else 1)


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """Two neighbours in a series: runs that asked the same of the same system."""

    task: str
    strategy: str
    before: Entry
    after: Entry

    @property
    def points(self) -> tuple[Point, Point]:
        old, new = (entry.tasks[self.task].strategies[self.strategy] for entry in (self.before, self.after))
        return old, new


@dataclass(frozen=True, slots=True)
class Scored:
    """`scores`: (task, system) → question id → score by the first metric, the mean over seeds."""

    scores: Mapping[Pair, Mapping[str, float]]
    clusters: Mapping[str, Mapping[str, str]]


Scores = Callable[[Path], Scored | None]
"""Run folder → its scores; None where its evidence cannot be believed."""


def scores_of_runs(faults: dict[Path, str]) -> Scores:
    """Scores read from run folders; why one cannot be believed is put into `faults`."""

    @functools.lru_cache(maxsize=KEPT)
    def scores(folder: Path) -> Scored | None:
        try:
            return _scored(folder)
        except InputError as error:
            faults[folder] = one_line(error)
            return None

    return scores


def _scored(folder: Path) -> Scored:
    run = read_run(folder)
    first = {task: next(iter(facts.metrics), "") for task, facts in run.manifest.tasks.items()}
    scores = {pair: per_question(scored, first[pair[0]]) for pair, scored in score_all(run).items() if scored}
    return Scored(scores, {task: run.clusters(task) for task in run.questions})


def steps(entries: Sequence[Entry], task: str) -> list[Step]:
    """Each run that is compared with the last one before it that can be, system by system. Oldest first."""
    last: dict[tuple[str, str], Entry] = {}
    pairs = []
    for entry in entries:
        block = entry.tasks.get(task)
        if not block or not entry.run.compared:
            continue
        for name, point in block.strategies.items():
            if point.accuracy.mean is not None:
                if before := last.get((block.series, name)):
                    pairs.append(Step(task, name, before, entry))
                last[block.series, name] = entry
    return pairs


def marks(entries: Sequence[Entry], task: str, scores: Scores) -> list[Mark]:
    """All changes of a task, oldest first; within a step accuracy, cost, latency ratio."""
    todo = steps(entries, task)
    marked = [*_accuracy(todo, scores), *_cost(todo), *_latency(todo)]
    order = {(step.after.run.folder, step.strategy): place for place, step in enumerate(todo)}
    return sorted(marked, key=lambda mark: order[mark.run, mark.strategy])


def _mark(
    step: Step, figure: Figure, size: float, judged: paired.Difference | None = None, p: float | None = None,
    moved: Sequence[Moved] = (),
) -> Mark:  # fmt: skip
    before, after = (point.of(figure) for point in step.points)
    pair = (step.task, step.strategy)
    causes = touching(changes(step.before.manifest, step.after.manifest), pair)
    return Mark(
        figure=figure,
        strategy=step.strategy,
        series=step.after.tasks[step.task].series,
        run=step.after.run.folder,
        since=step.before.run.folder,
        better=(size > 0) if figure is Figure.ACCURACY else size < 1,
        before=before.mean,
        after=after.mean,
        size=size,
        ci_low=judged.ci_low if judged else None,
        ci_high=judged.ci_high if judged else None,
        p_adjusted=p,
        n=judged.n if judged else after.n,
        moved=tuple(moved),
        causes=tuple(cause for cause in causes if cause.cause is not Cause.PRICE or figure is Figure.COST),
    )


# Accuracy


def _accuracy(todo: Sequence[Step], scores: Scores) -> Iterator[Mark]:
    """Where the paired p, adjusted over all steps of the task (Holm), and the interval say so.

    Answers are read only for steps that the adjustment would pass at their least p. The others fail it whatever their
    answers say, and having greater p than those that pass, do not move theirs.
    """
    best = paired.holm([least_p(step) for step in todo])
    judged = [
        _judged(step, scores) if p is not None and p < ALPHA else None
        for step, p in zip(todo, best, strict=True)
    ]
    adjusted = paired.holm([moved.p if moved and moved.p is not None else 1.0 for moved in judged])
    for step, moved, p in zip(todo, judged, adjusted, strict=True):
        if moved and moved.delta and paired.verdict(moved.ci_low, moved.ci_high, p) != paired.INCONCLUSIVE:
            yield _mark(step, Figure.ACCURACY, moved.delta, moved, p)


def least_p(step: Step) -> float:
    """No p of this step can be lower, as far as the two accuracies tell.

    Both runs answered all of the same questions. With right or wrong answers the accuracies say by how many they differ
    (of several seeds, by how many parts of one), at least so many signs may be exchanged, and p is lowest where no more
    are, all in one direction. Graded answers say only that nothing differs on the whole, where nothing does.
    """
    old, new = step.points
    before, after = old.accuracy, new.accuracy
    if before.mean is None or after.mean is None or before.n != after.n:
        return 0.0
    delta = abs(after.mean - before.mean)
    if is_graded(step.after.tasks[step.task].metric):
        return 0.0 if delta else 1.0
    return min(1.0, 2.0 ** (1 - round(delta * after.n * math.lcm(old.seeds, new.seeds))))


def _judged(step: Step, scores: Scores) -> paired.Difference | None:
    """after − before on the questions that both answered; None where a run's evidence cannot be read."""
    old, new = scores(step.before.path), scores(step.after.path)
    if old is None or new is None:
        return None
    first, second = (scored.scores.get((step.task, step.strategy), {}) for scored in (old, new))
    moved = {name: second[name] - first[name] for name in second if name in first}
    return compared(moved, new.clusters[step.task])


# Cost


def _cost(todo: Sequence[Step]) -> Iterator[Mark]:
    """Where tokens and prices alone move the cost of a query: seconds, which never repeat, take no part."""
    for step in todo:
        old, new = step.points
        hosted = [
            usd / old.hosted_usd[name] for name, usd in new.hosted_usd.items() if old.hosted_usd.get(name)
        ]
        rates = (own_machine(old, new), *hosted)
        size = next((rate for rate in rates if rate is not None and abs(rate - 1) > COST_MARGIN), None)
        if size is not None:
            yield _mark(step, Figure.COST, size, moved=list(_moved(old, new)))


def own_machine(old: Point, new: Point) -> float | None:
    """How many times the old cost the new tokens and the new price make, at the speed of the old run.

    1 exactly where neither changed, whatever the clock said. The time to the first token goes with the prompt's
    tokens, the rest with the answer's. None where a part is not known.
    """
    spent, before, after = old.components, old.usd_per_hour_of_use, new.usd_per_hour_of_use
    if spent.prompt_usd is None or spent.generate_usd is None or not before or before < 0 or after is None:
        return None
    retrieve = spent.retrieve_usd or 0.0
    total = retrieve + spent.prompt_usd + spent.generate_usd
    if total <= 0:
        return None
    prompt = _times(old.tokens.prompt_mean, new.tokens.prompt_mean)
    answer = _times(old.tokens.completion_mean, new.tokens.completion_mean)
    if prompt == answer == 1:
        return after / before
    return (retrieve + prompt * spent.prompt_usd + answer * spent.generate_usd) / total * after / before


def _times(old: float | None, new: float | None) -> float:
    return new / old if old and new is not None else 1.0


def _moved(old: Point, new: Point) -> Iterator[Moved]:
    rows = {
        "prompt tokens": (old.tokens.prompt_mean, new.tokens.prompt_mean),
        "answer tokens": (old.tokens.completion_mean, new.tokens.completion_mean),
        "dollars an hour of use": (old.usd_per_hour_of_use, new.usd_per_hour_of_use),
        **{
            f"a query on {name}, projected": (old.hosted_usd.get(name), usd)
            for name, usd in new.hosted_usd.items()
        },
    }
    for name, (before, after) in rows.items():
        if before is not None and after is not None and before != after:
            yield Moved(name, before, after)


# Latency


def _latency(todo: Sequence[Step]) -> Iterator[Mark]:
    """Where the two intervals of the ratio to base lie more than the gate's margin apart."""
    for step in todo:
        old, new = (point.latency_ratio for point in step.points)
        if _apart(old, new) and old.mean and new.mean:
            yield _mark(step, Figure.LATENCY, new.mean / old.mean)


def _apart(old: Estimate, new: Estimate) -> bool:
    if old.ci_low is None or old.ci_high is None or new.ci_low is None or new.ci_high is None:
        return False
    return new.ci_low > LATENCY_MARGIN * old.ci_high or old.ci_low > LATENCY_MARGIN * new.ci_high
