"""The table of metrics: a name and a pure function of one answered question, in [0, 1], more is better."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from harness.records import Question
from harness.scoring import choice, structured, text


@dataclass(frozen=True, slots=True)
class Scored:
    """What a metric sees: the reply, its question, and how the task has a model refuse."""

    prediction: str
    question: Question
    refusal: str | None = None
    choice_logprobs: tuple[float, ...] | None = None

    @property
    def refused(self) -> bool:
        return text.is_refusal(self.prediction, self.refusal)


Metric = Callable[[Scored], float]


def _of_reply(metric: Callable[[str, Iterable[str]], float]) -> Metric:
    """A metric of the reply alone: a refusal is right where the question is unanswerable, and only there.

    A reply to a question with choices is the text of an option, and an option is right or wrong as a whole:
    "Lake Geneva" does not contain the answer "Geneva".
    """

    def measure(scored: Scored) -> float:
        if not scored.question.answerable:
            return float(scored.refused)
        if scored.question.choices:
            return float(choice.is_right(scored.prediction, scored.question.answers))
        return metric(scored.prediction, scored.question.answers)

    return measure


def _of_choice(metric: Callable[[Sequence[str], Sequence[float], Iterable[str]], float]) -> Metric:
    """A metric of the options' log-likelihoods; without them the reply itself is the option chosen."""

    def measure(scored: Scored) -> float:
        question, logprobs = scored.question, scored.choice_logprobs
        if not question.answerable:
            return float(scored.refused)
        if not question.choices or not logprobs:
            return float(choice.is_right(scored.prediction, question.answers))
        return metric(question.choices, logprobs, question.answers)

    return measure


def _refusal(scored: Scored) -> float:
    return float(scored.refused != scored.question.answerable)


GRADED = frozenset({"f1"})
"""Metrics that may be anything from 0 to 1; by the others an answer is right or wrong."""
RIGHT_OR_WRONG = frozenset({"acc", "acc_norm", "acc_bytes", "acc_mutual_info", "exact_match"})
"""Those of lm-eval's that are never in between; of any other of them nothing is known."""


def is_graded(metric: str | None) -> bool:
    """Whether answers can be partly right by a metric, so that its mean is no share of right answers."""
    if metric is None:
        return False
    return metric in GRADED or (metric not in METRICS and metric.partition(",")[0] not in RIGHT_OR_WRONG)


METRICS: dict[str, Metric] = {
    "contains": _of_reply(text.contains),
    "exact_match": _of_reply(text.exact_match),
    "f1": _of_reply(text.f1),
    "refusal": _refusal,
    "label": _of_reply(structured.label),
    "exact_json": _of_reply(structured.exact_json),
    "json_valid": lambda scored: structured.json_valid(scored.prediction),
    "choice": _of_choice(choice.by_likelihood),
    "choice_per_char": _of_choice(choice.per_character),
}
