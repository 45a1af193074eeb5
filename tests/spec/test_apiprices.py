"""Prices of hosted models by name, from the package's snapshot and without a network.

The snapshot changes with its package, so these tests ask for what was published and stays: GPT-4's price, which the
method quotes, and that a fine-tuned GPT-4o mini costs more than the model itself.
"""

from __future__ import annotations

import datetime
import socket
from typing import Any

import pytest

from harness.errors import InputErrors
from harness.files import read_json, to_json
from harness.records import ApiPrice
from harness.spec.apiprices import api_prices
from harness.spec.prices import FineTunedPrice, PriceSheet, load_prices
from harness.spec.tokenusd import api_cost

DAY = datetime.date(2026, 11, 25)


@pytest.fixture
def sheet() -> PriceSheet:
    return load_prices()


def prices(sheet: PriceSheet, *names: str) -> tuple[ApiPrice, ...]:
    return api_prices(names, sheet, DAY)


def test_gpt_4_costs_what_the_method_says(sheet: PriceSheet) -> None:
    base, _ = prices(sheet, "gpt-4")
    assert (base.model, base.provider, base.kind) == ("gpt-4", "openai", "base")
    assert api_cost(500, 500, base.input_usd_per_mtok, base.output_usd_per_mtok) == pytest.approx(0.045)
    assert base.source.startswith("genai-prices ")
    assert datetime.date(2026, 1, 1) < datetime.date.fromisoformat(base.priced_on) <= DAY


def test_a_fine_tuned_variant_is_found_in_the_snapshot(sheet: PriceSheet) -> None:
    base, tuned = prices(sheet, "gpt-4o-mini")
    assert (tuned.model, tuned.kind, tuned.reason) == ("gpt-4o-mini", "fine-tuned", None)
    assert tuned.input_usd_per_mtok > base.input_usd_per_mtok > 0
    assert tuned.training_usd_per_mtok == 3.0
    assert "recheck" in tuned.training_source


def test_the_sheet_goes_before_the_snapshot(sheet: PriceSheet) -> None:
    own = FineTunedPrice(
        model="gpt-4o-mini", provider="openai", input_usd_per_mtok=0.2, output_usd_per_mtok=0.9,
        source="our contract", date="2026-02-03",
    )  # fmt: skip
    _, tuned = prices(sheet.model_copy(update={"api_fine_tuned": (own,)}), "gpt-4o-mini")
    assert (tuned.input_usd_per_mtok, tuned.output_usd_per_mtok) == (0.2, 0.9)
    assert (tuned.priced_on, tuned.source) == ("2026-02-03", "our contract")
    assert tuned.training_usd_per_mtok is None


def test_a_variant_that_nobody_lists_has_no_price_and_says_so(sheet: PriceSheet) -> None:
    base, tuned = prices(sheet, "anthropic:claude-sonnet-4-5")
    assert (base.provider, base.reason) == ("anthropic", None)
    assert (tuned.input_usd_per_mtok, tuned.priced_on, tuned.source) == (None, None, None)
    assert "no" in tuned.reason or "neither" in tuned.reason
    assert "claude-sonnet-4-5" in tuned.reason


def test_a_price_that_rises_with_the_prompt_keeps_its_tiers(sheet: PriceSheet) -> None:
    base, _ = prices(sheet, "claude-sonnet-4-5")
    (tier,) = base.tiers
    assert tier.above_prompt_tokens == 200_000
    assert tier.input_usd_per_mtok > base.input_usd_per_mtok


def test_each_model_once_and_plain_json(sheet: PriceSheet) -> None:
    found = prices(sheet, "gpt-4", "gpt-4o-mini", "gpt-4")
    assert [price.asked for price in found] == ["gpt-4", "gpt-4", "gpt-4o-mini", "gpt-4o-mini"]
    assert [row["asked"] for row in read_json(to_json(found))] == [price.asked for price in found]
    assert prices(sheet) == ()


def test_all_unknown_names_at_once_each_with_the_nearest(sheet: PriceSheet) -> None:
    with pytest.raises(InputErrors) as caught:
        prices(sheet, "gpt-4o-minii", "gpt-4", "openai:gpt4", "zzzzzzzzzz")
    first, second, third = str(caught.value).splitlines()
    assert "'gpt-4o-minii'" in first
    assert "nearest names are gpt-4o-mini," in first
    assert "nearest names are openai:gpt-4" in second
    assert "write one such as gpt-4o-mini" in third


def test_a_model_without_token_prices_is_refused(sheet: PriceSheet) -> None:
    with pytest.raises(InputErrors, match="lists no price of tokens"):
        prices(sheet, "github-copilot:gpt-4o-mini")


def test_no_network_is_asked(sheet: PriceSheet, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert prices(sheet, "gpt-4")
