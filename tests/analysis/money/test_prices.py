"""One strategy's money from made-up measurements, each figure worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.analysis.money.economics import CostInputs, Economics
from harness.analysis.money.measured import MeasuredUse
from harness.analysis.money.priced import assumptions
from harness.analysis.money.priced import economics as under
from harness.analysis.money.prices import Labour, Prices
from harness.analysis.results.money import Assumptions
from harness.spec.tariff import Tariff

LABOUR = Labour(
    wage_usd_per_hour=100.0,
    prompt_hours=1.0,
    examples_hours=2.0,
    retrieval_hours=10.0,
    retrieval_refresh_hours=1.5,
    cycle_hours=8.0,
    training_refresh_hours=4.0,
    evaluation_hours=5.0,
    evaluation_refresh_hours=0.5,
    usd_per_label=0.5,
)
PRICES = Prices(
    usd_per_hour=3.6,  # $0.001 a second
    utilisation=0.5,
    labour=LABOUR,
    changed_share=0.2,
    storage_usd_per_gb_month=0.1,
    origin=Assumptions(machine="box", source="a list", priced_on="2026-01-01"),
)
BASE = MeasuredUse("base", serial_s=2.0, ttft_s=0.5, generation_s=0.1)
RAG = MeasuredUse(
    "rag", retrieves=True, serial_s=3.0, retrieve_s=0.5, ttft_s=2.0, generation_s=0.4, index_s=50.0,
    embed_tokens=1_000_000, stored_bytes=3_000_000_000,
)  # fmt: skip
SHARED = CostInputs(tariff=Tariff.SHARED)
LORA = MeasuredUse("lora", adapted=True, serial_s=1.0, ttft_s=0.5, training_s=7200.0, labels=300)


def economics(measured: MeasuredUse, prices: Prices | None, inputs: CostInputs | None = None) -> Economics:
    """On shared machines unless the inputs name another tariff: a query costs its seconds."""
    return under(measured, prices, inputs or SHARED)


def test_a_query_and_its_parts() -> None:
    rag = economics(RAG, PRICES)
    assert rag.per_query_usd(1_000) == pytest.approx(0.006)
    parts = [rag.components.retrieve_usd, rag.components.prompt_usd, rag.components.generate_usd]
    assert parts == pytest.approx([0.001, 0.003, 0.002])
    assert rag.components.serial_full_use_usd == pytest.approx(0.003)


def test_what_the_timed_questions_leave_open_carries_over_to_the_query_and_the_month() -> None:
    money = economics(replace(RAG, timed=20, serial_ci_s=(2.5, 3.5)), PRICES)
    assert money.timed == 20
    assert money.per_query_ci_usd(1_000) == pytest.approx((0.005, 0.007))
    month = money.monthly_usd(1_000, 12, 30.4375)
    assert month is not None
    assert money.monthly_ci_usd(1_000, 12, 30.4375) == pytest.approx((month - 1, month + 1)), (
        "prices do not vary"
    )
    assert economics(replace(RAG, timed=2), PRICES).monthly_ci_usd(1_000, 12, None) is None
    assert economics(replace(RAG, serial_ci_s=(2.5, 3.5)), None).per_query_ci_usd(1_000) is None
    dear = replace(LORA, training_s=None, serial_ci_s=(0.5, 1.5))
    assert economics(dear, PRICES).monthly_ci_usd(1_000, 12, None) is None, "no month, no interval of one"


def test_retrieval_is_never_left_out_of_the_batched_row() -> None:
    assert economics(RAG, PRICES).components.batched_usd == pytest.approx((0.4 + 0.5) * 0.002)
    assert assumptions(RAG, PRICES).batched_queries_per_s == pytest.approx(1 / 0.9)
    assert economics(replace(RAG, retrieve_s=None), PRICES).components.batched_usd is None
    assert economics(BASE, PRICES).components.batched_usd == pytest.approx(0.0002)


def test_a_fine_tune_is_mostly_people() -> None:
    # 3 · (2 h · $3.60 + 8 h · $100) + 300 · $0.50 + 5 h · $100 + 1 h · $100
    lora = economics(LORA, PRICES)
    assert lora.fixed_usd == pytest.approx(3 * 807.2 + 150 + 500 + 100)
    assert lora.per_cycle_usd == pytest.approx(807.2)
    five = replace(SHARED, cycles=5)
    assert economics(LORA, PRICES, five).fixed_usd == pytest.approx(lora.fixed_at(5))
    # one training, 4 h + 0.5 h at $100, a fifth of the labels
    assert lora.refresh_usd == pytest.approx(7.2 + 450 + 30)
    assert lora.people_usd == pytest.approx(3 * 800 + 150 + 600)
    assert lora.people_refresh_usd == pytest.approx(450 + 30)
    assert lora.people_monthly_usd(10, 365.25 / 12) == pytest.approx(315 + 480)


def test_an_adapter_that_a_server_holds_costs_what_was_declared() -> None:
    """$40 once, an hour for the prompt and five for the evaluation at $100; no cycle, no training, no label of ours.

    At a change of knowledge it is made again, and judged for half an hour.
    """
    served = MeasuredUse("lora", adapted=True, served_adapter=True, upfront_usd=40.0, serial_s=1.0)
    money = economics(served, PRICES)
    assert (money.fixed_usd, money.people_usd, money.per_cycle_usd) == (640.0, 600.0, 0.0)
    assert (money.refresh_usd, money.people_refresh_usd) == (90.0, 50.0)
    assert money.components.training_usd is None
    assert assumptions(served, PRICES).tuning_cycles is None
    unsaid = economics(replace(served, upfront_usd=None), PRICES)
    assert (unsaid.fixed_usd, unsaid.refresh_usd) == (None, None)
    assert unsaid.fixed_reason == (
        "what making the served adapter cost is not known; declare upfront_usd with it in the models file"
    )


def test_people_are_paid_whichever_the_strategy() -> None:
    """The prompt 1 h and its evaluation 5 h; retrieval 10 h, examples 2 h; a control costs nobody's time."""
    shots = MeasuredUse("few-shot", examples=True, serial_s=2.0)
    both = replace(RAG, strategy="few-shot+rag", examples=True)
    control = replace(RAG, strategy="oracle", retrieves=False, control=True)
    hours = {
        one.strategy: economics(one, PRICES).people_usd / 100 for one in (BASE, shots, RAG, both, control)
    }
    assert hours == {"base": 6, "few-shot": 8, "rag": 16, "few-shot+rag": 18, "oracle": 0}
    again = {one.strategy: economics(one, PRICES).people_refresh_usd / 100 for one in (BASE, RAG, control)}
    assert again == {"base": 0.5, "rag": 2.0, "oracle": 0}


def test_whoever_looks_for_examples_pays_for_their_labels_and_for_embedding_them() -> None:
    """Else a fine-tune on the same questions would lose by what it is asked to pay alone."""
    nearest = MeasuredUse(
        "few-shot-nearest", examples=True, finds_examples=True, labels=300, serial_s=1.0, retrieve_s=0.25,
        generation_s=0.5, index_s=36.0,
    )  # fmt: skip
    money = economics(nearest, PRICES)
    parts = money.components
    assert parts.labels_usd == pytest.approx(300 * PRICES.labour.usd_per_label)
    assert parts.index_usd == pytest.approx(PRICES.usd(36.0))
    assert money.fixed_usd == pytest.approx(money.people_usd + (parts.index_usd or 0.0))
    assert money.batched_s == 0.75
    assert parts.retrieval_people_usd is None
    assert money.people_refresh_usd == pytest.approx(50.0 + PRICES.changed_share * (parts.labels_usd or 0.0))
    unknown = economics(replace(nearest, index_s=None), PRICES)
    assert unknown.fixed_reason == "the run has no record of building the index"


def test_people_at_half_their_hours() -> None:
    half = replace(SHARED, people_factor=0.5)
    for one in (BASE, RAG, LORA):
        whole, less = economics(one, PRICES), economics(one, PRICES, half)
        assert less.people_usd == pytest.approx(whole.people_usd / 2)
        assert less.people_refresh_usd == pytest.approx(whole.people_refresh_usd / 2)
        assert less.per_query_usd(1) == whole.per_query_usd(1)


def test_retrieval_pays_for_its_index_and_embeds_again_what_changed() -> None:
    rag = economics(RAG, PRICES)
    assert (rag.fixed_usd, rag.refresh_usd) == (pytest.approx(1_600.05), pytest.approx(200.01))
    assert (rag.storage_usd_per_month, rag.per_cycle_usd) == (pytest.approx(0.3), 0.0)
    hosted = economics(RAG, replace(PRICES, embedding_usd_per_mtok=0.02))
    assert (hosted.fixed_usd, hosted.refresh_usd) == (pytest.approx(1_600.02), pytest.approx(200.004))


def test_data_that_stay_in_house_are_embedded_on_the_machine() -> None:
    hosted = replace(PRICES, embedding_usd_per_mtok=0.02)
    there, here = (CostInputs(in_house=yes) for yes in (False, True))
    assert [economics(RAG, hosted, of).fixed_usd for of in (there, here)] == pytest.approx(
        [1_600.02, 1_600.05]
    )
    assert [assumptions(RAG, hosted, of).embedding_usd_per_mtok for of in (there, here)] == [0.02, None]
    assert assumptions(BASE, hosted).embedding_usd_per_mtok is None


def test_an_adapter_that_reads_passages_pays_both() -> None:
    both = economics(replace(RAG, strategy="lora+rag", adapted=True, training_s=7200.0, labels=300), PRICES)
    assert both.fixed_usd == pytest.approx(3 * 807.2 + 750 + 1_000 + 0.05)
    assert both.refresh_usd == pytest.approx(487.2 + 150 + 0.01)


def test_a_machine_that_is_kept_up_costs_its_hours_and_the_query_its_share() -> None:
    """$3.60 an hour for 730.5 hours; the parts of a query are those of its seconds."""
    rag = economics(RAG, PRICES, CostInputs(monthly_queries=1_000))
    assert rag.machines_usd(1_000) == rag.machines_usd(1) == pytest.approx(2_629.8)
    assert rag.components.serial_usd == pytest.approx(2.6298)
    parts = [rag.components.retrieve_usd, rag.components.prompt_usd, rag.components.generate_usd]
    assert parts == pytest.approx([2.6298 / 6, 2.6298 / 2, 2.6298 / 3])
    assert rag.components.serial_full_use_usd == pytest.approx(0.003)


def test_cold_starts_load_the_model() -> None:
    zero = CostInputs(tariff=Tariff.SCALE_TO_ZERO)
    prices = replace(PRICES, cold_starts_per_day=24)
    cold, unknown = (economics(replace(BASE, load_s=load), prices, zero) for load in (40.0, None))
    assert unknown.machines_usd(10_000) == pytest.approx(20)
    assert cold.machines_usd(10_000) == pytest.approx(20 + 730.5 * 0.04)


def test_the_user_sets_the_hour_and_the_utilisation() -> None:
    inputs = replace(SHARED, usd_per_hour=7.2, utilisation=0.1)
    money, told = economics(BASE, PRICES, inputs), assumptions(BASE, PRICES, inputs)
    assert money.per_query_usd(1) == pytest.approx(2.0 * 0.002 / 0.1)
    assert money.hosting is not None
    assert (money.hosting.usd_per_hour, money.hosting.utilisation, money.hosting.machine) == (7.2, 0.1, "box")
    assert (told.source, told.priced_on) == ("given with --usd-per-hour", None)
    assert assumptions(BASE, PRICES).source == "a list"


@pytest.mark.parametrize(
    ("measured", "prices", "field", "reason"),
    [
        (BASE, None, "fixed_usd", "the run has no price list"),
        (replace(BASE, serial_s=None), PRICES, "seconds", "not timed"),
        (
            replace(LORA, training_s=None),
            PRICES,
            "fixed_usd",
            "the run has no record of training the adapter",
        ),
        (replace(LORA, labels=None), PRICES, "fixed_usd", "the run has no record of training the adapter"),
        (replace(RAG, index_s=None), PRICES, "fixed_usd", "the run has no record of building the index"),
        (replace(RAG, index_s=None), PRICES, "refresh_usd", "the run has no record of building the index"),
        (
            replace(BASE, strategy="lora@x", candidate=False),
            PRICES,
            "fixed_usd",
            "another task's adapter: what it cost once stands there",
        ),
    ],
)
def test_what_is_not_known_says_why(
    measured: MeasuredUse, prices: Prices | None, field: str, reason: str
) -> None:
    money: Economics = economics(measured, prices)
    assert getattr(money, field) is None
    assert money.reason == reason


def test_no_time_at_all_is_no_division_by_zero() -> None:
    timeless = replace(BASE, serial_s=0.0, ttft_s=0.0)
    assert economics(timeless, PRICES).per_query_usd(1) == 0.0
    assert assumptions(timeless, PRICES).serial_queries_per_s is None
