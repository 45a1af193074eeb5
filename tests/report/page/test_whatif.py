"""The formulas of the page against `decide`: the same flags, the same figures, in every setting tried."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from harness import quantities
from harness.analysis.decision import verdict
from harness.analysis.derive import derive
from harness.analysis.evidence import Evidence
from harness.analysis.measure import measure
from harness.analysis.reading import read_run
from harness.analysis.results.decision import Decision
from harness.analysis.results.run import TaskResult
from harness.analysis.results.turns import DecisionMap
from harness.report.page.whatif import Facts, whatif
from harness.report.pictures import money
from tests.analysis.runs import manifest, write_run
from tests.report.page import node
from tests.report.page.terms import GRID, RUNS, THOROUGH, Given, decided, demanding, edges, without_prices


def facts_of(run: Evidence) -> Facts:
    return whatif(derive(run))


def calls(asked: Sequence[Sequence[Any]], facts: Facts | None = None) -> list[Any]:
    """What the page's functions answer to the facts as they stand in the page."""
    return node.calls(asked, facts and json.loads(json.dumps(asdict(facts), allow_nan=False)))


def given(run: Evidence, one: Given) -> Given:
    """Without prices of a machine where the run has no sheet: the page has no such fields, `decide` refuses them."""
    if run.manifest.price_sheet:
        return one
    return {
        name: v for name, v in one.items() if name not in ("usd_per_hour", "utilisation", "tuning_cycles")
    }


def grid_of(kind: str, run: Evidence, facts: Facts) -> list[Given]:
    tried = [*(GRID if kind in THOROUGH else GRID[::5]), *(edges(facts) if kind == "spread" else ())]
    return [given(run, one) for one in tried]


def close(value: float | None) -> Any:
    return value if value is None else pytest.approx(value, rel=1e-12, abs=1e-300)


def check(shown: dict[str, Any], decision: Decision) -> None:
    """Everything that the page shows of one task at one setting."""
    for name in ("status", "recommended", "favourite", "why_not", "unfit", "basis", "nearest"):
        assert shown[name] == getattr(decision, name), name
    assert [one["name"] for one in shown["candidates"]] == list(decision.candidates)
    for one in shown["candidates"]:
        candidate = decision.candidates[one["name"]]
        assert (one["accuracy"], one["feasible"]) == (candidate.accuracy, candidate.feasible)
        assert one["monthly"] == close(candidate.monthly_usd)
        assert one["total"] == close(candidate.total_usd)
        assert [
            (outcome["requirement"], outcome["status"], outcome["miss"]) for outcome in one["outcomes"]
        ] == [
            (outcome.requirement, outcome.status, close(outcome.miss)) for outcome in candidate.requirements
        ]
    assert shown["open"] == [name for name, against in decision.against.items() if against.open]
    # How it is served, how many questions would decide and by how much the nearest misses stand in the report alone.
    told = re.sub(r"( queries a month for \S+) (?:with|on) .*?\(\$[^)]*\)", r"\1", decision.headline)
    assert told.startswith(shown["headline"].removesuffix("."))
    check_map(shown["map"], decision.map)


def check_map(shown: dict[str, Any] | None, grid: DecisionMap | None) -> None:
    assert (shown is None) == (grid is None)
    if shown is None or grid is None:
        return
    assert shown["monthly_queries"] == list(grid.monthly_queries)
    assert shown["refresh_days"] == list(grid.refresh_days)
    for name, rows in (("winner", grid.winners), ("status", grid.statuses), ("weighed", grid.weighed)):
        assert [tuple(cell[name] for cell in row) for row in shown["rows"]] == list(rows)
    for name, prices in (("from", grid.pays_from_usd), ("to", grid.pays_to_usd)):
        for cells, values in zip(shown["rows"], prices, strict=True):
            assert [cell[name] for cell in cells] == [close(value) for value in values]


def check_crossings(shown: list[dict[str, Any]], task: TaskResult) -> None:
    """Where the lines of the drawn picture cross; a line that hardly rises is known to fewer digits."""
    lines = money.lines(task)
    met = {
        (one.dearer, one.other): one
        for pair in itertools.combinations(lines, 2)
        if (one := money.crossing(*pair)) is not None and 10 < one.queries < 1e9
    }
    assert all(one["queries"] > 0 for one in shown)
    found = {(one["dearer"], one["other"]): one for one in shown if 10 < one["queries"] < 1e9}
    assert found.keys() == met.keys()
    for pair, one in found.items():
        assert one["queries"] == pytest.approx(met[pair].queries, rel=1e-5)
        assert one["usd"] == pytest.approx(met[pair].usd, rel=1e-5)


@pytest.mark.parametrize("kind", RUNS)
def test_the_page_decides_as_decide_does(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdict, "changes", lambda *_: ())  # most of the work, and not in the page
    run = read_run(RUNS[kind](tmp_path / "run"))
    measured = measure(run)
    facts = facts_of(run)
    grid = grid_of(kind, run, facts)
    commands = calls([("command", one, str(run.folder)) for one in grid], facts)
    terms = calls([("terms", one) for one in grid], facts)
    asked = [(name, task, at) for at in terms for task in facts.tasks for name in ("decide", "crossings")]
    answers = iter(calls(asked, facts))
    statuses = set()
    for command in commands:
        results = decided(run, measured, command)
        for task in facts.tasks:
            shown, met = next(answers), next(answers)
            check(shown, results.tasks[task].decision)
            check_crossings(met, results.tasks[task])
            statuses.add(shown["status"])
    assert kind != "broken" or any(task.excluded for task in facts.tasks.values())
    if kind == "alike":
        assert "recommended" in statuses
    if kind == "elected":
        assert statuses == {"recommended", "undecided", "none_feasible", "not_computed"}


def test_an_empty_field_keeps_what_the_run_requires(tmp_path: Path) -> None:
    facts = facts_of(read_run(demanding(tmp_path)))
    (at,) = calls([("terms", {"min_accuracy": None, "monthly_queries": 5})], facts)
    assert (at["min_accuracy"], at["monthly_queries"], at["error_price_usd"]) == (0.2, 5, 0.02)
    (words,) = calls([("command", {"min_accuracy": 0.2, "monthly_queries": 5}, "RUN")], facts)
    assert words == ["python", "-m", "harness", "decide", "RUN", "--monthly-queries", "5"]


def test_a_run_without_prices_offers_none(tmp_path: Path) -> None:
    facts = facts_of(read_run(without_prices(tmp_path)))
    assert not {one.name for one in facts.fields} & {"usd_per_hour", "utilisation", "tuning_cycles"}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("monthly_queries", "", {"value": None}),
        ("monthly_queries", " 1e3 ", {"value": 1000}),
        ("monthly_queries", "0", {"mistake": "at least 1"}),
        ("monthly_queries", "2.5", {"mistake": "a whole number"}),
        ("monthly_queries", "many", {"mistake": "a whole number"}),
        ("error_price_usd", "0", {"value": 0}),
        ("error_price_usd", "1e-12", {"mistake": "0 or at least 0.000000001"}),
        ("min_accuracy", "60", {"mistake": "at most 1"}),
        ("min_accuracy", "0.6", {"value": 0.6}),
        ("utilisation", "0", {"mistake": "at least 0.000001"}),
    ],
)
def test_fields_take_what_the_flags_take(name: str, text: str, expected: Any, tmp_path: Path) -> None:
    facts = facts_of(read_run(write_run(tmp_path)))
    (field,) = [asdict(one) for one in facts.fields if one.name == name]
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
    for value in (-3.5, -2e-10, 5.1e-10, -4e13):
        assert calls([("dollars", value)]) == [quantities.dollars(value)]


def test_tokens_at_a_price_are_what_the_projection_says(tmp_path: Path) -> None:
    """100 prompt and 5 completion tokens, of which the projection was made: the same dollars, times the volume."""
    hosted = {
        "model": "big",
        "provider": "p",
        "kind": "base",
        "input_usd_per_mtok": 0.15,
        "output_usd_per_mtok": 0.6,
    }
    priced = {"asked": "big", **hosted,
              "tiers": [], "per_request_usd": 0.0, "reason": None, "priced_on": "2026-01-01", "source": "s",
              "training_usd_per_mtok": None}  # fmt: skip
    run = read_run(write_run(tmp_path, manifest={**manifest(), "api_prices": [priced]}))
    facts = facts_of(run)
    (rag,) = [asdict(one) for one in facts.tasks["facts"].systems if one.name == "rag"]
    at = {"monthly_queries": 1000}
    kept, given_ = calls([("hosted", rag, at, None), ("hosted", rag, at, {"input": 0.15, "output": 0.6})])
    usd = 1000 * (100 * 0.15 + 5 * 0.6) / 1e6
    assert kept == [["big", pytest.approx(usd)]]
    assert given_[0][1] == pytest.approx(usd)
