"""The table of metrics. A metric is one row: task files, scores, exports, reports and docs all go by it.

A score is from 0 to 1, and more is better.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from harness.records import Question
from harness.scoring import choice, kinds, refusal, squad, structured, text

AnswerType = Literal["text", "label", "json", "choice"]


class Scored(NamedTuple):
    """What a metric sees: the reply, its question, and how the task has a model refuse."""

    prediction: str
    question: Question
    refusal: str | None = None
    choice_logprobs: tuple[float, ...] | None = None

    @property
    def refused(self) -> bool:
        return refusal.is_refusal(self.prediction, self.refusal)


@dataclass(frozen=True, slots=True)
class Metric:
    """One way to score a reply. `meaning` completes "right where …"."""

    name: str
    fits: AnswerType
    meaning: str
    function: Callable[..., float]
    """Of a reply and the right answers; where it judges options, of these, their log-likelihoods and the answers."""
    judges: Literal["reply", "options", "refusal"] = "reply"
    takes: tuple[str, ...] = ("answers",)
    """What of a question the function is given behind the reply."""
    graded: bool = False
    """Whether a score may lie between 0 and 1."""
    lm_eval: str | None = None
    """lm-eval's own metric that gives the same scores, where there is one."""

    def score(self, scored: Scored) -> float:
        """The score of one reply.

        A refusal is right where the question is unanswerable, and only there; one that goes on to answer is right
        nowhere. A reply to a question with choices is the text of an option, and right or wrong as a whole: "Lake
        Geneva" does not contain the answer "Geneva".
        """
        question, logprobs = scored.question, scored.choice_logprobs
        if self.judges == "refusal":
            return float(scored.refused != question.answerable)
        if not question.answerable:
            return float(scored.refused)
        if self.judges == "options" and question.choices and logprobs:
            return self.function(question.choices, logprobs, question.answers)
        if self.judges == "options" or question.choices:
            return float(choice.is_right(scored.prediction, question.answers))
        if scored.refusal and refusal.gives_up(scored.prediction, question.answers, scored.refusal):
            return 0.0
        return self.function(scored.prediction, *[getattr(question, key) for key in self.takes])


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("contains", "text", "an answer stands in the reply as whole words", text.contains),
        Metric("exact_match", "text", "the reply is an answer", text.exact_match),
        Metric(
            "kind_match", "text",
            "as the question asks: all `parts` stand in the reply, its number is within `tolerance`, it says yes or "
            "no, its `pattern` is found; else as `contains`",
            kinds.kind_match, takes=("answers", "parts", "tolerance", "pattern"),
        ),
        Metric("f1", "text", "graded: words that reply and answer share", text.f1, graded=True),
        Metric("squad_exact_match", "text", "as by SQuAD's script: the reply is an answer", squad.squad_exact_match),
        Metric(
            "squad_f1", "text", "graded, as by SQuAD's script: words that reply and answer share", squad.squad_f1,
            graded=True,
        ),
        Metric(
            "refusal", "text", "the reply is the refusal exactly where the question is unanswerable",
            refusal.is_refusal, judges="refusal",
        ),
        Metric("label", "label", "the reply, stripped, is the label", structured.label, lm_eval="exact_match"),
        Metric(
            "exact_json", "json", "the reply parses and equals an answer; order of keys does not count",
            structured.exact_json,
        ),
        Metric(
            "json_fields", "json", "graded: the share of fields, of reply and answer together, that are equal",
            structured.json_fields, graded=True,
        ),
        Metric("json_valid", "json", "the reply parses", structured.json_valid),
        Metric(
            "choice", "choice", "the option with the highest log-likelihood is right", choice.by_likelihood,
            judges="options", lm_eval="acc",
        ),
        Metric(
            "choice_per_char", "choice", "the same per character of the option", choice.per_character,
            judges="options", lm_eval="acc_norm",
        ),
    )
}  # fmt: skip


def metrics_for(answers: AnswerType) -> list[str]:
    """The names of the metrics that can score answers of a type."""
    return [metric.name for metric in METRICS.values() if metric.fits == answers]


RIGHT_OR_WRONG = frozenset({"acc", "acc_norm", "acc_bytes", "acc_mutual_info", "exact_match"})
"""lm-eval's metrics that are always 0 or 1; its others may be anything between."""


def is_graded(metric: str | None) -> bool:
    """Whether an answer can be partly right by a metric, so that its mean is no share of right answers."""
    if metric is None:
        return False
    if metric in METRICS:
        return METRICS[metric].graded
    return metric.partition(",")[0] not in RIGHT_OR_WRONG
