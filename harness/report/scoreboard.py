"""The scoreboard of a task: a line a system, and whether the questions tell it from the leader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.analysis.results.figures import Comparison, Estimate
from harness.analysis.results.run import SystemResult, TaskResult
from harness.analysis.statistics.paired import A_BETTER, B_BETTER
from harness.quantities import NA, counted, dollars, percent, points, signed
from harness.report import costs
from harness.report.numbers import ends, figure, percentile


@dataclass(frozen=True, slots=True)
class Bar:
    """An interval of a share, as drawn: positions in percent of the width, from 0 to 100."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Standing:
    """A system beside the leader. `state`: leader, lower, higher, unresolved or unknown."""

    state: str
    text: str
    interval: str


@dataclass(frozen=True, slots=True)
class Score:
    """One line of the scoreboard. `bar`: None where the run stopped before the system answered anything."""

    name: str
    control: bool
    accuracy: str
    interval: str
    bar: Bar | None
    standing: Standing
    cells: tuple[str, ...]
    """Everything else, as `COLUMNS` has it."""


def scores(task: TaskResult) -> list[Score]:
    best = leader(task)
    return [
        Score(
            name=name,
            control=row.control,
            accuracy=percent(row.accuracy.mean),
            interval=ends(row.accuracy.ci_low, row.accuracy.ci_high),
            bar=_bar(row.accuracy),
            standing=standing(task, name, best),
            cells=tuple(cell(task, row) for cell in COLUMNS.values()),
        )
        for name, row in task.strategies.items()
    ]


def leader(task: TaskResult) -> str | None:
    """The most accurate system that one could deploy (of equals the first); none that failed a check."""
    means = _runners(task)
    return max(means, key=lambda name: means[name]) if means else None


def _runners(task: TaskResult) -> dict[str, float]:
    """The accuracy of each system that one could deploy and that failed no check."""
    return {
        name: row.accuracy.mean
        for name, row in task.deployable.items()
        if name not in task.decision.excluded and row.accuracy.mean is not None
    }


def once(row: SystemResult) -> str:
    """One-off cost, and how much of it is the price list's people's time and labels, which nobody measured."""
    fixed, people = row.cost.fixed_usd, row.cost.fixed_people_usd
    return f"{dollars(fixed)} ({dollars(people)} assumed)" if people else dollars(fixed)


COLUMNS: dict[str, Callable[[TaskResult, SystemResult], str]] = {
    "Latency p50": lambda _, row: percentile(row.latency_s, "p50"),
    "First token p50": lambda _, row: percentile(row.ttft_s, "p50"),
    "Tok/s, decode per user": lambda _, row: figure(row.tokens_per_s.decode_per_user),
    "Tok/s, end to end": lambda _, row: figure(row.tokens_per_s.end_to_end),
    "Tok/s, batched system": lambda _, row: figure(row.tokens_per_s.system_output),
    "Cost per query": lambda _, row: costs.per_query(row),
    "Cost per correct answer": lambda _, row: costs.per_correct(row),
    "One-off cost": lambda task, row: NA if task.is_foreign(row.system) else once(row),
}
"""What stands beside the accuracy and the leader: header → cell."""


def timed(task: TaskResult) -> str | None:
    """On how many timed questions latency and cost rest; None where none were."""
    counts = sorted({row.latency_s.n for row in task.strategies.values()} - {0})
    if not counts:
        return None
    fewest = "" if len(counts) == 1 else f"{counts[0]} to "
    return (
        f"Latency, first token and dollars per query rest on {fewest}{counted(counts[-1], 'timed question')} a "
        "strategy; their intervals stand among all figures of the task."
    )


def _bar(accuracy: Estimate) -> Bar | None:
    if accuracy.mean is None:
        return None
    low, high = (accuracy.mean if end is None else end for end in (accuracy.ci_low, accuracy.ci_high))
    return Bar(round(100 * accuracy.mean, 2), round(100 * low, 2), round(100 * high, 2))


def standing(task: TaskResult, name: str, best: str | None) -> Standing:
    """What the paired comparison with the leader says; another task's adapter is compared with its base instead."""
    if name == best:
        return Standing("leader", "leads" if len(_runners(task)) > 1 else "runs alone", "")
    if name in task.decision.excluded:
        return Standing("unknown", "left out: failed a check", "")
    row = _comparison(task, name, best)
    if row is None or row.delta is None:
        return Standing("unknown", NA, "")
    sign, against = (1, row.a) if row.b == name else (-1, row.b)
    gain, ends = sign * row.delta, [sign * end for end in (row.ci_low, row.ci_high) if end is not None]
    interval = f"{signed(min(ends))} to {signed(max(ends))}" if len(ends) == 2 else ""
    if row.verdict not in (A_BETTER, B_BETTER):
        return Standing("unresolved", f"≈ not told apart from {against}, {points(gain)}", interval)
    return Standing("higher" if gain > 0 else "lower", f"{points(gain)} against {against}", interval)


def _comparison(task: TaskResult, name: str, best: str | None) -> Comparison | None:
    forgot = [row.comparison for row in task.forgetting if row.system == name]
    pairs = [row for row in task.comparisons if {row.a, row.b} == {name, best}]
    return next(iter((*forgot, *pairs)), None)
