"""Strategies against each other: the tables, and in words what the questions can tell."""

from __future__ import annotations

from typing import Any

from harness.analysis.latency_ratio import FEWEST_RATIOS
from harness.analysis.statistics.paired import A_BETTER, B_BETTER, UNRESOLVED
from harness.quantities import counted
from harness.report import numbers
from harness.report.view import Table

Figures = dict[str, Any]

PAIRS = (
    "The difference is of the second strategy to the first on the same questions. p is adjusted (Holm) for all "
    "pairs of this table. Detectable is the smallest difference that so many questions, on which two "
    "strategies differ so often, show in four of five such runs, at 0.05 over the number of pairs. A difference "
    "that cannot be resolved may be nothing, or anything in its interval."
)


def comparisons(task: Figures) -> Table | None:
    """Every pair of strategies on the primary metric."""
    rows = (
        (
            f"{row['a']} → {row['b']}",
            numbers.difference(row),
            str(row["n"]),
            f"{row['discordant']} ({row['a_higher']} : {row['b_higher']})",
            numbers.probability(row["p_adjusted"]),
            numbers.size(row["mde_adjusted"]),
            _ratio(row["latency_ratio"]),
            in_words(row),
        )
        for row in task["comparisons"]
    )
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
    return Table(headers, tuple(rows)) if task["comparisons"] else None


def _ratio(block: Figures) -> str:
    if block["median"] is None:
        return f"{numbers.NA} (n={block['n']} < {FEWEST_RATIOS})" if block["n"] else "not timed"
    low, high = (numbers.factor(block[key]) for key in ("ci_low", "ci_high"))
    return f"{numbers.factor(block['median'])} ({low}–{high}, n={block['n']})"


def in_words(row: Figures) -> str:
    """`rag is better`, or that it cannot be resolved, with the reason where more than chance stands behind it."""
    if row.get("excluded"):
        return f"does not count: {' and '.join(row['excluded'])} failed a check (see validity)"
    better = {A_BETTER: row["a"], B_BETTER: row["b"]}.get(row["verdict"])
    if better:
        return f"{better} is better"
    return f"{UNRESOLVED}: {row['reason']}" if row["reason"] else UNRESOLVED


def clusters(task: Figures) -> str:
    """How questions hang together, where they do."""
    found = task["clusters"]
    if found["clusters"] == found["questions"]:
        return ""
    return (
        f"Questions that share a cluster, a gold document or a fact are right or wrong together: these "
        f"{found['questions']} fall into {counted(found['clusters'], 'cluster')}, the largest of {found['largest']}. "
        "Intervals and p count clusters, not questions."
    )


def forgetting(task: Figures) -> Table | None:
    """What adapters trained for other tasks lost on these questions."""
    rows = (
        (
            f"{row['strategy']} trained for {row['trained_for']}",
            numbers.percent(row["base"]),
            numbers.percent(row["adapter"]),
            numbers.difference(row),
            str(row["n"]),
            numbers.probability(row["p_adjusted"]),
            numbers.size(row["mde_adjusted"]),
            _forgot(row),
        )
        for row in task["forgetting"]
    )
    headers = ("Adapter", "Base model", "With the adapter", "Difference (95 % interval)", "Same questions")
    more = ("p, adjusted", "Detectable", "Verdict")
    return Table((*headers, *more), tuple(rows)) if task["forgetting"] else None


def _forgot(row: Figures) -> str:
    words = {A_BETTER: "worse than base", B_BETTER: "better than base"}
    return words.get(row["verdict"]) or in_words(row)


def seeds(task: Figures) -> Table | None:
    """Fine-tunes that were trained several times: the seed's part of the uncertainty."""
    blocks = {name: block["seeds"] for name, block in task["strategies"].items() if block["seeds"]}
    rows = (
        (
            name,
            ", ".join(f"seed {seed}: {numbers.percent(mean)}" for seed, mean in block["means"].items()),
            str(block["n"]),
            numbers.size(block["sd"]),
            numbers.percent(block["seed_share"]),
            numbers.percent(block["single_seed_share"]),
            numbers.spread(block["ci_low"], block["ci_high"]),
        )
        for name, block in blocks.items()
    )
    headers = (
        "Strategy",
        "Accuracy by training seed",
        "Same questions",
        "Standard deviation between trainings",
        "Seeds' share of the variance",
        "With one training",
        "95 % interval over questions and trainings",
    )
    return Table(headers, tuple(rows)) if blocks else None
