"""Systems against each other on one task: the tables, and in words what the questions can tell."""

from __future__ import annotations

from harness.analysis.latency_ratio import FEWEST_RATIOS
from harness.analysis.results.figures import Comparison, Forgetting, LatencyRatio
from harness.analysis.results.run import TaskResult
from harness.analysis.statistics.paired import A_BETTER, B_BETTER, UNRESOLVED
from harness.quantities import NA, counted, listed, percent
from harness.report.numbers import difference, factor, probability, size
from harness.report.view import Block, Table, table_of

PAIRS = (
    "The difference is of the second strategy to the first on the same questions. p is adjusted (Holm) for all "
    "pairs of this table. Detectable is the smallest difference that so many questions, on which two "
    "strategies differ so often, show in four of five such runs, at 0.05 over the number of pairs. A difference "
    "that cannot be resolved may be nothing, or anything in its interval."
)


def blocks(task: TaskResult) -> list[Block]:
    """The table of pairs with how to read it; nothing where there is one system alone."""
    return [PAIRS, clusters(task), comparisons(task)] if task.comparisons else []


def comparisons(task: TaskResult) -> Table:
    """Every pair of systems on the primary metric."""
    return table_of(
        task.comparisons,
        ("First → second", lambda row: f"{row.a} → {row.b}"),
        ("Difference (95 % interval)", difference),
        ("Same questions", lambda row: str(row.n)),
        (
            "Differ (first : second higher)",
            lambda row: f"{row.discordant} ({row.a_higher} : {row.b_higher})",
        ),
        ("p, adjusted", lambda row: probability(row.p_adjusted)),
        ("Detectable", lambda row: size(row.mde_adjusted)),
        ("Latency, times the first's", lambda row: _ratio(row.latency_ratio)),
        ("Verdict", in_words),
    )


def _ratio(ratio: LatencyRatio | None) -> str:
    if ratio is None or not ratio.n:
        return "not timed"
    if ratio.median is None:
        return f"{NA} (n={ratio.n} < {FEWEST_RATIOS})"
    return f"{factor(ratio.median)} ({factor(ratio.ci_low)}–{factor(ratio.ci_high)}, n={ratio.n})"


def in_words(row: Comparison) -> str:
    """`rag is better`, or that it cannot be resolved, with the reason where more than chance stands behind it."""
    if row.excluded:
        return f"does not count: {listed(row.excluded)} failed a check (see validity)"
    better = {A_BETTER: row.a, B_BETTER: row.b}.get(row.verdict)
    if better:
        return f"{better} is better"
    return f"{UNRESOLVED}: {row.reason}" if row.reason else UNRESOLVED


def clusters(task: TaskResult) -> str:
    """How questions hang together, where they do."""
    facts = task.clusters
    if facts.clusters == facts.questions:
        return ""
    return (
        f"Questions that share a cluster, a gold document or a fact are right or wrong together: these "
        f"{facts.questions} fall into {counted(facts.clusters, 'cluster')}, the largest of {facts.largest}. "
        "Intervals and p count clusters, not questions."
    )


def forgetting(task: TaskResult) -> Table:
    """What adapters trained for other tasks lost on these questions."""
    return table_of(
        task.forgetting,
        ("Adapter", lambda row: f"{row.strategy} trained for {row.trained_for}"),
        ("Base model", lambda row: percent(row.base)),
        ("With the adapter", lambda row: percent(row.adapter)),
        ("Difference (95 % interval)", lambda row: difference(row.comparison)),
        ("Same questions", lambda row: str(row.comparison.n)),
        ("p, adjusted", lambda row: probability(row.comparison.p_adjusted)),
        ("Detectable", lambda row: size(row.comparison.mde_adjusted)),
        ("Verdict", _forgot),
    )


def _forgot(row: Forgetting) -> str:
    base = row.comparison.a
    words = {A_BETTER: f"worse than {base}", B_BETTER: f"better than {base}"}
    return words.get(row.comparison.verdict) or in_words(row.comparison)
