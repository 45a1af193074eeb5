"""The verdict under every other metric of the task: what counts as right decides too, and a reader must know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from harness.analysis.accuracy import ScoredAnswers, estimate, groups
from harness.analysis.baselines import Trivial
from harness.analysis.comparisons import Answered, comparisons
from harness.analysis.results.reason import Reason
from harness.analysis.results.run import TaskFigures
from harness.analysis.results.verdict import MetricVerdict, Standing
from harness.analysis.seeds import by_seed
from harness.analysis.validity.check import excluded
from harness.analysis.validity.hits import BY_WORDS
from harness.analysis.validity.hits import CHECKS as OF_CONTAINS
from harness.quantities import capitalised, listed

Answers = Mapping[str, ScoredAnswers]
"""System → its scored answers."""


def figures_under(
    figures: TaskFigures, metrics: Sequence[str], answered: Answers, constants: Trivial
) -> dict[str, TaskFigures]:
    """Metric → the task's figures were it the primary one; of each of `metrics` but the primary.

    Only what a decision rests on is made anew, of the systems that one could deploy: accuracies, those of facts that a
    fine-tune was taught and of others, seeds, the difference to the best trivial baseline, and comparisons with
    a family of their own.
    """
    return {
        metric: _under(metric, figures, answered, constants.under(metric))
        for metric in metrics
        if metric != figures.primary_metric
    }


def _under(metric: str, figures: TaskFigures, answered: Answers, constants: Trivial) -> TaskFigures:
    clusters = constants.clusters
    rows = {name: row for name, row in figures.strategies.items() if figures.is_deployable(row.system)}
    untimed: dict[str, tuple[()]] = dict.fromkeys(rows, ())
    systems = {name: row.system for name, row in rows.items()}
    pairs = Answered(figures.name, metric, clusters, systems, answered, untimed)
    judged = {
        name: replace(
            row,
            accuracy=estimate(pairs.by_question[name], clusters),
            groups=groups(answered[name], metric, clusters) if row.system.adapted else {},
            seeds=by_seed(answered[name], metric, clusters),
            over_trivial=constants.beaten_by(answered[name]),
        )
        for name, row in rows.items()
    }
    checks = [check for check in figures.validity if metric in BY_WORDS or check.check not in OF_CONTAINS]
    return replace(
        figures,
        primary_metric=metric,
        strategies={**figures.strategies, **judged},
        comparisons=tuple(comparisons(pairs, excluded(checks))),
        validity=tuple(checks),
        baselines=constants.baselines,
    )


def verdicts(own: Standing, others: Mapping[str, Standing]) -> tuple[MetricVerdict, ...]:
    """The decision under each other metric. `own`: under the primary one; nothing where that chooses nothing."""
    if own.why_not:
        return ()
    return tuple(
        MetricVerdict(metric, other.status, other.recommended, other.favourite, other.same_as(own))
        for metric, other in others.items()
    )


def in_words(verdicts: Sequence[MetricVerdict]) -> Reason:
    """One line: "The same under f1; under exact_match lora is recommended." Nothing where there is one metric."""
    same = [row.metric for row in verdicts if row.same]
    parts = [f"the same under {listed(same)}"] if same else []
    outcomes: dict[str, list[str]] = {}
    for row in verdicts:
        if not row.same:
            outcomes.setdefault(row.in_words, []).append(row.metric)
    parts += [f"under {listed(metrics)} {outcome}" for outcome, metrics in outcomes.items()]
    return Reason(f"{capitalised('; '.join(parts))}." if parts else "")
