"""What the scoreboard of a task says of a system, and whether the questions tell it from the leader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from harness.analysis.results.baselines import OverTrivial
from harness.analysis.results.figures import Estimate
from harness.analysis.results.run import RunResult, SystemResult, TaskResult
from harness.analysis.results.tokens import ByToken
from harness.analysis.statistics.paired import A_BETTER, AMONG_MANY, B_BETTER
from harness.quantities import NA, counted, dollars, listed, percent, points, signed_ends
from harness.report import per_query
from harness.report.numbers import percentile, spread
from harness.run.facts import ModelFacts


class Bar(NamedTuple):
    """An interval of a share, as drawn: positions in percent of the width, from 0 to 100."""

    mean: float
    low: float
    high: float


def bar(accuracy: Estimate) -> Bar | None:
    """None where the run stopped before the system answered anything."""
    if accuracy.mean is None:
        return None
    ends = (accuracy.mean, accuracy.ci_low, accuracy.ci_high)
    return Bar(*(round(100 * (accuracy.mean if end is None else end), 2) for end in ends))


class Group(NamedTuple):
    """The rows of one model; `title` says what it is and what it is paid, nothing where the run has no other."""

    title: str
    rows: tuple[SystemResult, ...]


def by_model(results: RunResult, task: TaskResult) -> list[Group]:
    """The systems of a task, those of a model together, in the order of the run's models."""
    rows = tuple(task.strategies.values())
    if len(results.all_models) < 2:
        return [Group("", rows)]
    groups = (
        Group(_model(model, mine), mine)
        for model in results.all_models
        if (mine := tuple(row for row in rows if row.system.model_label == model.label))
    )
    return list(groups)


def _model(model: ModelFacts, rows: Sequence[SystemResult]) -> str:
    """`large: big, $7.20 an hour`: its price as its costs were made with it, where they are known."""
    paid = next((row.cost.hosting for row in rows if row.cost.hosting), None)
    name = f"{model.label}: {model.name}"
    if isinstance(paid, ByToken):
        tokens = f"{dollars(paid.input_usd_per_mtok)} in and {dollars(paid.output_usd_per_mtok)} out"
        return f"{name}, {tokens} a million tokens"
    return f"{name}, {dollars(paid.usd_per_hour)} an hour" if paid else name


class Standing(NamedTuple):
    """A system beside the leader. `state`: leader, lower, higher, unresolved or unknown."""

    state: str
    text: str
    interval: str = ""


def leader(task: TaskResult) -> str | None:
    """The most accurate system that one could deploy (of equals the first); none that failed a check."""
    means = _runners(task)
    return max(means, key=lambda name: means[name]) if means else None


def _runners(task: TaskResult) -> dict[str, float]:
    """The accuracy of each system that one could deploy and that failed no check, as the decision compares them."""
    compared = task.decision.candidates
    return {
        name: compared[name].accuracy_measured if name in compared else row.accuracy.mean
        for name, row in task.deployable.items()
        if name not in task.decision.excluded and row.accuracy.mean is not None
    }


def filters(row: SystemResult) -> str:
    """What each of lm-eval's filters makes of the same answers: `strict-match 0.0 %, flexible-extract 40.0 %`."""
    return ", ".join(f"{name} {percent(mean)}" for name, mean in row.by_filter.items())


def once(row: SystemResult) -> str:
    """One-off cost, and how much of it is the price list's people's time and labels, which nobody measured."""
    fixed, people = row.cost.fixed_usd, row.cost.fixed_people_usd
    if not people:
        return dollars(fixed)
    share = "" if dollars(people) == dollars(fixed) else f"{dollars(people)} "
    return f"{dollars(fixed)} ({share}assumed)"


class Column(NamedTuple):
    """How a cell is written, and whether it holds a figure."""

    header: str
    cell: Callable[[TaskResult, SystemResult], str]
    known: Callable[[SystemResult], bool]


COLUMNS = (
    Column("Latency p50", lambda _, row: percentile(row.latency_s, "p50"), lambda row: row.latency_s.n > 0),
    Column(
        "Cost per 1,000 queries",
        lambda _, row: per_query.per_thousand(row),
        lambda row: row.cost.per_query_usd is not None,
    ),
    Column(
        "Cost per 1,000 correct answers",
        lambda _, row: per_query.per_thousand_correct(row),
        lambda row: row.cost.per_query_usd is not None,
    ),
    Column(
        "One-off cost",
        lambda task, row: NA if task.is_foreign(row.system) else once(row),
        lambda row: row.cost.fixed_usd is not None,
    ),
)
"""What stands beside the accuracy and the leader. The rest stands among all figures of a task."""


def columns(task: TaskResult) -> tuple[Column, ...]:
    """The columns that hold a figure of some strategy."""
    return tuple(column for column in COLUMNS if any(map(column.known, task.strategies.values())))


def cells(task: TaskResult, row: SystemResult) -> tuple[str, ...]:
    """A system's cells under its task's columns."""
    return tuple(column.cell(task, row) for column in columns(task))


def partly(task: TaskResult) -> str | None:
    """Which strategies answered a part of the questions, so that accuracies are of other questions than differences."""
    some = [
        f"{name} {row.accuracy.n} of {task.n}"
        for name, row in task.strategies.items()
        if 0 < row.accuracy.n < task.n
    ]
    if not some:
        return None
    others = ", the others all" if len(some) < len(task.strategies) else ""
    return (
        f"Answered: {listed(some)}{others}. Each accuracy is of the questions that a strategy answered, each "
        "difference of those that both did: where the ones left out were hard, or easy, the two need not agree. Who "
        "leads, and the decision, go by differences from the candidate that answered most."
    )


def trained(task: TaskResult) -> str | None:
    """That intervals of a fine-tune are of the trainings that were made, and what others may change."""
    some = {
        name: row.seeds
        for name, row in task.strategies.items()
        if row.seeds and row.seeds.ci_low is not None and not task.is_foreign(row.system)
    }
    if not some:
        return None
    wider = listed(
        f"{name} {spread(seeds.ci_low, seeds.ci_high)} ({seeds.n_seeds} trainings)"
        for name, seeds in some.items()
    )
    return (
        "Intervals and comparisons are over questions, for the mean of the trainings that were made. With what further "
        f"trainings may change: {wider}. The decision counts that in."
    )


UNTIMED = "Without timed questions there is no latency and no cost of a query to compare."


def timed(task: TaskResult) -> str | None:
    """On how many timed questions latency and cost rest, or that none were; None where tokens are paid for."""
    counts = sorted({row.latency_s.n for row in task.strategies.values()} - {0})
    priced = any(row.cost.per_query_usd is not None for row in task.strategies.values())
    if not counts:
        return None if priced or not task.primary_metric else UNTIMED
    at = f" ({basis})" if (basis := per_query.basis(task)) else ""
    what = f"Latency and dollars{at} rest" if priced else "Latency rests"
    fewest = "" if len(counts) == 1 else f"{counts[0]} to "
    return (
        f"{what} on {fewest}{counted(counts[-1], 'timed question')} a strategy; first token and "
        "tokens per second stand among all figures of the task."
    )


def _gap(gap: OverTrivial) -> str:
    return ", ".join(filter(None, (points(gap.delta), signed_ends(gap.ci_low, gap.ci_high))))


CONSTANT = "one reply to all, no strategy"
"""What stands beside a trivial baseline in place of its standing."""


OVER_TRIVIAL = (
    "A baseline was chosen with the right answers in view; what does not beat it is not recommended."
)


def over_trivial(task: TaskResult) -> str | None:
    """Which strategies are not shown to be better than the best constant reply; None where there is no constant."""
    best = task.best_baseline
    gaps = {name: row.over_trivial for name, row in task.strategies.items() if row.over_trivial}
    if best is None or not gaps:
        return None
    what = f"the best trivial baseline, {best.in_words}, which has {percent(best.estimate.mean)}"
    behind = [f"{name} ({_gap(gap)})" for name, gap in gaps.items() if not gap.beats]
    if not behind:
        return f"Every strategy beats {what}, by its whole interval."
    return f"Not shown to beat {what}: {listed(behind)}."


def standing(task: TaskResult, name: str) -> Standing:
    """What the paired comparison with the leader says; another task's adapter is compared with its base instead."""
    best = leader(task)
    if name == best:
        return Standing("leader", "leads" if len(_runners(task)) > 1 else "runs alone")
    if name in task.decision.excluded:
        return Standing("unknown", "left out: failed a check")
    forgot = [row.comparison for row in task.forgetting if row.system == name]
    pairs = [row for row in task.comparisons if {row.a, row.b} == {name, best}]
    row = next(iter((*forgot, *pairs)), None)
    if row is None or row.delta is None:
        return Standing("unknown", NA)
    sign, against = (1, row.a) if row.b == name else (-1, row.b)
    gain, ends = sign * row.delta, [sign * end for end in (row.ci_low, row.ci_high) if end is not None]
    interval = signed_ends(min(ends, default=None), max(ends, default=None))
    if row.verdict not in (A_BETTER, B_BETTER):
        many = " among so many" if row.reason == AMONG_MANY else ""
        return Standing("unresolved", f"≈ not told apart from {against}{many}, {points(gain)}", interval)
    return Standing("higher" if gain > 0 else "lower", f"{points(gain)} against {against}", interval)
