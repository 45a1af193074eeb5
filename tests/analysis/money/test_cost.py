"""What a run folder says about money: prices and inputs from its manifest, seconds from its evidence."""

from __future__ import annotations

import statistics
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from harness.analysis.evidence import read_run
from harness.analysis.money.cost import (
    age_days,
    economics_of,
    inputs_of,
    measured_of,
    price_facts,
    tariff_of,
)
from harness.analysis.money.economics import CostInputs
from harness.errors import InputErrors
from harness.records import ApiPrice
from harness.spec.prices import ADDED_LATER
from tests.analysis.runs import PRICE_SHEET, derived, manifest, write_run


def test_measurements_of_a_run(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path))
    lora = measured_of(run, ("facts", "lora"))
    assert (lora.serial_s, lora.ttft_s, lora.generation_s) == (1.0, 0.5, None), "unmerged is not deployed"
    assert (lora.adapted, lora.training_s, lora.labels, lora.stored_bytes) == (True, 100.0, 9, 2_000_000)
    rag = measured_of(run, ("facts", "rag"))
    assert (rag.serial_s, rag.retrieve_s, rag.generation_s) == (3.0, 0.5, 2.5)
    assert (rag.index_s, rag.stored_bytes, rag.training_s) == (10.0, 1_000_000, None)
    guest = measured_of(run, ("general", "lora@facts"))
    assert (guest.candidate, guest.adapted, guest.training_s) == (False, False, None)


def test_the_cost_of_a_query_has_its_n_and_an_interval_where_n_supports_one(tmp_path: Path) -> None:
    task = derived(read_run(write_run(tmp_path)))["tasks"]["facts"]
    base, lora = (task["strategies"][name]["cost"] for name in ("base", "lora"))
    seconds = [i / 10 for i in range(1, 11)]
    wanted = stats.t.interval(0.95, 9, statistics.mean(seconds), stats.sem(seconds))
    assert base["per_query_ci_usd"] == pytest.approx([0.002 * float(end) for end in wanted])
    assert (base["timed_n"], base["per_query_ci_reason"]) == (10, None)
    assert (lora["timed_n"], lora["per_query_ci_usd"], lora["per_query_ci_reason"]) == (1, None, "n=1 < 10")
    (month,) = [r for r in task["cost_totals"] if (r["strategy"], r["monthly_queries"]) == ("base", 10_000)]
    assert month["monthly_ci_usd"] == pytest.approx([20 * float(end) for end in wanted])
    assert month["timed_n"] == 10


def test_a_sheet_of_machines_only_still_prices_queries_and_indexes(tmp_path: Path) -> None:
    about = {**manifest(), "price_sheet": {**PRICE_SHEET, **dict.fromkeys(ADDED_LATER)}}
    run = read_run(write_run(tmp_path, manifest=about))
    rag, lora = (economics_of(run, ("facts", name), CostInputs()) for name in ("rag", "lora"))
    assert (rag.per_query_usd, rag.fixed_usd) == (pytest.approx(0.006), pytest.approx(0.01))
    assert (lora.fixed_usd, lora.reason) == (
        None,
        "the price list has no labour and no labels and no evaluation",
    )
    assert lora.components.training_usd == pytest.approx(0.1)


@pytest.mark.parametrize("absent", ["labour", "labels", "evaluation"])
def test_part_of_the_prices_of_people_is_no_price_of_people(absent: str) -> None:
    tariff = tariff_of({"price_sheet": {**PRICE_SHEET, absent: None}})
    assert tariff is not None
    assert tariff.labour is None


def test_no_sheet_no_tariff() -> None:
    assert tariff_of({}) is None
    assert tariff_of({"price_sheet": {"machine": None}}) is None


@pytest.mark.parametrize(
    ("sheet", "message"),
    [
        ([1], "run.json: price_sheet: must be a mapping of keys to values"),
        ({"machine": {}, "utilisation": 0.5}, r"run.json: price_sheet.machine.usd_per_hour: is missing"),
        ({**PRICE_SHEET, "machine": "box"}, "run.json: price_sheet.machine: must be a mapping"),
        ({**PRICE_SHEET, "utilisation": 0}, "run.json: price_sheet.utilisation: must be at least"),
        ({**PRICE_SHEET, "labour": {}}, "run.json: price_sheet.labour.wage_usd_per_hour: is missing"),
        ({**PRICE_SHEET, "machines": [{"name": "x"}]}, r"price_sheet.machines\[0\].usd_per_hour: is missing"),
        (
            {key: PRICE_SHEET[key] for key in ("date", "utilisation")},
            "run.json: price_sheet.machine: is missing",
        ),
        ({**PRICE_SHEET, "date": "yesterday"}, "run.json: price_sheet.date: is 'yesterday'"),
    ],
)
def test_a_damaged_sheet_is_named_and_not_read(sheet: Any, message: str) -> None:
    for read in (tariff_of, lambda about: price_facts(about, CostInputs())):
        with pytest.raises(InputErrors, match=message):
            read({"price_sheet": sheet})


def test_inputs_are_the_runs_own_settings() -> None:
    assert inputs_of({}) == CostInputs()
    settings = {"tuning_cycles": 5, "utilisation": 0.2, "usd_per_hour": 1.5, "monthly_queries": 700}
    assert inputs_of({"settings": settings}) == CostInputs(5, 0.2, 1.5, monthly_queries=700)


@pytest.mark.parametrize(
    ("sheet", "created", "age", "stale"),
    [
        ("2026-01-01", "2026-01-02T03:04:05Z", 1, False),
        ("2026-01-01", "2026-06-30T00:00:00+00:00", 180, False),
        ("2026-01-01", "2026-07-01T00:00:00+00:00", 181, True),
        ("2026-01-01", None, None, False),
    ],
)
def test_a_sheet_older_than_180_days_is_flagged_by_the_runs_own_date(
    sheet: str, created: str | None, age: int | None, stale: bool
) -> None:
    about: dict[str, Any] = {"created": created, "price_sheet": {**PRICE_SHEET, "date": sheet}}
    found = price_facts(about, CostInputs())
    assert (found.age_days, found.stale) == (age, stale)
    assert age_days(sheet, created) == age


def test_old_prices_of_hosted_models_are_flagged_by_name() -> None:
    price = ApiPrice(
        asked="m", model="m", provider="p", kind="base", input_usd_per_mtok=1.0, output_usd_per_mtok=2.0
    )
    used = [
        asdict(replace(price, model=model, priced_on=seen))
        for model, seen in (("old", "2025-01-01"), ("new", "2026-01-01"), ("unknown", None))
    ]
    about = {"created": "2026-02-01T00:00:00Z", "api_prices": used}
    assert price_facts(about, CostInputs()).stale_api_prices == ("old",)
