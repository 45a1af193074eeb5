"""Token prices of hosted models, by name, from the snapshot that the genai-prices package carries.

The snapshot is never updated over the network: the prices are those of the version that is installed, and a
run copies what it used into its manifest.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from importlib import metadata
from typing import TYPE_CHECKING

from harness.errors import InputError, collecting, nearest, raise_all
from harness.records import ApiPrice, PriceTier
from harness.spec.prices import PriceSheet

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo, ModelPrice, Provider, TieredPrices


def api_prices(names: Sequence[str], sheet: PriceSheet, on: datetime.date) -> tuple[ApiPrice, ...]:
    """Prices in force on a day, two a model: of the model as it is (`base`) and of its fine-tuned variant.

    A name is a model's (`gpt-4o-mini`) or provider and model (`openai:gpt-4o-mini`). `priced_on` is the newest
    date that the snapshot holds up to that day. Prices of a variant that nobody lists are None, with a
    `reason`. Raises InputErrors for unknown names, each with the nearest ones.
    """
    if not names:
        return ()
    from genai_prices.data_snapshot import get_snapshot

    snapshot = get_snapshot()
    source = f"genai-prices {metadata.version('genai-prices')}, the snapshot in the package"
    newest = _newest_date(snapshot, on)
    prices: list[ApiPrice] = []
    errors: list[InputError] = []
    for name in dict.fromkeys(names):
        with collecting(errors):
            provider, model, listed = _find(snapshot, name, on)
            base = ApiPrice(
                asked=name,
                model=model.id,
                provider=provider.id,
                kind="base",
                input_usd_per_mtok=None,
                output_usd_per_mtok=None,
                priced_on=newest,
                source=source,
            )
            prices += [_listed(base, listed), _fine_tuned(base, sheet, provider, model, on)]
    raise_all(errors)
    return tuple(prices)


def _find(snapshot: DataSnapshot, name: str, on: datetime.date) -> tuple[Provider, ModelInfo, ModelPrice]:
    provider_id, colon, of_provider = name.partition(":")
    known = bool(colon) and any(provider.id == provider_id for provider in snapshot.providers)
    wanted = (of_provider, provider_id) if known else (name, None)
    try:
        provider, model = snapshot.find_provider_model(wanted[0], None, wanted[1], None)
    except LookupError:
        raise InputError(f"no price of an API model {name!r} is known; {_hint(snapshot, name)}") from None
    prices = model.get_prices(_noon(on))
    if prices.input_mtok is None or prices.output_mtok is None:
        raise InputError(f"{provider.id} lists no price of tokens for {model.id!r}; name another API model.")
    return provider, model, prices


def _hint(snapshot: DataSnapshot, name: str) -> str:
    known = dict.fromkeys(_names(snapshot.providers, with_provider=":" in name))
    near = nearest(name, known, 3, cutoff=0.5)
    if not near:
        return "write one such as gpt-4o-mini or anthropic:claude-sonnet-4-5."
    return f"the nearest names are {', '.join(near)}."


def _names(providers: Iterable[Provider], *, with_provider: bool) -> Iterator[str]:
    """Names that can be looked up: alone where the model's name tells the provider, else with it."""
    for provider in providers:
        for model in provider.models:
            if not model.id.startswith("ft:"):
                alone = provider.model_match is not None and provider.model_match.is_match(model.id)
                yield model.id if alone and not with_provider else f"{provider.id}:{model.id}"


def _noon(day: datetime.date) -> datetime.datetime:
    """A time of that day at which no provider's off-peak price is in force."""
    return datetime.datetime.combine(day, datetime.time(12), tzinfo=datetime.UTC)


def _listed(price: ApiPrice, prices: ModelPrice) -> ApiPrice:
    """The price with the tokens as the snapshot lists them."""

    def tier(above: int, prompt_tokens: int) -> PriceTier:
        return PriceTier(
            above_prompt_tokens=above,
            input_usd_per_mtok=_at(prices.input_mtok, prompt_tokens),
            output_usd_per_mtok=_at(prices.output_mtok, prompt_tokens),
            cached_usd_per_mtok=_at(prices.cache_read_mtok, prompt_tokens),
        )

    lowest = tier(0, 0)
    of_tokens = (prices.input_mtok, prices.output_mtok, prices.cache_read_mtok)
    starts = sorted({step.start for listed in of_tokens for step in getattr(listed, "tiers", ())})
    return replace(
        price,
        input_usd_per_mtok=lowest.input_usd_per_mtok,
        output_usd_per_mtok=lowest.output_usd_per_mtok,
        cached_usd_per_mtok=lowest.cached_usd_per_mtok,
        per_request_usd=(_at(prices.requests_kcount, 0) or 0.0) / 1000,
        tiers=tuple(tier(start, start + 1) for start in starts),
    )


def _at(price: Decimal | TieredPrices | None, prompt_tokens: int) -> float | None:
    """The price that holds for a request of so many prompt tokens."""
    if price is None or isinstance(price, Decimal):
        return None if price is None else float(price)
    passed = [tier.price for tier in price.tiers if prompt_tokens > tier.start]
    return float(passed[-1] if passed else price.base)


def _fine_tuned(
    base: ApiPrice, sheet: PriceSheet, provider: Provider, model: ModelInfo, on: datetime.date
) -> ApiPrice:
    """The fine-tuned variant: the sheet's prices where it has them, else the snapshot's, else none and why."""
    listed = next((m for m in provider.models if m.id.rstrip("-") == f"ft:{model.id}"), None)
    entries = sheet.api_fine_tuned or ()
    entry = next((e for e in entries if (e.model, e.provider) == (model.id, provider.id)), None)
    price = replace(
        base,
        kind="fine-tuned",
        priced_on=None,
        source=None,
        training_usd_per_mtok=entry.training_usd_per_mtok if entry else None,
        training_source=f"{entry.source} ({entry.date})" if entry else None,
    )
    if entry and entry.input_usd_per_mtok is not None and entry.output_usd_per_mtok is not None:
        return replace(
            price,
            input_usd_per_mtok=entry.input_usd_per_mtok,
            output_usd_per_mtok=entry.output_usd_per_mtok,
            priced_on=entry.date,
            source=entry.source,
        )
    if listed:
        price = replace(price, priced_on=base.priced_on, source=base.source)
        return _listed(price, listed.get_prices(_noon(on)))
    reason = f"neither the price list nor genai-prices has a price of a fine-tuned {model.id}"
    return replace(price, reason=reason)


def _newest_date(snapshot: DataSnapshot, on: datetime.date) -> str | None:
    """The newest date from which a price of the snapshot holds, up to that day: how old it may be at most."""
    dated = [
        constraint.start_date
        for provider in snapshot.providers
        for model in provider.models
        for price in [
            *(model.prices if isinstance(model.prices, list) else ()),
            *(model.price_variants or ()),
        ]
        if (constraint := price.constraint) is not None and hasattr(constraint, "start_date")
    ]
    passed = [day for day in dated if day <= on]
    return str(max(passed)) if passed else None
