"""Measured tokens at a hosted model's prices, by hand; what has no price says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.analysis.answers import Answers
from harness.analysis.money.projection import SharedPrefix, projections, shared_prefix
from harness.records import AnswerRow, ApiPrice, PriceTier, PromptSample
from harness.spec.prices import PromptCachePrice


def answer(prompt: int, completion: int) -> AnswerRow:
    return AnswerRow("t", "s", "q", 0, "", None, prompt, completion, "stop", (), 0, 0, "", 0)


PRICE = ApiPrice(
    asked="m", model="m", provider="p", kind="base", input_usd_per_mtok=2.0, output_usd_per_mtok=8.0,
    priced_on="2026-01-01", source="a list",
)  # fmt: skip


def price(**values: Any) -> ApiPrice:
    return replace(PRICE, **values)


def test_the_mean_over_the_answers() -> None:
    (row,) = projections([price()], Answers.of([answer(1_000, 0), answer(500, 125)]), adapted=False)
    assert row.per_query_usd == pytest.approx((0.002 + 0.001 + 0.001) / 2)
    assert (row.label, row.kind, row.n) == ("projection", "base", 2)
    assert (row.input_usd_per_mtok, row.output_usd_per_mtok) == (2.0, 8.0)
    assert (row.priced_on, row.source, row.reason) == ("2026-01-01", "a list", None)


def test_base_weights_at_the_base_price_and_adapted_ones_at_the_fine_tuned() -> None:
    both = [price(), price(kind="fine-tuned", input_usd_per_mtok=4.0, training_usd_per_mtok=3.0)]
    (base,) = projections(both, Answers.of([answer(1_000, 0)]), adapted=False, train_tokens=None)
    (tuned,) = projections(both, Answers.of([answer(1_000, 0)]), adapted=True, train_tokens=500_000)
    assert (base.per_query_usd, base.training_usd) == (pytest.approx(0.002), None)
    assert (tuned.per_query_usd, tuned.training_usd) == (pytest.approx(0.004), pytest.approx(1.5))


def test_a_long_prompt_is_charged_at_its_tier() -> None:
    tier = PriceTier(above_prompt_tokens=1_000, input_usd_per_mtok=4.0, output_usd_per_mtok=16.0)
    (at, above) = (
        projections([price(tiers=(tier,))], Answers.of([answer(tokens, 100)]), adapted=False)[0].per_query_usd
        for tokens in (1_000, 1_001)
    )
    assert at == pytest.approx((1_000 * 2 + 100 * 8) / 1e6)
    assert above == pytest.approx((1_001 * 4 + 100 * 16) / 1e6)


def test_a_price_by_the_request_comes_on_top() -> None:
    (row,) = projections([price(per_request_usd=0.012)], Answers.of([answer(1_000, 0)]), adapted=False)
    assert row.per_query_usd == pytest.approx(0.014)


def test_no_price_and_no_answer_have_their_reason() -> None:
    unpriced = price(input_usd_per_mtok=None, output_usd_per_mtok=None, reason="nobody sells it")
    (row,) = projections([unpriced], Answers.of([answer(1, 1)]), adapted=False)
    assert (row.per_query_usd, row.reason) == (None, "nobody sells it")
    (row,) = projections([price()], Answers.of([]), adapted=False)
    assert (row.per_query_usd, row.reason) == (None, "nothing was answered")


def test_a_hosted_model_is_ruled_out_where_data_stay_in_house() -> None:
    kept, given = (
        projections([price()], Answers.of([answer(1, 1)]), adapted=False, in_house=yes)[0]
        for yes in (True, False)
    )
    assert (kept.feasible, kept.missed) == (False, ("in_house",))
    assert (given.feasible, given.missed) == (True, ())
    assert kept.per_query_usd == given.per_query_usd


CACHE = PromptCachePrice(least_tokens=1024, step_tokens=128, source="a guide", date="2026-01-01")


def sample(examples: int) -> PromptSample:
    """A system message of 100 characters, turns of 100 each, and a question of 100; the template adds 2 a message."""
    turns = 2 * examples + 2
    contents = ["x" * 100] * turns
    return PromptSample(
        "t",
        "s",
        "q",
        turns,
        "".join(f"<{text}>" for text in contents),
        "".join(f"<%%{i}%%>" for i in range(turns)),
        (),
        (),
    )


@pytest.mark.parametrize(
    ("examples", "tokens", "prefix"),
    [
        (4, 2_040, SharedPrefix(1_838, 1_792)),  # nine of ten messages and a bracket: 919 of 1,020 characters
        (4, 1_000, SharedPrefix(900, 0)),
        (0, 3_000, SharedPrefix(1_514, 1_408)),
    ],
)
def test_the_front_that_all_prompts_share_ends_where_the_last_message_begins(
    examples: int, tokens: int, prefix: SharedPrefix
) -> None:
    assert shared_prefix(sample(examples), Answers.of([answer(tokens, 5)]), CACHE) == prefix


def test_without_a_prompt_or_a_conversation_nothing_is_known_of_its_front() -> None:
    assert shared_prefix(None, Answers.of([answer(1, 1)]), CACHE) is None
    assert shared_prefix(sample(1), Answers.of([]), CACHE) is None
    assert shared_prefix(replace(sample(1), messages=0), Answers.of([answer(1, 1)]), CACHE) is None


def test_cached_tokens_are_billed_at_their_price_beside_the_uncached_figure() -> None:
    cheap = price(cached_usd_per_mtok=0.5)
    (row,) = projections(
        [cheap], Answers.of([answer(2_000, 100)]), adapted=False, prefix=SharedPrefix(1_500, 1_408)
    )
    assert row.per_query_usd == pytest.approx((2_000 * 2 + 100 * 8) / 1e6)
    assert row.cached_per_query_usd == pytest.approx((592 * 2 + 1_408 * 0.5 + 100 * 8) / 1e6)
    (unpriced,) = projections(
        [price()], Answers.of([answer(2_000, 100)]), adapted=False, prefix=SharedPrefix(1_500, 1_408)
    )
    assert unpriced.cached_per_query_usd == unpriced.per_query_usd
