"""Trivial baselines: one reply to every question, without any model, and what each system is worth beyond it.

A constant reply that many questions accept (the majority label, the usual refusal) reaches an accuracy that looks like
skill. The constants are chosen with the test answers in view, which makes them as hard to beat as a constant known
beforehand can be: a system that is not above the best of them by its whole interval has shown nothing that one
reply to everything cannot do.

One reply is one answer of the task. A reply that lists many of them is no baseline but a fault, which the
validity check `listed_candidates` looks for.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from harness.analysis.accuracy import PerQuestion, ScoredAnswers, estimate, per_question
from harness.analysis.evidence import Evidence
from harness.analysis.results.baselines import Baseline, OverTrivial, best_baseline
from harness.analysis.statistics.clusters import design_of
from harness.analysis.statistics.paired import compare
from harness.analysis.statistics.power import fewest, questions_in_all, rounded_up
from harness.records import Question
from harness.run.scores import refusal_of
from harness.scoring.table import METRICS, Metric, Scored
from harness.spec.lmevalspec import LmEvalSpec

MOST_FREQUENT = 3
"""How many of the most frequent answers of test, and of train, are tried as the constant."""
OF_LM_EVAL = {metric.lm_eval: metric for metric in METRICS.values() if metric.fits == "choice"}
"""lm-eval's metrics that an option can be scored by; its others run the task's own code on a model's reply."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A reply that does not depend on what is asked. `kind` names the baseline; `reply` is what people read of it.

    `place`: of the option among each question's own choices; None where the reply is the same text for all.
    """

    kind: str
    reply: str
    place: int | None = None

    def to(self, question: Question) -> str:
        """The reply to a question; nothing where it has no option at that place."""
        if self.place is None:
            return self.reply
        return question.choices[self.place] if self.place < len(question.choices) else ""


@dataclass(frozen=True, slots=True)
class Trivial:
    """The trivial baselines of a task, and what systems are worth beyond the best of them by `metric`.

    `scores`: name of a baseline → metric → question id → score.
    """

    baselines: tuple[Baseline, ...]
    scores: Mapping[str, Mapping[str, PerQuestion]]
    metric: str
    clusters: Mapping[str, str]

    def under(self, metric: str) -> Trivial:
        """The same constants judged by another metric of the task."""
        rows = [row for row in self.baselines if metric in row.metrics]
        judged = [replace(row, metric=metric, estimate=row.metrics[metric]) for row in rows]
        return replace(self, baselines=tuple(judged), metric=metric)

    @property
    def best(self) -> Baseline | None:
        """The one that systems are held against."""
        return best_baseline(self.baselines)

    def beaten_by(self, scored: ScoredAnswers) -> OverTrivial | None:
        """A system against the best baseline on the questions it answered; None without a baseline or answers."""
        own, best = per_question(scored, self.metric), self.best
        if best is None or not own:
            return None
        questions, ahead = own.minus(self.scores[best.name][self.metric])
        design = design_of(self.clusters, questions)
        difference = compare(ahead, design)
        low = difference.ci_low
        beats = low is not None and low > 0
        short = not beats and (difference.delta or 0.0) > 0 and design.clusters >= fewest()
        needed = questions_in_all(np.asarray(ahead), design, 0.0) if short else None
        return OverTrivial(
            baseline=best.name,
            metric=self.metric,
            n=difference.n,
            delta=difference.delta,
            ci_low=low,
            ci_high=difference.ci_high,
            p=difference.p,
            beats=beats,
            questions_more=None if needed is None else rounded_up(needed - design.n),
        )


def trivial(run: Evidence, task: str, metric: str, clusters: Mapping[str, str]) -> Trivial:
    """The best constant of each kind by `metric`, scored on every test question by each of the task's metrics.

    None where the task's own code scores replies (tasks of lm-eval's without choices).
    """
    spec = run.manifest.tasks[task].spec
    labels = None if isinstance(spec, LmEvalSpec) else spec.answer.labels
    known = {
        name: _rule(name, lm_eval=isinstance(spec, LmEvalSpec)) for name in run.manifest.tasks[task].metrics
    }
    rules = {name: rule for name, rule in known.items() if rule}
    test = run.test_questions(task)
    if metric not in rules or not test:
        return Trivial((), {}, metric, clusters)
    train = run.training_questions(task)
    refusal = refusal_of(spec)
    alike: dict[tuple[object, ...], list[Question]] = {}
    for question in test:
        alike.setdefault(_sight(question, rules.values()), []).append(question)
    names, first = [question.id for question in test], [*alike.values()]
    place = {question.id: place for place, some in enumerate(first) for question in some}

    @cache
    def scores(constant: Constant, name: str) -> PerQuestion:
        """Of questions that are alike to every metric one is scored: a label is right for many."""
        rule = rules[name]
        judged = [rule.score(Scored(constant.to(some[0]), some[0], refusal)) for some in first]
        return PerQuestion({name: judged[place[name]] for name in names})

    best: dict[str, tuple[float, Constant]] = {}
    for constant in _constants(test, train, refusal, labels):
        total = math.fsum(scores(constant, metric).values())
        if constant.kind not in best or total > best[constant.kind][0]:
            best[constant.kind] = total, constant
    scored = {kind: {name: scores(constant, name) for name in rules} for kind, (_, constant) in best.items()}
    rows = []
    for kind, (_, constant) in best.items():
        estimates = {name: estimate(by_question, clusters) for name, by_question in scored[kind].items()}
        rows.append(Baseline(kind, constant.reply, metric, estimates[metric], estimates))
    return Trivial(tuple(rows), scored, metric, clusters)


def _sight(question: Question, rules: Iterable[Metric]) -> tuple[object, ...]:
    """All that metrics see of a question."""
    taken = (getattr(question, key) for rule in rules for key in rule.takes)
    return question.answerable, question.choices, question.answers, *taken


def _rule(metric: str, *, lm_eval: bool) -> Metric | None:
    """How a constant is scored by a metric of the task; None where only the task's own code can."""
    return OF_LM_EVAL.get(metric.partition(",")[0]) if lm_eval else METRICS.get(metric)


def _constants(
    test: Sequence[Question], train: Sequence[Question], refusal: str | None, labels: Sequence[str] | None
) -> Iterator[Constant]:
    """Everything that is tried, in an order that does not depend on that of the questions."""
    choices = max((len(question.choices) for question in test), default=0)
    if labels is None:
        replies = dict.fromkeys([*_frequent(test, bool(choices)), *_frequent(train, bool(choices))])
    else:
        replies = dict.fromkeys(labels)
    kind = "constant_answer" if labels is None else "majority_label"
    yield from (Constant(kind, reply) for reply in replies)
    if refusal and not all(question.answerable for question in test):
        yield Constant("constant_refusal", refusal)
    yield from (Constant("constant_option", f"option {place + 1}", place) for place in range(choices))


def _frequent(questions: Iterable[Question], repeated: bool) -> list[str]:
    """The answers that most questions accept, of equals the first in the alphabet; `repeated`: by two at least."""
    counts = Counter(answer for question in questions for answer in dict.fromkeys(question.answers))
    ranked = sorted(counts, key=lambda answer: (-counts[answer], answer))
    return [answer for answer in ranked if counts[answer] > 1 or not repeated][:MOST_FREQUENT]
