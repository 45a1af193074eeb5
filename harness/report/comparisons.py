"""Systems against each other on one task: the tables, and in words what the questions can tell."""

from __future__ import annotations

from harness.analysis.latency_ratio import FEWEST_RATIOS
from harness.analysis.results.figures import Comparison, Forgetting, LatencyRatio
from harness.analysis.results.run import TaskResult
from harness.analysis.statistics.paired import A_BETTER, B_BETTER, UNRESOLVED
from harness.quantities import NA, counted, percent
from harness.report.numbers import difference, factor, probability, size
from harness.report.view import Table

PAIRS = (
    "The difference is of the second strategy to the first on the same questions. p is adjusted (Holm) for all "
    "pairs of this table. Detectable is the smallest difference that so many questions, on which two "
    "strategies differ so often, show in four of five such runs, at 0.05 over the number of pairs. A difference "
    "that cannot be resolved may be nothing, or anything in its interval."
)


def comparisons(task: TaskResult) -> Table | None:
    """Every pair of systems on the primary metric."""
    headers = (
        "First → second",
        "Difference (95 % interval)",
        "Same questions",
        "Differ (first : second higher)",
        "p, adjusted",
        "Detectable",
        "Latency, times the first's",
        "Verdict",
    )
    rows = tuple(
        (
            f"{row.a} → {row.b}",
            difference(row),
            str(row.n),
            f"{row.discordant} ({row.a_higher} : {row.b_higher})",
            probability(row.p_adjusted),
            size(row.mde_adjusted),
            _ratio(row.latency_ratio),
            in_words(row),
        )
        for row in task.comparisons
    )
    return Table(headers, rows) if rows else None


def _ratio(ratio: LatencyRatio | None) -> str:
    if ratio is None or not ratio.n:
        return "not timed"
    if ratio.median is None:
        return f"{NA} (n={ratio.n} < {FEWEST_RATIOS})"
    return f"{factor(ratio.median)} ({factor(ratio.ci_low)}–{factor(ratio.ci_high)}, n={ratio.n})"


def in_words(row: Comparison) -> str:
    """`rag is better`, or that it cannot be resolved, with the reason where more than chance stands behind it."""
    if row.excluded:
        return f"does not count: {' and '.join(row.excluded)} failed a check (see validity)"
    better = {A_BETTER: row.a, B_BETTER: row.b}.get(row.verdict)
    if better:
        return f"{better} is better"
    return f"{UNRESOLVED}: {row.reason}" if row.reason else UNRESOLVED


def clusters(task: TaskResult) -> str:
    """How questions hang together, where they do."""
    found = task.clusters
    if found.clusters == found.questions:
        return ""
    return (
        f"Questions that share a cluster, a gold document or a fact are right or wrong together: these "
        f"{found.questions} fall into {counted(found.clusters, 'cluster')}, the largest of {found.largest}. "
        "Intervals and p count clusters, not questions."
    )


def forgetting(task: TaskResult) -> Table | None:
    """What adapters trained for other tasks lost on these questions."""
    headers = (
        "Adapter",
        "Base model",
        "With the adapter",
        "Difference (95 % interval)",
        "Same questions",
        "p, adjusted",
        "Detectable",
        "Verdict",
    )
    rows = tuple(
        (
            f"{row.strategy} trained for {row.trained_for}",
            percent(row.base),
            percent(row.adapter),
            difference(row.comparison),
            str(row.comparison.n),
            probability(row.comparison.p_adjusted),
            size(row.comparison.mde_adjusted),
            _forgot(row),
        )
        for row in task.forgetting
    )
    return Table(headers, rows) if rows else None


def _forgot(row: Forgetting) -> str:
    base = row.comparison.a
    words = {A_BETTER: f"worse than {base}", B_BETTER: f"better than {base}"}
    return words.get(row.comparison.verdict) or in_words(row.comparison)
