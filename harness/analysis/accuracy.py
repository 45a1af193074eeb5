"""How good the answers are: means with intervals, whole and by group."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from harness.analysis.evidence import Asked, Evidence, Pair
from harness.analysis.results.figures import Estimate
from harness.analysis.statistics.clusters import Floats, design_of
from harness.analysis.statistics.intervals import mean, mean_interval
from harness.records import AnswerRow
from harness.run.scores import scores_of, stored_scores
from harness.spec.lmevalspec import LmEvalSpec
from harness.spec.taskspec import TaskSpec


@dataclass(frozen=True, slots=True)
class ScoredAnswer:
    """An answer, its question, and its score by each of the task's metrics."""

    asked: Asked
    row: AnswerRow
    scores: dict[str, float]


class PerQuestion(dict[str, float]):
    """Question id → score. Nobody changes it, so what every figure asks of it is worked out once."""

    @cached_property
    def mean(self) -> float | None:
        return mean(self.values())

    @cached_property
    def ids(self) -> tuple[str, ...]:
        return tuple(self)

    @cached_property
    def array(self) -> Floats:
        """The scores in the order of `ids`, not to be written to."""
        return np.array(list(self.values()), dtype=float)

    def minus(self, other: PerQuestion) -> tuple[tuple[str, ...], Floats]:
        """The questions that both have, in this one's order, and by how much each scores higher here."""
        if self.ids == other.ids:
            return self.ids, self.array - other.array
        shared = tuple(name for name in self if name in other)
        return shared, np.array([self[name] - other[name] for name in shared], dtype=float)


class ScoredAnswers(tuple[ScoredAnswer, ...]):
    """The answers of a system, which remember what `per_question` made of them: every figure asks for it."""

    @cached_property
    def by_metric(self) -> dict[str, PerQuestion]:
        return {}


Scores = dict[Pair, Sequence[ScoredAnswer]]


class _Known(dict[tuple[str, str, Sequence[float] | None], dict[str, float]]):
    """Question, reply and log-likelihoods → scores: many systems give the same reply to a question."""

    @cached_property
    def same(self) -> dict[tuple[float, ...], dict[str, float]]:
        """Scores by their values, which stand in memory once: most answers are right or wrong alike."""
        return {}


def score(
    rows: Sequence[AnswerRow],
    asked: Mapping[str, Asked],
    spec: TaskSpec | LmEvalSpec,
    known: _Known | None = None,
) -> ScoredAnswers:
    """Score answers of one task and system, by seed and id of the question. `known`: scores of other systems' answers.

    Never in the order of the evidence's lines: sums of the same numbers in another order differ in their last bits.
    """
    known = _Known() if known is None else known
    return ScoredAnswers(
        ScoredAnswer(asked[row.question_id], row, _scores(row, asked[row.question_id], spec, known))
        for row in sorted(rows, key=lambda row: (row.seed, row.question_id))
    )


def _scores(row: AnswerRow, asked: Asked, spec: TaskSpec | LmEvalSpec, known: _Known) -> dict[str, float]:
    if row.metrics is not None:  # scored by the task's own code, which may see more than the reply
        return scores_of(row, asked.question, spec)
    reply = (row.question_id, row.prediction, row.choice_logprobs)
    if reply not in known:
        scores = scores_of(row, asked.question, spec)
        known[reply] = known.same.setdefault(tuple(scores.values()), scores)
    return known[reply]


def score_all(run: Evidence) -> Scores:
    """Every answer with its scores, by task and system, in the plan's order."""
    known = {task: _Known() for task in run.tasks}
    return {
        (task, name): score(
            run.answers.get((task, name), ()),
            run.questions.get(task, {}),
            run.manifest.tasks[task].spec,
            known[task],
        )
        for task, name in run.pairs
    }


def by_filter(
    scored: Sequence[ScoredAnswer], primary: str, spec: TaskSpec | LmEvalSpec
) -> dict[str, float | None]:
    """The mean of a metric under each filter of its task; empty where it has one filter.

    Every filter reads the same answers: where they part, the filter is what is measured.
    """
    metric = primary.partition(",")[0]
    known = dict.fromkeys(name for answer in scored for name in answer.row.metrics or {})
    names = {name.partition(",")[2] or "none": name for name in known if name.partition(",")[0] == metric}
    if len(names) < 2:
        return {}
    means = {}
    for filter_, name in names.items():
        one = spec.model_copy(update={"metrics": (name,)})
        shares = [replace(answer, scores=stored_scores(answer.row, one)) for answer in scored]
        means[filter_] = mean([*per_question(shares, name).values()])
    return means


def per_question(scored: Sequence[ScoredAnswer], metric: str) -> PerQuestion:
    """Question id → its score, the mean over the seeds that answered it; none by a metric that the task lacks."""
    known = scored.by_metric if isinstance(scored, ScoredAnswers) else {}
    if metric not in known:
        known[metric] = PerQuestion(_per_question(scored, metric))
    return known[metric]


def _per_question(scored: Sequence[ScoredAnswer], metric: str) -> dict[str, float]:
    once = {answer.row.question_id: answer.scores[metric] for answer in scored if metric in answer.scores}
    if len(once) == len(scored):
        return once
    by_question: dict[str, list[float]] = {}
    for answer in scored:
        if metric not in answer.scores:
            continue
        by_question.setdefault(answer.row.question_id, []).append(answer.scores[metric])
    return {name: math.fsum(scores) / len(scores) for name, scores in by_question.items()}


def estimate(values: Mapping[str, float], clusters: Mapping[str, str]) -> Estimate:
    """Mean of the questions' scores and its 95 % interval (`intervals.mean_interval`).

    No interval where there is no question, or where all of several share one cluster.
    """
    values = values if isinstance(values, PerQuestion) else PerQuestion(values)
    if not values:
        return Estimate(None, None, None, 0)
    interval = mean_interval(values.array, design_of(clusters, values.ids))
    low, high = map(float, interval) if interval else (None, None)
    return Estimate(values.mean, low, high, len(values))


def groups(scored: Sequence[ScoredAnswer], metric: str, clusters: Mapping[str, str]) -> dict[str, Estimate]:
    """The primary metric apart for facts that the training set holds or not, and for answerable questions or not.

    A group without questions is left out. One average over seen and unseen facts would hide their difference.
    """
    members = {
        "fact_seen": [s for s in scored if s.asked.fact_seen is True],
        "fact_unseen": [s for s in scored if s.asked.fact_seen is False],
        "answerable": [s for s in scored if s.asked.question.answerable],
        "unanswerable": [s for s in scored if not s.asked.question.answerable],
    }
    return {name: estimate(per_question(rows, metric), clusters) for name, rows in members.items() if rows}


def differences(a: Sequence[ScoredAnswer], b: Sequence[ScoredAnswer], metric: str) -> dict[str, float]:
    """Question id → (b − a) in score, of the questions that both answered; seeds averaged before."""
    questions, values = per_question(b, metric).minus(per_question(a, metric))
    return dict(zip(questions, values.tolist(), strict=True))
