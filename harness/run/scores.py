"""What an answer scores, by the metrics of its task: the same in tuning and in a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.records import AnswerRow, Question
from harness.scoring.citations import without_citations
from harness.scoring.table import METRICS, Scored
from harness.spec.lmevalspec import LmEvalSpec
from harness.spec.taskspec import TaskSpec

HAIR = 1e-6


def refusal_of(spec: TaskSpec | LmEvalSpec) -> str | None:
    """How a task has a model refuse."""
    return spec.answer.refusal if isinstance(spec, TaskSpec) else None


def scores_of(row: AnswerRow, question: Question, spec: TaskSpec | LmEvalSpec) -> dict[str, float]:
    """The scores of an answer by each of its task's metrics, as shares."""
    if row.metrics is not None:
        return stored_scores(row.metrics, spec)
    return reply_scores(row.prediction, row.choice_logprobs, question, spec)


def reply_scores(
    prediction: str,
    choice_logprobs: tuple[float, ...] | None,
    question: Question,
    spec: TaskSpec | LmEvalSpec,
) -> dict[str, float]:
    """The scores of a reply that this program scores itself."""
    form = spec.answer.citations if isinstance(spec, TaskSpec) else None
    reply = Scored(
        prediction=without_citations(prediction, form) if form else prediction,
        question=question,
        refusal=refusal_of(spec),
        choice_logprobs=choice_logprobs,
    )
    return {metric: METRICS[metric].score(reply) for metric in spec.metrics}


def stored_scores(metrics: Mapping[str, Any], spec: TaskSpec | LmEvalSpec) -> dict[str, float]:
    """The scores that the task's own code gave an answer when it was written down, as shares.

    A metric may leave an answer without a score, where lm-eval's own mean is over those that have one; one that gives
    what is no share is no accuracy, which a run that ends says in its manifest.
    """
    scales = spec.scales if isinstance(spec, LmEvalSpec) else {}
    scored = {name: metrics.get(name) for name in spec.metrics}
    shares = {
        name: value / scales.get(name, 1.0)
        for name, value in scored.items()
        if isinstance(value, bool | int | float)
    }
    # Sums of floats may end a hair outside.
    return {name: min(1.0, max(0.0, one)) for name, one in shares.items() if -HAIR <= one <= 1 + HAIR}
