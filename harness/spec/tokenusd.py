"""What the tokens of a request cost: the one formula, of estimates, limits, bills and projections. Light."""

from __future__ import annotations

from harness.records import ApiPrice


def api_cost(
    prompt_tokens: float,
    completion_tokens: float,
    input_usd_per_mtok: float,
    output_usd_per_mtok: float,
    cached_tokens: float = 0.0,
    cached_usd_per_mtok: float | None = None,
) -> float:
    """c = (prompt − cached)·p_in + cached·p_cached + completion·p_out; prices in dollars a million tokens.

    Without a price of cached tokens they cost what others do.
    """
    cached_price = input_usd_per_mtok if cached_usd_per_mtok is None else cached_usd_per_mtok
    return (
        (prompt_tokens - cached_tokens) * input_usd_per_mtok
        + cached_tokens * cached_price
        + completion_tokens * output_usd_per_mtok
    ) / 1e6


def request_usd(price: ApiPrice, prompt: int, completion: int, cached: int = 0) -> float | None:
    """Dollars of one request, `cached` tokens of its prompt among them; None where a price is not known.

    All its tokens are charged at the tier that its prompt reaches.
    """
    passed = [tier for tier in price.tiers if prompt > tier.above_prompt_tokens]
    tier = passed[-1] if passed else price
    if tier.input_usd_per_mtok is None or tier.output_usd_per_mtok is None:
        return None
    tokens = api_cost(
        prompt,
        completion,
        tier.input_usd_per_mtok,
        tier.output_usd_per_mtok,
        min(cached, prompt),
        tier.cached_usd_per_mtok,
    )
    return tokens + price.per_request_usd
