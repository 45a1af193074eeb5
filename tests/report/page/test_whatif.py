"""The formulas of the page against `decide`: the same flags, the same figures, in every setting tried."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
from pathlib import Path
from typing import Any

import pytest

from harness import quantities
from harness.analysis.decision import outlook
from harness.analysis.decision.election import stored_requirements
from harness.analysis.evidence import Evidence, read_run
from harness.analysis.results import Measured, derive, measure, score_all
from harness.cli import _parser
from harness.report.decide import document
from harness.report.page.whatif import whatif
from harness.spec.priceflags import price_settings, repriced
from harness.spec.requirements import Requirements, requirements_from
from tests.analysis.elected import adapter, elected
from tests.analysis.runs import PRICE_SHEET, manifest, write_run
from tests.report.page.node import calls

Given = dict[str, Any]
TASKS = {
    "facts": ("knowledge", {"base": 0.05, "lora": 0.62, "rag": 0.6, "lora+rag": 0.7, "oracle": 0.8}),
    "manners": ("behaviour", {"base": 0.1, "few-shot": 0.3, "lora": 0.8}),
    "alone": ("general", {"base": 0.7}),
    "hopeless": ("knowledge", {"base": 0.0, "rag": 0.0}),
}
VOLUMES = (1, 25_000, 10**12)
ERRORS = (None, 0, 1e-9, 0.01, 5, 1e9)
GRID: list[Given] = [
    *({"monthly_queries": n, "error_price_usd": price} for n, price in itertools.product(VOLUMES, ERRORS)),
    {},
    {"refresh_days": 0.001},
    {"refresh_days": 1, "monthly_queries": 10_000},
    {"refresh_days": 30, "error_price_usd": 0.01},
    {"refresh_days": 36_525, "horizon_months": 120},
    {"usd_per_hour": 1e-6},
    {"usd_per_hour": 1e6, "monthly_queries": 10**12},
    {"usd_per_hour": 7.2, "utilisation": 1, "tuning_cycles": 1},
    {"utilisation": 1e-6, "error_price_usd": 0.5},
    {"tuning_cycles": 1000, "horizon_months": 1},
    {"tuning_cycles": 5, "monthly_queries": 300_000, "error_price_usd": 0},
    {"min_accuracy": 0},
    {"min_accuracy": 0.6, "monthly_queries": 2_000},
    {"min_accuracy": 0.65},
    {"min_accuracy": 1},
    {"max_latency_s": 1.5},
    {"max_latency_s": 0.01},
    {"max_latency_s": 1e-6, "min_accuracy": 0.99, "monthly_budget_usd": 1},
    {"max_latency_s": 1.5, "latency_percentile": "p95"},
    {"max_latency_s": 0.5, "latency_percentile": "p99", "error_price_usd": 0.2},
    {"monthly_budget_usd": 0},
    {"monthly_budget_usd": 50, "monthly_queries": 20_000},
    {"monthly_budget_usd": 400, "refresh_days": 7, "error_price_usd": 0.05},
    {"monthly_budget_usd": 400, "max_latency_s": 1.2, "min_accuracy": 0.3},
]


def settings(**more: Any) -> dict[str, Any]:
    return {"settings": {"requirements": more}}


def quick(folder: Path) -> Path:
    return elected(folder, {"facts": TASKS["facts"]}, quick=True)


def without_prices(folder: Path) -> Path:
    return elected(folder, {"facts": TASKS["facts"]}, price_sheet=None)


def without_labour(folder: Path) -> Path:
    """A fine-tune's one-off cost is not known, and the questions are too few to tell it from what is."""
    kept = {key: value for key, value in PRICE_SHEET.items() if key not in ("labour", "refresh")}
    return elected(folder, TASKS, n=20, price_sheet=kept)


def demanding(folder: Path) -> Path:
    """The run itself requires something, and has a hosted price of embedding."""
    needs = settings(
        citations=True, max_memory_gb=0.5, in_house=False, min_accuracy=0.2, error_price_usd=0.02
    )
    sheet = {**PRICE_SHEET, "embedding": {**PRICE_SHEET["embedding"], "usd_per_mtok": 0.1}}
    indexes = {task: {"seconds": 10.0, "bytes": 1000, "embed_tokens": 50_000} for task in TASKS}
    return elected(folder, TASKS, price_sheet=sheet, indexes=indexes, **needs)


def broken(folder: Path) -> Path:
    """The adapter of the fine-tune does nothing, so that it may not be recommended."""
    return elected(
        folder, {"facts": TASKS["facts"]}, adapters=[{**adapter("facts", "lora"), "logit_shift": 0.0}]
    )


def alike(folder: Path) -> Path:
    """All but always right, on so many questions that none can be better by the margin."""
    return elected(folder, {"facts": ("knowledge", {"base": 0.993, "rag": 1.0, "lora": 1.0})}, n=150)


RUNS = {
    "elected": lambda folder: elected(folder, TASKS, n=60),
    "few": lambda folder: elected(folder, TASKS, n=20, timed=140),
    "alike": alike,
    "small": write_run,
    "demanding": demanding,
    "broken": broken,
    "quick": quick,
    "without prices": without_prices,
    "without labour": without_labour,
}


def facts_of(run: Evidence) -> dict[str, Any]:
    scores = score_all(run)
    found: dict[str, Any] = json.loads(json.dumps(whatif(run, scores, derive(run, scores)), allow_nan=False))
    return found


def given(run: Evidence, one: Given) -> Given:
    """Without prices of a machine where the run has no sheet: the page has no such fields, `decide` refuses them."""
    if run.manifest["price_sheet"] is not None:
        return one
    return {
        name: v for name, v in one.items() if name not in ("usd_per_hour", "utilisation", "tuning_cycles")
    }


def decided(run: Evidence, measured: dict[str, Measured], command: list[str]) -> dict[str, Any]:
    """What `decide` says to the command that the page shows; as it does, but measured once for all commands."""
    assert command[:3] == ["python", "-m", "harness"]
    options = _parser().parse_args(command[3:])
    needs = requirements_from(options, stored_requirements(run.manifest)) or Requirements()
    priced = dataclasses.replace(run, manifest=repriced(run.manifest, price_settings(options)))
    return document(derive(priced, needs=needs, measured=measured))


def close(value: float | None) -> Any:
    return value if value is None else pytest.approx(value, rel=1e-12, abs=1e-300)


def hold(told: dict[str, Any], decision: dict[str, Any]) -> None:
    """Everything the page shows of one task at one setting."""
    for name in ("status", "recommended", "favourite", "why_not", "unfit", "basis", "nearest"):
        assert told[name] == decision[name], name
    assert [one["name"] for one in told["entrants"]] == list(decision["candidates"])
    for one in told["entrants"]:
        row = decision["candidates"][one["name"]]
        assert (one["accuracy"], one["feasible"]) == (row["accuracy"], row["feasible"])
        assert one["monthly"] == close(row["monthly_usd"])
        assert one["total"] == close(row["total_usd"])
        assert [
            (outcome["requirement"], outcome["status"], outcome["detail"]) for outcome in one["outcomes"]
        ] == [(met["requirement"], met["status"], met["detail"]) for met in row["requirements"]]
    assert told["open"] == [name for name, row in decision["against"].items() if row["open"]]
    hold_map(told["map"], decision["map"])
    cycles = decision["setting"]["cycles"]
    rows = [row for row in decision["break_even"] if cycles is None or row["cycles"] == cycles]
    if cycles is not None:
        hold_break_even(told["break_even"], rows)


def hold_map(told: dict[str, Any] | None, grid: dict[str, Any] | None) -> None:
    assert (told is None) == (grid is None)
    if told is None or grid is None:
        return
    assert told["monthly_queries"] == grid["monthly_queries"]
    assert told["refresh_days"] == grid["refresh_days"]
    for name, key in (("winner", "winners"), ("status", "statuses"), ("weighed", "weighed")):
        assert [[cell[name] for cell in row] for row in told["rows"]] == grid[key]
    for name, key in (("from", "pays_from_usd"), ("to", "pays_to_usd")):
        for cells, values in zip(told["rows"], grid[key], strict=True):
            assert [cell[name] for cell in cells] == [close(value) for value in values]


def hold_break_even(told: list[dict[str, Any]], rows: list[dict[str, Any]]) -> None:
    assert [(one["a"], one["b"], one["status"]) for one in told] == [
        (r["a"], r["b"], r["status"]) for r in rows
    ]
    names = {
        "upfront_a": "upfront_a_usd", "upfront_b": "upfront_b_usd", "per_query_a": "per_query_a_usd",
        "per_query_b": "per_query_b_usd", "queries": "queries", "per_refresh": "per_refresh_queries",
        "flip_error_price": "flip_error_price_usd",
    }  # fmt: skip
    for one, row in zip(told, rows, strict=True):
        assert {key: one[key] for key in names} == {key: close(row[name]) for key, name in names.items()}


@pytest.mark.parametrize("kind", RUNS)
def test_the_page_decides_as_decide_does(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlook, "changes", lambda *_: ())  # most of the work, and not in the page
    run = read_run(RUNS[kind](tmp_path / "run"))
    measured = measure(run)
    facts = facts_of(run)
    grid = [given(run, one) for one in (GRID if kind == "elected" else GRID[::5])]
    commands = calls([("command", one, str(run.folder)) for one in grid], facts)
    terms = calls([("terms", one) for one in grid], facts)
    asked = [("decide", task, at) for at in terms for task in facts["tasks"]]
    answers = iter(calls(asked, facts))
    seen = set()
    for command in commands:
        found = decided(run, measured, command)
        for task in facts["tasks"]:
            told = next(answers)
            hold(told, found["tasks"][task]["decision"])
            seen.add(told["status"])
    assert kind != "broken" or any(task["excluded"] for task in facts["tasks"].values())
    if kind == "alike":
        assert "recommended" in seen
    if kind == "elected":
        assert seen == {"recommended", "undecided", "none_feasible", "not_computed"}


def test_an_empty_field_keeps_what_the_run_requires(tmp_path: Path) -> None:
    facts = facts_of(read_run(demanding(tmp_path)))
    (at,) = calls([("terms", {"min_accuracy": None, "monthly_queries": 5})], facts)
    assert (at["min_accuracy"], at["monthly_queries"], at["error_price_usd"]) == (0.2, 5, 0.02)
    (words,) = calls([("command", {"min_accuracy": 0.2, "monthly_queries": 5}, "RUN")], facts)
    assert words == ["python", "-m", "harness", "decide", "RUN", "--monthly-queries", "5"]


def test_a_run_without_prices_offers_none(tmp_path: Path) -> None:
    facts = facts_of(read_run(without_prices(tmp_path)))
    assert not {one["name"] for one in facts["inputs"]} & {"usd_per_hour", "utilisation", "tuning_cycles"}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("monthly_queries", "", {"value": None}),
        ("monthly_queries", " 1e3 ", {"value": 1000}),
        ("monthly_queries", "0", {"mistake": "at least 1"}),
        ("monthly_queries", "2.5", {"mistake": "a whole number"}),
        ("monthly_queries", "many", {"mistake": "a whole number"}),
        ("error_price_usd", "0", {"value": 0}),
        ("error_price_usd", "1e-12", {"mistake": "0 or at least 1e-9"}),
        ("min_accuracy", "60", {"mistake": "at most 1"}),
        ("min_accuracy", "0.6", {"value": 0.6}),
        ("utilisation", "0", {"mistake": "at least 0.000001"}),
    ],
)
def test_fields_take_what_the_flags_take(name: str, text: str, expected: Any, tmp_path: Path) -> None:
    facts = facts_of(read_run(write_run(tmp_path)))
    (field,) = [one for one in facts["inputs"] if one["name"] == name]
    assert calls([("read", field, text)]) == [expected]


def test_quantities_are_written_as_in_the_reports() -> None:
    values = [
        0.0,
        3e-12,
        1.2e-7,
        0.000123,
        0.0499,
        0.0995,
        0.5,
        0.994,
        0.996,
        0.9996,
        1.0,
        1.125,
        2.675,
        59.95,
    ]
    values += [599.7, 7199.0, 12_345.678, 1e6 / 3, 3.3e24, *(math.pi * 10**power for power in range(-9, 12))]
    for name in ("dollars", "seconds", "days", "three", "whole"):
        expected = [getattr(quantities, name)(value) for value in values]
        assert calls([(name, value) for value in values]) == expected, name
    shares = [0.0, 1e-5, 1 / 16, 3 / 16, 1 / 80, 0.0004, 0.123, 0.5, 0.9994, 0.99999, 1.0]
    assert calls([("percent", value) for value in shares]) == [quantities.percent(value) for value in shares]
    assert calls([("dollars", -3.5)]) == [quantities.dollars(-3.5)]


def test_tokens_at_a_price_are_what_the_projection_says(tmp_path: Path) -> None:
    """100 prompt and 5 completion tokens, of which the projection was made: the same dollars, times the volume."""
    hosted = {
        "model": "big",
        "provider": "p",
        "kind": "base",
        "input_usd_per_mtok": 0.15,
        "output_usd_per_mtok": 0.6,
    }
    priced = {**hosted, "tiers": [], "per_request_usd": 0.0, "reason": None, "priced_on": "2026-01-01", "source": "s",
              "training_usd_per_mtok": None}  # fmt: skip
    run = read_run(write_run(tmp_path, manifest={**manifest(), "api_prices": [priced]}))
    facts = facts_of(run)
    (rag,) = [one for one in facts["tasks"]["facts"]["strategies"] if one["name"] == "rag"]
    at = {"monthly_queries": 1000}
    kept, given_ = calls([("hosted", rag, at, None), ("hosted", rag, at, {"input": 0.15, "output": 0.6})])
    usd = 1000 * (100 * 0.15 + 5 * 0.6) / 1e6
    assert kept == [["big", pytest.approx(usd)]]
    assert given_[0][1] == pytest.approx(usd)
