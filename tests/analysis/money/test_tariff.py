"""One strategy's money from made-up measurements, each figure worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.analysis.money.economics import CostInputs, Economics
from harness.analysis.money.tariff import Labour, Measured, Tariff, economics
from harness.analysis.results.money import Assumptions

LABOUR = Labour(
    wage_usd_per_hour=100.0,
    engineer_hours_per_cycle=8.0,
    engineer_hours_per_refresh=4.0,
    evaluation_hours=5.0,
    usd_per_label=0.5,
)
TARIFF = Tariff(
    usd_per_hour=3.6,  # $0.001 a second
    utilisation=0.5,
    labour=LABOUR,
    changed_share=0.2,
    storage_usd_per_gb_month=0.1,
    origin=Assumptions(machine="box", source="a list", priced_on="2026-01-01"),
)
BASE = Measured("base", serial_s=2.0, ttft_s=0.5, generation_s=0.1)
RAG = Measured(
    "rag", retrieves=True, serial_s=3.0, retrieve_s=0.5, ttft_s=2.0, generation_s=0.4, index_s=50.0,
    embed_tokens=1_000_000, stored_bytes=3_000_000_000,
)  # fmt: skip
LORA = Measured("lora", adapted=True, serial_s=1.0, ttft_s=0.5, training_s=7200.0, labels=300)


def test_a_query_and_its_parts() -> None:
    rag = economics(RAG, TARIFF)
    assert rag.per_query_usd == pytest.approx(0.006)
    parts = [rag.components.retrieve_usd, rag.components.prompt_usd, rag.components.generate_usd]
    assert parts == pytest.approx([0.001, 0.003, 0.002])
    assert rag.components.serial_full_use_usd == pytest.approx(0.003)


def test_what_the_timed_questions_leave_open_carries_over_to_the_query_and_the_month() -> None:
    money = economics(replace(RAG, timed=20, serial_ci_s=(2.5, 3.5)), TARIFF)
    assert money.timed == 20
    assert money.per_query_ci_usd == pytest.approx((0.005, 0.007))
    month = money.monthly_usd(1_000, 12, 30.4375)
    assert month is not None
    assert money.monthly_ci_usd(1_000, 12, 30.4375) == pytest.approx((month - 1, month + 1)), (
        "prices do not vary"
    )
    assert economics(replace(RAG, timed=2), TARIFF).monthly_ci_usd(1_000, 12, None) is None
    assert economics(replace(RAG, serial_ci_s=(2.5, 3.5)), None).per_query_ci_usd is None
    dear = replace(LORA, training_s=None, serial_ci_s=(0.5, 1.5))
    assert economics(dear, TARIFF).monthly_ci_usd(1_000, 12, None) is None, "no month, no interval of one"


def test_retrieval_is_never_left_out_of_the_batched_row() -> None:
    assert economics(RAG, TARIFF).batched_usd == pytest.approx((0.4 + 0.5) * 0.002)
    assert economics(RAG, TARIFF).assumptions.batched_queries_per_s == pytest.approx(1 / 0.9)
    assert economics(replace(RAG, retrieve_s=None), TARIFF).batched_usd is None
    assert economics(BASE, TARIFF).batched_usd == pytest.approx(0.0002)


def test_a_fine_tune_is_mostly_people() -> None:
    # 3 · (2 h · $3.60 + 8 h · $100) + 300 · $0.50 + 5 h · $100
    lora = economics(LORA, TARIFF)
    assert lora.fixed_usd == pytest.approx(3 * 807.2 + 150 + 500)
    assert lora.per_cycle_usd == pytest.approx(807.2)
    assert economics(LORA, TARIFF, CostInputs(cycles=5)).fixed_usd == pytest.approx(lora.fixed_at(5))
    # one training, 4 h · $100, a fifth of the labels, one evaluation
    assert lora.refresh_usd == pytest.approx(7.2 + 400 + 30 + 500)
    assert lora.people_usd == pytest.approx(3 * 800 + 150 + 500)
    assert lora.people_refresh_usd == pytest.approx(400 + 30 + 500)
    assert lora.people_monthly_usd(10, 365.25 / 12) == pytest.approx(305 + 930)
    assert economics(RAG, TARIFF).people_monthly_usd(10, 7) == 0, "nobody's hours are charged to retrieval"


def test_retrieval_pays_for_its_index_and_embeds_again_what_changed() -> None:
    rag = economics(RAG, TARIFF)
    assert (rag.fixed_usd, rag.refresh_usd) == (pytest.approx(0.05), pytest.approx(0.01))
    assert (rag.storage_usd_per_month, rag.per_cycle_usd) == (pytest.approx(0.3), 0.0)
    hosted = economics(RAG, replace(TARIFF, embedding_usd_per_mtok=0.02))
    assert (hosted.fixed_usd, hosted.refresh_usd) == (pytest.approx(0.02), pytest.approx(0.004))


def test_data_that_stay_in_house_are_embedded_on_the_machine() -> None:
    hosted = replace(TARIFF, embedding_usd_per_mtok=0.02)
    there, here = (economics(RAG, hosted, CostInputs(in_house=yes)) for yes in (False, True))
    assert (there.fixed_usd, there.assumptions.embedding_usd_per_mtok) == (pytest.approx(0.02), 0.02)
    assert (here.fixed_usd, here.assumptions.embedding_usd_per_mtok) == (pytest.approx(0.05), None)
    assert economics(BASE, hosted).assumptions.embedding_usd_per_mtok is None


def test_an_adapter_that_reads_passages_pays_both() -> None:
    both = economics(replace(RAG, strategy="lora+rag", adapted=True, training_s=7200.0, labels=300), TARIFF)
    assert both.fixed_usd == pytest.approx(3 * 807.2 + 650 + 0.05)
    assert both.refresh_usd == pytest.approx(937.2 + 0.01)


def test_base_has_nothing_to_pay_once() -> None:
    base = economics(BASE, TARIFF)
    assert (base.fixed_usd, base.refresh_usd, base.storage_usd_per_month, base.reason) == (
        0.0,
        0.0,
        0.0,
        None,
    )


def test_the_user_sets_the_hour_and_the_utilisation() -> None:
    money = economics(BASE, TARIFF, CostInputs(usd_per_hour=7.2, utilisation=0.1))
    assert money.per_query_usd == pytest.approx(2.0 * 0.002 / 0.1)
    stated = money.assumptions
    assert (stated.usd_per_hour, stated.utilisation, stated.machine) == (7.2, 0.1, "box")
    assert (stated.source, stated.priced_on) == ("given with --usd-per-hour", None)
    assert economics(BASE, TARIFF).assumptions.source == "a list"


@pytest.mark.parametrize(
    ("measured", "tariff", "field", "reason"),
    [
        (BASE, None, "per_query_usd", "the run has no price list"),
        (BASE, None, "fixed_usd", "the run has no price list"),
        (replace(BASE, serial_s=None), TARIFF, "per_query_usd", "not timed"),
        (
            replace(LORA, training_s=None),
            TARIFF,
            "fixed_usd",
            "the run has no record of training the adapter",
        ),
        (replace(LORA, labels=None), TARIFF, "fixed_usd", "the run has no record of training the adapter"),
        (replace(RAG, index_s=None), TARIFF, "fixed_usd", "the run has no record of building the index"),
        (replace(RAG, index_s=None), TARIFF, "refresh_usd", "the run has no record of building the index"),
        (
            LORA,
            replace(TARIFF, labour=None),
            "fixed_usd",
            "the price list has no labour and no labels and no evaluation",
        ),
        (
            LORA,
            replace(TARIFF, labour=None, lacking=("labour",)),
            "fixed_usd",
            "the price list has no labour",
        ),
        (
            replace(BASE, strategy="lora@x", candidate=False),
            TARIFF,
            "fixed_usd",
            "another task's adapter: what it cost once stands there",
        ),
    ],
)
def test_what_is_not_known_says_why(
    measured: Measured, tariff: Tariff | None, field: str, reason: str
) -> None:
    money: Economics = economics(measured, tariff)
    assert getattr(money, field) is None
    assert money.reason == reason


def test_a_sheet_without_a_share_knows_no_refresh() -> None:
    bare = replace(TARIFF, changed_share=None)
    assert [economics(one, bare).refresh_usd for one in (BASE, RAG, LORA)] == [0.0, None, None]


def test_no_time_at_all_is_no_division_by_zero() -> None:
    money = economics(replace(BASE, serial_s=0.0, ttft_s=0.0), TARIFF)
    assert (money.per_query_usd, money.assumptions.serial_queries_per_s) == (0.0, None)
