"""What a run folder says about money: prices and inputs from its manifest, seconds from its evidence."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from harness.analysis.evidence import Evidence, read_run
from harness.analysis.money.cost import (
    age_days,
    economics_of,
    inputs_of,
    measured_of,
    price_facts,
    tariff_of,
)
from harness.analysis.money.economics import CostInputs
from harness.analysis.money.tariff import Tariff
from harness.records import ApiPrice
from harness.spec.prices import ADDED_LATER, UsedSheet
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
    tariff = Tariff.of(UsedSheet.model_validate_json(json.dumps({**PRICE_SHEET, absent: None})))
    assert tariff.labour is None
    assert tariff.lacking == (absent,)


def test_no_price_list_no_tariff(tmp_path: Path) -> None:
    assert tariff_of(made(tmp_path, price_sheet=None)) is None


def made(folder: Path, **about: Any) -> Evidence:
    return read_run(write_run(folder, manifest={**manifest(), **about}))


def test_inputs_are_the_runs_own_settings(tmp_path: Path) -> None:
    assert inputs_of(made(tmp_path / "none")) == CostInputs()
    settings = {"tuning_cycles": 5, "utilisation": 0.2, "usd_per_hour": 1.5, "monthly_queries": 700}
    assert inputs_of(made(tmp_path / "own", settings=settings)) == CostInputs(
        5, 0.2, 1.5, monthly_queries=700
    )


@pytest.mark.parametrize(
    ("sheet", "created", "age", "stale"),
    [
        ("2026-01-01", "2026-01-02T03:04:05Z", 1, False),
        ("2026-01-01", "2026-06-30T00:00:00+00:00", 180, False),
        ("2026-01-01", "2026-07-01T00:00:00+00:00", 181, True),
    ],
)
def test_a_price_list_older_than_180_days_is_flagged_by_the_runs_own_date(
    tmp_path: Path, sheet: str, created: str, age: int, stale: bool
) -> None:
    run = made(tmp_path, created=created, price_sheet={**PRICE_SHEET, "date": sheet})
    facts = price_facts(run.manifest, CostInputs())
    assert (facts.age_days, facts.stale) == (age, stale)
    assert age_days(sheet, created) == age
    assert age_days(None, created) is None


def test_old_prices_of_hosted_models_are_flagged_by_name(tmp_path: Path) -> None:
    price = ApiPrice(
        asked="m", model="m", provider="p", kind="base", input_usd_per_mtok=1.0, output_usd_per_mtok=2.0
    )
    used = [
        asdict(replace(price, model=model, priced_on=seen))
        for model, seen in (("old", "2025-01-01"), ("new", "2026-01-01"), ("unknown", None))
    ]
    run = made(tmp_path, created="2026-02-01T00:00:00Z", api_prices=used)
    assert price_facts(run.manifest, CostInputs()).stale_api_prices == ("old",)
