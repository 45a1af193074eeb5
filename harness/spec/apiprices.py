"""Token prices of hosted models, by name, from the snapshot that the genai-prices package carries.

The snapshot is never updated over the network: the prices are those of the version that is installed, and a
run copies what it used into its manifest.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from importlib import metadata
from typing import TYPE_CHECKING, Any

from harness.errors import InputError, nearest, raise_all
from harness.spec.prices import FineTunedPrice, PriceSheet

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo, ModelPrice, Provider, TieredPrices

NEAREST = 3
"""How many names stand in the message about an unknown one."""
_KEYS = {
    "input_usd_per_mtok": "input_mtok",
    "cached_usd_per_mtok": "cache_read_mtok",
    "output_usd_per_mtok": "output_mtok",
}
_NO_PRICE: dict[str, Any] = {**dict.fromkeys(_KEYS), "per_request_usd": 0.0, "tiers": []}


def api_prices(names: Sequence[str], sheet: PriceSheet, on: datetime.date) -> list[dict[str, Any]]:
    """Prices in force on a day, two records a model: as it is (`base`) and its fine-tuned variant.

    A name is a model's (`gpt-4o-mini`) or provider and model (`openai:gpt-4o-mini`). A record's `priced_on` is the
    newest date that the snapshot holds up to that day. Prices of a variant that nobody lists are None, with a
    `reason`. Raises InputErrors for unknown names, each with the nearest ones.
    """
    if not names:
        return []
    from genai_prices.data_snapshot import get_snapshot

    snapshot = get_snapshot()
    origin = {
        "priced_on": _newest_date(snapshot, on),
        "source": f"genai-prices {metadata.version('genai-prices')}, the snapshot in the package",
    }
    records: list[dict[str, Any]] = []
    errors: list[InputError] = []
    for name in dict.fromkeys(names):
        try:
            provider, model, prices = _find(snapshot, name, on)
        except InputError as error:
            errors.append(error)
            continue
        about = {"asked": name, "model": model.id, "provider": provider.id}
        base = {**_tokens(prices), "training_usd_per_mtok": None, "training_source": None, **origin}
        records.append({**about, "kind": "base", **base, "reason": None})
        records.append({**about, "kind": "fine-tuned", **_variant(sheet, provider, model, on, origin)})
    raise_all(errors)
    return records


def _find(snapshot: DataSnapshot, name: str, on: datetime.date) -> tuple[Provider, ModelInfo, ModelPrice]:
    provider_id, colon, of_provider = name.partition(":")
    known = bool(colon) and any(provider.id == provider_id for provider in snapshot.providers)
    try:
        if known:
            provider, model = snapshot.find_provider_model(of_provider, None, provider_id, None)
        else:
            provider, model = snapshot.find_provider_model(name, None, None, None)
    except LookupError:
        raise InputError(f"no price of an API model {name!r} is known; {_hint(snapshot, name)}") from None
    prices = model.get_prices(_noon(on))
    if prices.input_mtok is None or prices.output_mtok is None:
        raise InputError(f"{provider.id} lists no price of tokens for {model.id!r}; name another API model.")
    return provider, model, prices


def _hint(snapshot: DataSnapshot, name: str) -> str:
    known = dict.fromkeys(_names(snapshot.providers, with_provider=":" in name))
    near = nearest(name, known, NEAREST, cutoff=0.5)
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


def _tokens(prices: ModelPrice) -> dict[str, Any]:
    """Dollars a million tokens and a request. `tiers`: what all tokens cost above so many prompt tokens."""
    given: dict[str, Decimal | TieredPrices | None] = {
        name: getattr(prices, key) for name, key in _KEYS.items()
    }
    starts = sorted({tier.start for price in given.values() for tier in getattr(price, "tiers", ())})
    return {
        **{name: _at(price, 0) for name, price in given.items()},
        "per_request_usd": (_at(prices.requests_kcount, 0) or 0.0) / 1000,
        "tiers": [
            {"above_prompt_tokens": start, **{name: _at(price, start + 1) for name, price in given.items()}}
            for start in starts
        ],
    }


def _at(price: Decimal | TieredPrices | None, prompt_tokens: int) -> float | None:
    """The price that holds for a request of so many prompt tokens."""
    if price is None or isinstance(price, Decimal):
        return None if price is None else float(price)
    passed = [tier.price for tier in price.tiers if prompt_tokens > tier.start]
    return float(passed[-1] if passed else price.base)


def _variant(
    sheet: PriceSheet, provider: Provider, model: ModelInfo, on: datetime.date, origin: dict[str, Any]
) -> dict[str, Any]:
    """The fine-tuned variant: the sheet's prices where it has them, else the snapshot's, else none and why."""
    listed = next((m for m in provider.models if m.id.rstrip("-") == f"ft:{model.id}"), None)
    entries = sheet.api_fine_tuned or ()
    entry = next((e for e in entries if (e.model, e.provider) == (model.id, provider.id)), None)
    training = {
        "training_usd_per_mtok": entry.training_usd_per_mtok if entry else None,
        "training_source": f"{entry.source} ({entry.date})" if entry else None,
    }
    if entry and entry.input_usd_per_mtok is not None and entry.output_usd_per_mtok is not None:
        return {**_NO_PRICE, **_from_sheet(entry), **training, "reason": None}
    if listed:
        return {**_tokens(listed.get_prices(_noon(on))), **training, **origin, "reason": None}
    reason = f"neither the price sheet nor genai-prices has a price of a fine-tuned {model.id}"
    return {**_NO_PRICE, **training, **dict.fromkeys(origin), "reason": reason}


def _from_sheet(entry: FineTunedPrice) -> dict[str, Any]:
    return {
        "input_usd_per_mtok": entry.input_usd_per_mtok,
        "output_usd_per_mtok": entry.output_usd_per_mtok,
        "priced_on": entry.date,
        "source": entry.source,
    }


def _newest_date(snapshot: DataSnapshot, on: datetime.date) -> str | None:
    """The newest date from which a price of the snapshot holds, up to that day: how old it may be at most."""
    dated = [
        constraint.start_date
        for provider in snapshot.providers
        for model in provider.models
        for one in [*(model.prices if isinstance(model.prices, list) else ()), *(model.price_variants or ())]
        if (constraint := one.constraint) is not None and hasattr(constraint, "start_date")
    ]
    passed = [day for day in dated if day <= on]
    return str(max(passed)) if passed else None
