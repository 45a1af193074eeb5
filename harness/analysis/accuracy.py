"""How good the answers are: means with intervals, whole and by group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import overload

import numpy as np

from harness.analysis.answers import Answers
from harness.analysis.evidence import Asked, Evidence, Pair
from harness.analysis.results.figures import Estimate
from harness.analysis.statistics.clusters import Floats, design_of
from harness.analysis.statistics.intervals import mean, mean_interval, means
from harness.records import AnswerRow
from harness.run.scores import reply_scores, stored_scores
from harness.spec.lmevalspec import LmEvalSpec
from harness.spec.taskspec import TaskSpec


@dataclass(frozen=True, slots=True)
class ScoredAnswer:
    """An answer, its question, and its score by each of the task's metrics."""

    asked: Asked
    row: AnswerRow
    scores: Mapping[str, float]


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


def compared_means(scores: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """System → the mean that it is compared by, where they did not all answer the same; empty elsewhere.

    That of the one that answered most, plus the difference on the questions that both answered: nobody gains by what it
    left out, and means differ as pairs do. One that shares no question with it keeps its own. `scores`: by question, of
    systems that answered something.
    """
    fullest = scores[most] if (most := answered_most(scores)) else {}
    if all(own.keys() == fullest.keys() for own in scores.values()):
        return {}
    return {name: _beside(own, fullest) for name, own in scores.items()}


def answered_most(scores: Mapping[str, Mapping[str, float]]) -> str | None:
    """The system that answered most questions, of equals the first."""
    return max(scores, key=lambda name: len(scores[name]), default=None)


def _beside(own: Mapping[str, float], fullest: Mapping[str, float]) -> float:
    gained = mean([score - fullest[name] for name, score in own.items() if name in fullest])
    if gained is None:
        return mean(own.values()) or 0.0
    return min(1.0, max(0.0, (mean(fullest.values()) or 0.0) + gained))


@dataclass(frozen=True, eq=False)
class ScoredAnswers(Sequence[ScoredAnswer]):
    """The answers of a system with their questions and scores, column by column; an item is one of them."""

    answers: Answers
    asked: Sequence[Asked]
    scores: Sequence[Mapping[str, float]]

    @classmethod
    def of(cls, some: Iterable[ScoredAnswer]) -> ScoredAnswers:
        """Scored answers as columns, in their order."""
        known = [*some]
        rows = Answers.of(answer.row for answer in known)
        return cls(rows, [answer.asked for answer in known], [answer.scores for answer in known])

    def by(self, metric: str) -> list[float | None]:
        """The scores by a metric; None of an answer that it leaves without one."""
        return [scores.get(metric) for scores in self.scores]

    def taken(self, places: Sequence[int]) -> ScoredAnswers:
        """The answers at these places, in this order."""
        asked, scores = self.asked, self.scores
        return ScoredAnswers(
            self.answers.taken(places),
            [asked[place] for place in places],
            [scores[place] for place in places],
        )

    @cached_property
    def by_metric(self) -> dict[str, PerQuestion]:
        """What `per_question` made of them: every figure asks for it."""
        return {}

    @cached_property
    def questions(self) -> dict[str, Asked]:
        """Question id → question, of each that was answered, in the order of the answers."""
        return dict(zip(self.answers.question_id, self.asked, strict=True))

    def __len__(self) -> int:
        return len(self.answers)

    def __iter__(self) -> Iterator[ScoredAnswer]:
        return map(ScoredAnswer, self.asked, self.answers, self.scores)

    @overload
    def __getitem__(self, place: int) -> ScoredAnswer: ...
    @overload
    def __getitem__(self, place: slice) -> ScoredAnswers: ...
    def __getitem__(self, place: int | slice) -> ScoredAnswer | ScoredAnswers:
        if isinstance(place, slice):
            return self.taken(range(len(self))[place])
        return ScoredAnswer(self.asked[place], self.answers[place], self.scores[place])


Scores = dict[Pair, ScoredAnswers]
Reply = tuple[str, tuple[float, ...] | None]
"""What was written, and the log-likelihoods of options."""
Replies = dict[str, dict[Reply, dict[str, float]]]
"""Question id → replies to it → scores: many systems give the same reply to a question."""


def score(
    answers: Answers,
    asked: Mapping[str, Asked],
    spec: TaskSpec | LmEvalSpec,
    known: Replies | None = None,
) -> ScoredAnswers:
    """Score answers of one task and system. `known`: what `score_replies` gave of these and others, if at hand."""
    known = score_replies([answers], asked, spec) if known is None else known
    columns = zip(
        answers.question_id, answers.prediction, answers.choice_logprobs, answers.metrics, strict=True
    )
    return ScoredAnswers(
        answers,
        [asked[name] for name in answers.question_id],
        [
            known[name][reply, likely] if metrics is None else stored_scores(metrics, spec)
            for name, reply, likely, metrics in columns
        ],
    )


def score_replies(
    some: Iterable[Answers], asked: Mapping[str, Asked], spec: TaskSpec | LmEvalSpec
) -> Replies:
    """Each different reply to a question once, question after question, so that its words are read once.

    Replies that the task's own code has scored, which may see more than the reply, are no part of it.
    """
    replies: Replies = {name: {} for name in asked}
    for answers in some:
        columns = zip(
            answers.question_id, answers.prediction, answers.choice_logprobs, answers.metrics, strict=True
        )
        for name, reply, likely, metrics in columns:
            if metrics is None:
                replies[name][reply, likely] = {}
    alike: dict[tuple[float, ...], dict[str, float]] = {}  # most are right or wrong alike: in memory once
    for name, found in replies.items():
        for text, likely in found:
            scores = reply_scores(text, likely, asked[name].question, spec)
            found[text, likely] = alike.setdefault(tuple(scores.values()), scores)
    return replies


def score_all(run: Evidence) -> Scores:
    """Every answer with its scores, by task and system, in the plan's order."""
    specs = {task: run.manifest.tasks[task].spec for task in run.tasks}
    asked = {task: run.questions.get(task, {}) for task in run.tasks}
    known = {
        task: score_replies(
            [run.answers[pair] for pair in run.planned if pair[0] == task], asked[task], specs[task]
        )
        for task in run.tasks
    }
    return {
        (task, name): score(run.answers[task, name], asked[task], specs[task], known[task])
        for task, name in run.planned
    }


def by_filter(scored: ScoredAnswers, primary: str, spec: TaskSpec | LmEvalSpec) -> dict[str, float | None]:
    """The mean of a metric under each filter of its task; empty where it has one filter.

    Every filter reads the same answers: where they part, the filter is what is measured.
    """
    metric = primary.partition(",")[0]
    stored = [metrics or {} for metrics in scored.answers.metrics]
    known = dict.fromkeys(name for metrics in stored for name in metrics)
    names = {name.partition(",")[2] or "none": name for name in known if name.partition(",")[0] == metric}
    if len(names) < 2:
        return {}
    found = {}
    for filter_, name in names.items():
        one = spec.model_copy(update={"metrics": (name,)})
        shares = replace(scored, scores=[stored_scores(metrics, one) for metrics in stored])
        found[filter_] = per_question(shares, name).mean
    return found


def per_question(scored: ScoredAnswers, metric: str) -> PerQuestion:
    """Question id → its score, the mean over the seeds that answered it; none by a metric that the task lacks."""
    if metric not in scored.by_metric:
        named = zip(scored.answers.question_id, scored.by(metric), strict=True)
        known = ((name, value) for name, value in named if value is not None)
        scored.by_metric[metric] = PerQuestion(means(known))
    return scored.by_metric[metric]


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


def groups(scored: ScoredAnswers, metric: str, clusters: Mapping[str, str]) -> dict[str, Estimate]:
    """The primary metric apart for facts that the training set holds or not, and for answerable questions or not.

    A group without questions is left out. One average over seen and unseen facts would hide their difference.
    """
    asked, values = scored.questions, per_question(scored, metric)
    members = {
        "fact_seen": {name for name, one in asked.items() if one.fact_seen is True},
        "fact_unseen": {name for name, one in asked.items() if one.fact_seen is False},
        "answerable": {name for name, one in asked.items() if one.question.answerable},
        "unanswerable": {name for name, one in asked.items() if not one.question.answerable},
    }
    return {
        group: estimate({name: value for name, value in values.items() if name in names}, clusters)
        for group, names in members.items()
        if names
    }


def differences(a: ScoredAnswers, b: ScoredAnswers, metric: str) -> dict[str, float]:
    """Question id → (b − a) in score, of the questions that both answered; seeds averaged before."""
    questions, values = per_question(b, metric).minus(per_question(a, metric))
    return dict(zip(questions, values.tolist(), strict=True))
