"""The dollars of the made-up run, worked out by hand ($0.002 a second of a query)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.money.economics import CostInputs
from harness.analysis.reading import read_run
from tests.analysis.runs import derived, manifest, strategy, write_run


@pytest.fixture
def results(tmp_path: Path) -> dict[str, Any]:
    return derived(read_run(write_run(tmp_path)))


@pytest.mark.parametrize(("name", "serial", "batched", "per_correct", "fixed"), [
    ("base", 0.55 * 0.002, 0.5 * 0.002, 0.0044, 5.0),  # mean 0.55 s; 2 s for 4 questions; a quarter right
    # 3 cycles of 100 s at $0.001 and 2 h at $10, 9 labels at $0.10, half an hour to evaluate
    ("lora", 1.0 * 0.002, None, 0.004, 3 * 20.1 + 0.9 + 5),
    # (2 + 4) / 2 s; 10 s for 4 and half a second of retrieval; 10 s of indexing
    ("rag", 3.0 * 0.002, 3.0 * 0.002, 0.008, 5.01),
])  # fmt: skip
def test_cost(
    results: dict[str, Any], name: str, serial: float, batched: float | None, per_correct: float, fixed: float
) -> None:
    cost = strategy(results, name)["cost"]
    assert cost["per_query_usd"] == cost["components"]["serial_usd"] == pytest.approx(serial)
    assert cost["components"]["serial_full_use_usd"] == pytest.approx(serial / 2)
    assert cost["components"]["batched_usd"] == (batched if batched is None else pytest.approx(batched))
    assert cost["per_correct_usd"] == pytest.approx(per_correct)
    fair = strategy(results, name)["accuracy"]
    ends = [serial / fair["ci_high"], serial / fair["ci_low"]]
    assert cost["per_correct_ci_usd"] == pytest.approx(ends)
    assert cost["fixed_usd"] == pytest.approx(fixed)
    assert cost["batched_usd"] == cost["components"]["batched_usd"]
    assert cost["assumptions"]["machine"] == "box"
    assert (cost["reason"], cost["fixed_reason"], cost["projections"]) == (None, None, [])


def test_refresh_and_storage(results: dict[str, Any]) -> None:
    """An evaluation of each; a training, an hour, a tenth of the labels; a tenth of the index; $100 a GB."""
    found = {name: strategy(results, name)["cost"] for name in ("base", "lora", "rag")}
    refresh = {name: cost["refresh_usd"] for name, cost in found.items()}
    assert refresh == pytest.approx({"base": 5.0, "lora": 0.1 + 10 + 0.09 + 5, "rag": 5.001})
    storage = {name: cost["storage_usd_per_month"] for name, cost in found.items()}
    assert storage == pytest.approx({"base": 0.0, "lora": 0.2, "rag": 0.1})


def test_totals_and_break_even_of_the_candidates(results: dict[str, Any]) -> None:
    task = results["tasks"]["facts"]
    month = {
        row["strategy"]: row["monthly_usd"] for row in task["cost_totals"] if row["monthly_queries"] == 10_000
    }
    assert month == pytest.approx(
        {"base": 11 + 5 / 12, "lora": 20 + 0.2 + 66.2 / 12, "rag": 60 + 0.1 + 5.01 / 12}
    )
    rows = {
        (row["a"], row["b"]): row["queries"] for row in task["decision"]["break_even"] if row["cycles"] == 3
    }
    # against rag, lora saves $0.004 a query and costs $66.20 + 12 · $0.20 before the first, rag $5.01 + 12 · $0.10
    expected = {("lora", "base"): None, ("rag", "base"): None, ("lora", "rag"): (68.6 - 6.21) / 0.004}
    assert rows == {pair: n if n is None else pytest.approx(n) for pair, n in expected.items()}


def test_a_control_and_a_probe_stand_in_no_total(tmp_path: Path) -> None:
    about = manifest()
    about["plan"].append({"task": "facts", "strategy": "oracle", "adapter": None})
    tasks = derived(read_run(write_run(tmp_path, manifest=about)))["tasks"]
    assert {row["strategy"] for row in tasks["facts"]["cost_totals"]} == {"base", "lora", "rag"}
    assert {row["strategy"] for row in tasks["general"]["cost_totals"]} == {"base"}
    assert tasks["general"]["decision"]["break_even"] == []


def test_other_inputs_change_costs_and_nothing_else(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path))
    inputs = CostInputs(cycles=5, utilisation=1.0, monthly_queries=500, error_price_usd=2.0)
    one, two = derived(run), derived(run, inputs=inputs)
    cost = strategy(two, "base")["cost"]
    assert cost["per_query_usd"] == pytest.approx(0.55 * 0.001)
    assert cost["with_error_price_usd"] == pytest.approx(0.55 * 0.001 + 0.75 * 2)
    assert strategy(two, "lora")["cost"]["fixed_usd"] == pytest.approx(5 * 20.1 + 5.9)
    assert two["prices"]["monthly_queries"] == 500
    assert strategy(one, "base")["accuracy"] == strategy(two, "base")["accuracy"]


def test_priced_as_a_hosted_model(tmp_path: Path) -> None:
    base = {
        "asked": "m", "model": "m", "provider": "p", "kind": "base", "input_usd_per_mtok": 2.0,
        "cached_usd_per_mtok": None, "output_usd_per_mtok": 8.0, "per_request_usd": 0.0, "tiers": [],
        "training_usd_per_mtok": None, "priced_on": "2025-01-01", "source": "a list", "reason": None,
    }  # fmt: skip
    tuned = {**base, "kind": "fine-tuned", "input_usd_per_mtok": 4.0, "training_usd_per_mtok": 3.0}
    found = derived(read_run(write_run(tmp_path, manifest={**manifest(), "api_prices": [base, tuned]})))
    hosted = {name: strategy(found, name)["cost"]["projections"][0] for name in ("base", "lora")}
    assert hosted["base"]["per_query_usd"] == pytest.approx((100 * 2 + 5 * 8) / 1e6)
    assert hosted["lora"]["per_query_usd"] == pytest.approx((100 * 4 + 5 * 8) / 1e6)
    assert (hosted["lora"]["kind"], hosted["lora"]["training_usd"]) == ("fine-tuned", pytest.approx(0.015))
    assert found["prices"]["stale_api_prices"] == ["m"]
    json.dumps(found, allow_nan=False)


def test_adapter_not_trained_yet_has_no_one_off_cost(tmp_path: Path) -> None:
    found = derived(read_run(write_run(tmp_path, manifest={**manifest(), "adapters": [], "indexes": {}})))
    assert [strategy(found, name)["cost"]["fixed_usd"] for name in ("base", "lora", "rag")] == [
        5.0,
        None,
        None,
    ]
