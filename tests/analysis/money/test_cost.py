"""What a run folder says about money: prices and inputs from its manifest, seconds from its evidence."""

from __future__ import annotations

import statistics
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from harness.analysis.evidence import Evidence
from harness.analysis.money.cost import (
    age_days,
    economics_of,
    inputs_of,
    measured_of,
    price_facts,
    prices_of,
)
from harness.analysis.money.economics import CostInputs
from harness.analysis.reading import read_run
from harness.records import ApiPrice
from harness.spec.prices import ADDED_LATER, load_prices
from harness.spec.tariff import Tariff
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
    assert month["monthly_ci_usd"] == pytest.approx([20 * float(end) + 5 / 12 for end in wanted])
    assert month["timed_n"] == 10


@pytest.mark.parametrize("absent", [*ADDED_LATER])
def test_a_section_that_the_copy_of_an_old_run_lacks_is_the_shipped_one_and_named(
    tmp_path: Path, absent: str
) -> None:
    run = made(tmp_path, price_sheet={**PRICE_SHEET, absent: None})
    sheet = run.manifest.price_sheet
    assert sheet is not None
    assert getattr(sheet, absent) == getattr(load_prices(), absent)
    assert sheet.sections_from_shipped == (absent,)
    assert economics_of(run, ("facts", "lora"), CostInputs()).fixed_usd is not None


def test_no_price_list_no_prices(tmp_path: Path) -> None:
    assert prices_of(made(tmp_path, price_sheet=None)) is None


def made(folder: Path, **about: Any) -> Evidence:
    return read_run(write_run(folder, manifest={**manifest(), **about}))


def test_inputs_are_the_runs_own_settings(tmp_path: Path) -> None:
    assert inputs_of(made(tmp_path / "none", settings={})) == CostInputs()
    settings = {"tuning_cycles": 5, "utilisation": 0.2, "usd_per_hour": 1.5, "monthly_queries": 700}
    needs = {"requirements": {"tariff": "scale-to-zero"}}
    assert inputs_of(made(tmp_path / "own", settings={**settings, **needs})) == CostInputs(
        5, 0.2, 1.5, monthly_queries=700, tariff=Tariff.SCALE_TO_ZERO
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
