"""How good the answers are: means with intervals, whole and by group."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.analysis.evidence import Asked
from harness.errors import InputError
from harness.records import AnswerRow
from harness.scoring.table import GRADED, METRICS, Scored

Z95 = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""


@dataclass(frozen=True, slots=True)
class ScoredAnswer:
    """An answer, its question, and its score by each of the task's metrics."""

    asked: Asked
    row: AnswerRow
    scores: dict[str, float]


def score(rows: Sequence[AnswerRow], asked: dict[str, Asked], spec: dict[str, Any]) -> list[ScoredAnswer]:
    """Score answers of one task and strategy, in the order of the questions (whatever the batches' order)."""
    answer = spec.get("answer", {})
    metrics = _metrics(spec)
    order = {question_id: index for index, question_id in enumerate(asked)}
    scored = []
    for row in sorted(rows, key=lambda row: (row.seed, order[row.question_id])):
        seen = Scored(
            prediction=row.prediction,
            question=asked[row.question_id].question,
            answer_type=answer.get("type", "text"),
            refusal=answer.get("refusal"),
            choice_logprobs=row.choice_logprobs,
        )
        scored.append(ScoredAnswer(asked[row.question_id], row, {m: METRICS[m](seen) for m in metrics}))
    return scored


def _metrics(spec: dict[str, Any]) -> list[str]:
    names = list(spec.get("metrics", ()))
    unknown = [name for name in names if name not in METRICS]
    if unknown or not names:
        what = (
            f"scores by {', '.join(unknown)}, which this version does not know"
            if unknown
            else "has no metric"
        )
        raise InputError(f"the run's task {spec.get('name', '')!r} {what}.")
    return names


def wilson(right: float, n: int, z: float = Z95) -> tuple[float, float]:
    """Wilson's score interval for `right` of `n` (Wilson 1927; Brown, Cai, DasGupta 2001, eq. 4)."""
    share = right / n
    centre = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def estimate(values: Sequence[float], metric: str) -> dict[str, Any]:
    """Mean and 95 % interval: Wilson's for right/wrong; None for graded scores, where it does not hold."""
    n = len(values)
    if not n:
        return {"mean": None, "ci_low": None, "ci_high": None, "n": 0}
    total = math.fsum(values)
    low, high = (None, None) if metric in GRADED else wilson(total, n)
    return {"mean": total / n, "ci_low": low, "ci_high": high, "n": n}


def groups(scored: Sequence[ScoredAnswer], metric: str) -> dict[str, Any]:
    """The primary metric apart for facts the training set holds or not, and for answerable questions or not.

    A group without questions is left out. Mixing seen and unseen facts flatters or slanders a fine-tune.
    """
    members = {
        "fact_seen": [s for s in scored if s.asked.fact_seen is True],
        "fact_unseen": [s for s in scored if s.asked.fact_seen is False],
        "answerable": [s for s in scored if s.asked.question.answerable],
        "unanswerable": [s for s in scored if not s.asked.question.answerable],
    }
    return {
        name: estimate([s.scores[metric] for s in some], metric) for name, some in members.items() if some
    }


def paired_delta(
    a: Sequence[ScoredAnswer], b: Sequence[ScoredAnswer], metric: str
) -> tuple[float | None, int]:
    """Mean of (b − a) over the questions that both answered, and how many; (None, 0) where none is."""
    first = {(s.row.question_id, s.row.seed): s.scores[metric] for s in a}
    differences = [
        s.scores[metric] - first[key] for s in b if (key := (s.row.question_id, s.row.seed)) in first
    ]
    if not differences:
        return None, 0
    return math.fsum(differences) / len(differences), len(differences)
