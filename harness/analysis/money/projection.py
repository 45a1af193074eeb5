"""What the measured behaviour would cost on a hosted model: the same token counts at that model's prices.

A projection, and labelled so: nobody asked the hosted model, whose tokenizer counts otherwise, whose answers may be
longer, and whose accuracy is another. Systems on base weights are priced as the model is, adapted ones as its
fine-tuned variant.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.analysis.money.economics import api_cost
from harness.analysis.results.money import Projection
from harness.analysis.statistics.intervals import mean
from harness.records import AnswerRow, ApiPrice

LABEL = "projection"


def projections(
    prices: Sequence[ApiPrice],
    answers: Sequence[AnswerRow],
    *,
    adapted: bool,
    train_tokens: int | None = None,
    in_house: bool = False,
) -> tuple[Projection, ...]:
    """One for each hosted model that the run was priced as. `per_query_usd` None: `reason` says why.

    `missed` names the requirements that rule it out as a way to serve: `in_house`, where data may not leave
    machines of one's own. Nothing else can be held against it, since it was not measured.
    `training_usd` is one training on `train_tokens` tokens (all epochs), where a price of that is known.
    """
    kind = "fine-tuned" if adapted else "base"
    return tuple(
        _projection(price, answers, train_tokens, in_house) for price in prices if price.kind == kind
    )


def _projection(
    price: ApiPrice, answers: Sequence[AnswerRow], train_tokens: int | None, in_house: bool
) -> Projection:
    costs = [cost for row in answers if (cost := request_usd(price, row)) is not None]
    training = price.training_usd_per_mtok
    return Projection(
        model=price.model,
        provider=price.provider,
        kind=price.kind,
        label=LABEL,
        per_query_usd=mean(costs),
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


def request_usd(price: ApiPrice, row: AnswerRow) -> float | None:
    """One answer's price; all its tokens are charged at the tier that its prompt reaches."""
    passed = [tier for tier in price.tiers if row.prompt_tokens > tier.above_prompt_tokens]
    tier = passed[-1] if passed else price
    if tier.input_usd_per_mtok is None or tier.output_usd_per_mtok is None:
        return None
    tokens = api_cost(
        row.prompt_tokens, row.completion_tokens, tier.input_usd_per_mtok, tier.output_usd_per_mtok
    )
    return tokens + price.per_request_usd
