"""What the measured behaviour would cost on a hosted model: the same token counts at that model's prices.

A projection, and labelled so: nobody asked the hosted model, whose tokenizer counts otherwise, whose answers may be
longer, and whose accuracy is another. Systems on base weights are priced as the model is, adapted ones as its
fine-tuned variant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from harness.analysis.answers import Answers
from harness.analysis.results.money import Projection
from harness.analysis.statistics.intervals import mean
from harness.records import ApiPrice, PromptSample
from harness.spec.prices import PromptCachePrice
from harness.spec.tokenusd import request_usd

LABEL = "projection"
_CONTENT = re.compile(r"%%\d+%%")


@dataclass(frozen=True, slots=True)
class SharedPrefix:
    """The front that all prompts of a system have in common, and what of it a hosted model bills as cached, tokens."""

    tokens: int
    cached: int


def shared_prefix(
    sample: PromptSample | None, answers: Answers, cache: PromptCachePrice
) -> SharedPrefix | None:
    """From the prompt that a run keeps: all before its last message, which holds the question and its passages.

    Tokens by the share of characters. None where the prompt is not kept, or is no conversation.
    """
    row = answers.first_to(sample.question_id) if sample else None
    if sample is None or row is None or not sample.messages or not sample.text:
        return None
    pieces = _CONTENT.split(sample.skeleton)
    before_last = pieces[-2] if len(pieces) == sample.messages + 1 else ""
    place = sample.text.rfind(before_last)
    if not before_last or place < 0:
        return None
    tokens = row.prompt_tokens * (place + len(before_last)) // len(sample.text)
    steps = (tokens - cache.least_tokens) // cache.step_tokens
    return SharedPrefix(tokens, cache.least_tokens + steps * cache.step_tokens if steps >= 0 else 0)


def projections(
    prices: Sequence[ApiPrice],
    answers: Answers,
    *,
    adapted: bool,
    train_tokens: int | None = None,
    in_house: bool = False,
    prefix: SharedPrefix | None = None,
) -> tuple[Projection, ...]:
    """One for each hosted model that the run was priced as. `per_query_usd` None: `reason` says why.

    `missed` names the requirements that rule it out as a way to serve: `in_house`, where data may not leave
    machines of one's own. Nothing else can be held against it, since it was not measured.
    `cached_per_query_usd`: with the `prefix` that all prompts share billed as cached, as it is after the first one.
    `training_usd` is one training on `train_tokens` tokens (all epochs), where a price of that is known.
    """
    kind = "fine-tuned" if adapted else "base"
    return tuple(
        _projection(price, answers, train_tokens, in_house, prefix) for price in prices if price.kind == kind
    )


def _projection(
    price: ApiPrice,
    answers: Answers,
    train_tokens: int | None,
    in_house: bool,
    prefix: SharedPrefix | None,
) -> Projection:
    tokens = [*zip(answers.prompt_tokens, answers.completion_tokens, strict=True)]
    known = [request_usd(price, prompt, completion) for prompt, completion in tokens]
    costs = [cost for cost in known if cost is not None]
    cached = (
        [request_usd(price, prompt, completion, prefix.cached) or 0.0 for prompt, completion in tokens]
        if costs and prefix
        else []
    )
    training = price.training_usd_per_mtok
    return Projection(
        model=price.model,
        provider=price.provider,
        kind=price.kind,
        label=LABEL,
        per_query_usd=mean(costs),
        cached_per_query_usd=mean(cached),
        shared_prefix_tokens=prefix.tokens if prefix else None,
        cached_tokens=prefix.cached if prefix else None,
        machine_cheaper_from=None,
        n=len(costs),
        input_usd_per_mtok=price.input_usd_per_mtok,
        output_usd_per_mtok=price.output_usd_per_mtok,
        training_usd=None if training is None or train_tokens is None else train_tokens / 1e6 * training,
        priced_on=price.priced_on,
        source=price.source,
        reason=price.reason or (None if answers else "nothing was answered"),
        feasible=not in_house,
        missed=("in_house",) if in_house else (),
    )
