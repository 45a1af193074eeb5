"""A run decided again: what its own terms said, what is said now, and which input did it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.analysis.again import again
from harness.analysis.decision.change_words import name_of, write
from harness.analysis.decision.requirements.table import Requirements, rows
from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.analysis.results.turns import Turned
from harness.spec import pricing
from harness.spec.tariff import Tariff
from tests.analysis.decided import elected
from tests.analysis.prose import check

TASKS = {
    "facts": ("knowledge", {"base": 0.05, "lora": 0.62, "rag": 0.6}),
    "trivia": ("general", {"base": 0.6}),
}
OWN: dict[str, Any] = {
    "monthly_queries": 1000,
    "requirements": {"monthly_queries": 1000, "error_price_usd": 0.01, "tariff": Tariff.SHARED},
}


def turned(folder: Path, prices: dict[str, Any] | None = None, **needs: Any) -> Turned:
    """What `again` says of facts; every number of its sentence is one of its figures."""
    run = read_run(elected(folder, TASKS, n=400, settings=OWN))
    found = again(run, Requirements(**{**OWN["requirements"], **needs}), prices or {})
    check(found.turned["facts"])
    return found.turned["facts"]


def changes(found: Turned) -> dict[str, tuple[Any, Any, bool]]:
    return {row.input: (row.own, row.now, row.alone) for row in found.changed}


def test_many_queries_pay_for_the_fine_tune_and_the_volume_did_it(tmp_path: Path) -> None:
    block = turned(tmp_path, monthly_queries=1_000_000)
    assert (block.own.favourite, block.now.favourite, block.turned) == ("rag", "lora", True)
    assert changes(block) == {"monthly_queries": (1000, 1_000_000, True)}
    assert block.figures == {"monthly_queries, own": 1000, "monthly_queries, now": 1_000_000}


def test_of_several_inputs_the_one_that_turns_it_alone_is_named(tmp_path: Path) -> None:
    block = turned(tmp_path, monthly_queries=1_000_000, horizon_months=13)
    assert changes(block) == {"monthly_queries": (1000, 1_000_000, True), "horizon_months": (12, 13, False)}
    assert block.figures == {"monthly_queries, own": 1000, "monthly_queries, now": 1_000_000}


def test_what_only_several_together_turn_is_told_so(tmp_path: Path) -> None:
    """rag alone names its sources, and is too slow where that is required as well; each alone leaves one in."""
    both = turned(tmp_path, min_accuracy=0.5, citations=True, max_latency_s=1.5)
    assert both.now.status == "none_feasible"
    assert not any(row.alone for row in both.changed)
    assert both.figures["citations, now"] is True


def test_prices_turn_it_too_and_where_nobody_set_one_the_one_in_use_is_shown(tmp_path: Path) -> None:
    """At $2,000 an hour a query of rag takes seconds for a dollar, against a cent for a wrong answer: base wins."""
    block = turned(tmp_path, {"usd_per_hour": 2000.0})
    ((own, now, alone),) = changes(block).values()
    assert (now, alone, block.turned) == (2000.0, True, True)
    assert 0 < own < 100
    assert block.now.favourite == "base"


def test_where_nothing_turns_it_says_so_and_names_nothing_that_did(tmp_path: Path) -> None:
    block = turned(tmp_path, monthly_queries=1001)
    assert block.turned is False
    assert block.figures == {}
    assert changes(block) == {"monthly_queries": (1000, 1001, False)}


def test_the_runs_own_terms_change_nothing_and_the_rest_is_what_derive_gives(tmp_path: Path) -> None:
    run = read_run(elected(tmp_path, TASKS, settings=OWN))
    found = again(run, Requirements(**OWN["requirements"]), {})
    assert [row.changed for row in found.turned.values()] == [(), ()]
    assert found.results == derive(run)


def test_one_query_is_told_as_one() -> None:
    assert write("monthly_queries", 1) == "1 query a month"


def test_every_input_has_words() -> None:
    prices = set(pricing.FIELDS) - {"price_as"}
    assert all(name_of(field) for field in (*rows(), *prices))


@pytest.mark.parametrize("status", ["undecided", "not_computed"])
def test_a_verdict_without_a_favourite_is_told(tmp_path: Path, status: str) -> None:
    run = read_run(elected(tmp_path, TASKS, settings=OWN, quick=status == "undecided"))
    found = again(run, Requirements(monthly_queries=2), {}).turned
    task = "facts" if status == "undecided" else "trivia"
    assert found[task].own.status == status
    check(found[task])
