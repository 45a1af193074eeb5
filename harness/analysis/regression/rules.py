"""The rules of the gate: a row each. To add a rule, add its function and its row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from harness.analysis.regression import exact, losses, replies, slowdown
from harness.analysis.regression.changes import Cause
from harness.analysis.regression.findings import Ruling
from harness.analysis.regression.pairing import Rerun


class Tier(StrEnum):
    """What a rule compares: what has to be equal, an accuracy with its interval, a latency with its interval."""

    EXACT = "exact"
    ACCURACY = "accuracy"
    LATENCY = "latency"


class Expect(StrEnum):
    """What a check expects of a run: that nothing moved, or that something was changed and did no harm."""

    SAME = "same"
    CHANGE = "change"

    @property
    def deciding(self) -> tuple[Tier, ...]:
        """The tiers that decide; the others are only shown."""
        return (Tier.EXACT,) if self is Expect.SAME else (Tier.ACCURACY, Tier.LATENCY)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    `suspects`: what can move it; none where the rule is about an input itself, so that no cause has to be looked for.
    `fails_where`: a clause for people.
    """

    name: str
    tier: Tier
    judge: Callable[[Rerun], Ruling]
    suspects: tuple[Cause, ...]
    fails_where: str


# What was retrieved does not depend on the model that reads, nor the answer to an equal prompt of equal weights on the
# index, nor anything but dollars on a price.
_RETRIEVAL = (Cause.INDEX, Cause.SETTINGS, Cause.LIBRARY, Cause.MACHINE, Cause.PROGRAM)
_PROMPT = (
    Cause.MODEL, Cause.TRAINING, Cause.INDEX, Cause.PROMPT, Cause.SETTINGS, Cause.LIBRARY, Cause.PROGRAM
)  # fmt: skip
_REPLY = (Cause.SETTINGS, Cause.LIBRARY, Cause.MACHINE, Cause.PROGRAM)
_ALL = tuple(cause for cause in Cause if cause is not Cause.PRICE)

RULES = {
    rule.name: rule
    for rule in (
        Rule("model", Tier.EXACT, exact.model, (), "weights or dtype are not the same"),
        Rule("adapter", Tier.EXACT, exact.adapter, (), "a fine-tune answered with another adapter, or none"),
        Rule("index", Tier.EXACT, exact.index, (), "embedder, corpus or chunking are not the same"),
        Rule(
            "settings", Tier.EXACT, exact.task_settings, (),
            "decoding, retrieval, examples or training are set differently in the task file",
        ),
        Rule(
            "retrieved", Tier.EXACT, exact.retrieved, _RETRIEVAL,
            "a question got other passages, another order, or another number of them in the prompt",
        ),
        Rule("recall", Tier.EXACT, exact.recall_at_k, _RETRIEVAL, "recall@1, 3, 5 or 10 fell"),
        Rule(
            "prompts", Tier.EXACT, exact.prompts, _PROMPT,
            "a prompt that shows the same passages is not the same to the byte",
        ),
        Rule(
            "answers", Tier.EXACT, replies.answers, _REPLY,
            "the same weights read the same prompt and answered differently"
        ),
        Rule(
            "prices", Tier.EXACT, exact.same_prices, (), "the price list, or a hosted model's price, is not the same"
        ),
        Rule(
            "token_cost", Tier.EXACT, replies.token_cost, _ALL,
            "a query's tokens cost more on a hosted model (--price-as)",
        ),
        Rule(
            "accuracy", Tier.ACCURACY, losses.accuracy, _ALL,
            "the whole 95 % interval of the paired loss lies beyond --margin (0.02)",
        ),
        Rule(
            "latency", Tier.LATENCY, slowdown.latency, _ALL,
            "the whole 95 % interval of the slow-down, relative to base in the same run, lies beyond "
            "--latency-margin (1.25)",
        ),
    )
}  # fmt: skip
"""Name → rule, in the order in which they are judged and shown."""
