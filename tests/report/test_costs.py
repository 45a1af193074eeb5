"""What the report says of money: tables that agree with results.json."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.money.economics import CostInputs
from harness.analysis.results.money import BreakEven, Projection
from harness.analysis.results.run import TaskResult
from harness.report import costs, monthly, per_query, projections
from harness.spec.tariff import Tariff
from tests.analysis.runs import answers
from tests.report.results import facts, results


def with_break_even(task: TaskResult, row: BreakEven) -> TaskResult:
    return replace(task, decision=replace(task.decision, break_even=(row,)))


def test_each_strategy_by_use_parts_and_throughput(tmp_path: Path) -> None:
    rows = per_query.queries_table(facts(tmp_path)).rows
    assert [row[:6] for row in rows] == [
        ("base", "10", "550 ms", "333 ms–767 ms", "$0.0011", "$0.000667–$0.00153"),
        ("lora", "1", "1.00 s", "n/a (n=1 < 10)", "$0.0020", "n/a (n=1 < 10)"),
        ("rag", "2", "3.00 s", "n/a (n=2 < 10)", "$0.0060", "n/a (n=2 < 10)"),
    ]
    assert [row[6:] for row in rows] == [
        ("n/a", "9.1 %", "90.9 %", "$0.0010", "$0.00055", "1.82", "2.00"),
        ("n/a", "50.0 %", "50.0 %", "n/a", "$0.0010", "1.00", "n/a"),
        ("16.7 %", "50.0 %", "33.3 %", "$0.0060", "$0.0030", "0.333", "0.333"),
    ]


def test_the_tariff_stands_above_what_it_makes(tmp_path: Path) -> None:
    """Kept up for 720 hours at $3.60 with a peak of twice the mean; twelve cold starts a day of 2.5 s."""
    said = {}
    for tariff in Tariff:
        needs = {"requirements": {"tariff": tariff}}
        task = facts(tmp_path / tariff, settings=needs)
        blocks = [str(block) for block in costs.task_blocks(task)]
        said[tariff] = " ".join(blocks), monthly.totals(task).rows[0][1]
    assert "What a query costs, at 10,000 queries a month with machines kept up" in said[Tariff.KEPT_UP][0]
    assert (
        "with box kept up 720 hours a month, at least one, and as many as a peak of 2 times"
        in said[Tariff.KEPT_UP][0]
    )
    assert "at most 365.2 cold starts of 2.50 s each" in said[Tariff.SCALE_TO_ZERO][0]
    assert "the seconds of a query, at 50.0 % utilisation" in said[Tariff.SHARED][0]
    assert [month for _, month in said.values()] == [
        "$2,592.42 (1 machine)",
        "$1.88 ($1.66–$2.10)",  # 550 s and 365.25 starts of 2.5 s, and a twelfth of $5
        "$1.52 ($1.08–$1.95)",
    ]


def test_what_is_paid_once(tmp_path: Path) -> None:
    rows = costs.once(facts(tmp_path)).rows
    assert rows == (
        ("base", "$5.00", "$0", "–", "–", "–", "–", "–", "–", "$5.00", "$5.00", "–"),
        ("lora", "$66.20", "$0", "–", "–", "3", "$0.10", "$20.00", "$0.90", "$5.00", "$15.19", "$0.20"),
        ("rag", "$5.01", "$0", "$0", "$0.010", "–", "–", "–", "–", "$5.00", "$5.00", "$0.10"),
    )


def test_totals_by_volume_serial_and_batched(tmp_path: Path) -> None:
    table = monthly.totals(facts(tmp_path, CostInputs(monthly_queries=2_500)))
    assert table.headers == (
        "Strategy", "1,000 queries", "2,500 queries (yours)", "10,000 queries", "100,000 queries",
    )  # fmt: skip
    assert table.rows[:3] == (
        ("base", "$1.52 ($1.08–$1.95)", "$3.17 ($2.08–$4.25)", "$11.42 ($7.08–$15.75)", "$110.42 ($67.10–$153.73)"),
        ("base, batched", "$1.42", "$2.92", "$10.42", "$100.42"),
        ("lora", "$7.72 (n=1)", "$10.72 (n=1)", "$25.72 (n=1)", "$205.72 (n=1)"),
    )  # fmt: skip


def test_totals_count_one_as_one_and_write_great_volumes_out(tmp_path: Path) -> None:
    once = CostInputs(monthly_queries=1, refresh_days=1.0, horizon_months=1)
    task = facts(tmp_path, once)
    assert monthly.totals(task).headers[1] == "1 query (yours)"
    assert any(
        "spread over 1 month, a change of knowledge every 1 day. " in str(b) for b in costs.task_blocks(task)
    )
    great = facts(tmp_path, CostInputs(monthly_queries=1_234_567))
    assert monthly.totals(great).headers[-1] == "1,234,567 queries (yours)"


def test_the_price_of_an_error_says_whether_the_difference_behind_it_is_shown(tmp_path: Path) -> None:
    task = facts(tmp_path)
    row = replace(task.decision.break_even[0], excluded=(), flip_error_price_usd=0.016)
    for resolved, shown in ((True, "$0.016"), (False, "$0.016 (inconclusive)")):
        table = monthly.break_even(with_break_even(task, replace(row, accuracy_resolved=resolved)))
        assert table.rows[0][-1] == shown


@pytest.mark.parametrize(
    ("costs_usd", "accuracies", "shown"),
    [
        ((0.001, 0.002), (0.6, 0.5), "none: lora is cheaper and not less accurate"),
        ((0.001, 0.002), (0.5, 0.5), "none: lora is cheaper and not less accurate"),
        ((0.002, 0.001), (0.5, 0.6), "none: base is cheaper and not less accurate"),
        ((0.002, 0.001), (0.5, 0.5), "none: base is cheaper and not less accurate"),
        ((0.001, 0.001), (0.6, 0.5), "none: lora is as cheap and not less accurate"),
        ((0.001, 0.001), (0.5, 0.6), "none: base is as cheap and not less accurate"),
        ((0.001, 0.001), (0.5, 0.5), "none: the same cost and accuracy"),
        ((0.001, 0.002), (None, 0.5), "n/a"),
    ],
)
def test_where_no_price_of_an_error_turns_the_choice_it_says_who_loses_nowhere(
    tmp_path: Path,
    costs_usd: tuple[float, float],
    accuracies: tuple[float | None, float],
    shown: str,
) -> None:
    task = facts(tmp_path)
    row = replace(
        task.decision.break_even[0],
        a="lora",
        b="base",
        per_query_a_usd=costs_usd[0],
        per_query_b_usd=costs_usd[1],
        accuracy_a=accuracies[0],
        accuracy_b=accuracies[1],
        excluded=(),
        flip_error_price_usd=None,
    )
    for resolved, doubt in ((True, ""), (False, " (inconclusive)")):
        table = monthly.break_even(with_break_even(task, replace(row, accuracy_resolved=resolved)))
        assert table.rows[0][-1] == shown + ("" if shown == "n/a" else doubt)


def test_break_even_by_cycles_and_in_words(tmp_path: Path) -> None:
    task = facts(tmp_path)
    out = "not weighed: failed a check"  # base left answers empty, rag's passages were cut
    assert monthly.break_even(task).rows == (
        ("lora against base", "never", "never", "never", "never", out),
        ("rag against base", "never", "never", "never", "never", out),
        ("lora against rag", "463", "1,300", "2,138", "2,548", out),
    )
    said = monthly.sentences(task)
    assert len(said) == 3
    assert all("tuning cycles: 3" in text for text in said if text.startswith("lora"))
    five = monthly.sentences(facts(tmp_path, CostInputs(cycles=5)))
    assert "2,138 queries a month on (tuning cycles: 5)" in five[2]
    kept = monthly.break_even(facts(tmp_path / "kept", settings={}))
    assert "Queries for each change of knowledge" not in kept.headers, "a query has no one cost there"


def test_a_strategy_whose_one_off_cost_is_not_known_says_why(tmp_path: Path) -> None:
    rows = {row[0]: row for row in costs.once(facts(tmp_path, adapters=[])).rows}
    assert rows["lora"][1] == "n/a (the run has no record of training the adapter)"


def test_a_task_without_times_has_no_cost(tmp_path: Path) -> None:
    assert costs.task_blocks(results(tmp_path).tasks["general"]) == []


def test_a_projection_is_labelled_and_never_looks_measured(tmp_path: Path) -> None:
    price = {
        "asked": "m", "model": "m", "provider": "p", "kind": "base", "input_usd_per_mtok": 2.0,
        "cached_usd_per_mtok": None, "output_usd_per_mtok": 8.0, "per_request_usd": 0.0, "tiers": [],
        "training_usd_per_mtok": None, "priced_on": "2026-01-01", "source": "a list", "reason": None,
    }  # fmt: skip
    unknown = {**price, "kind": "fine-tuned", "input_usd_per_mtok": None, "reason": "nobody sells it"}
    task = facts(tmp_path, api_prices=[price, unknown])
    rows = projections.projections(task).rows
    assert rows[0][:7] == ("base", "p m", "projection", "$0.00024", "n/a", "never", "$2.00 / $8.00")
    assert rows[1][:4] == ("lora", "p m, fine-tuned", "projection", "n/a (nobody sells it)")
    assert projections.PROJECTED in costs.task_blocks(task)


def test_none_right_is_no_price_for_a_right_one(tmp_path: Path) -> None:
    wrong = [{**row, "prediction": "no"} for row in answers()]
    task = facts(tmp_path, rows={"answers": wrong})
    assert per_query.per_thousand_correct(task.strategies["base"]) == "n/a (none was right)"


def test_the_shared_prefix_is_priced_as_cached_beside_the_uncached_figure(tmp_path: Path) -> None:
    task = facts(tmp_path)
    base = task.strategies["base"]
    hosted = Projection(
        "m",
        "p",
        "base",
        "projection",
        0.003,
        0.002,
        1_500,
        1_408,
        5_000.0,
        4,
        2.0,
        8.0,
        None,
        None,
        None,
        None,
        True,
        (),
    )
    short = replace(hosted, shared_prefix_tokens=310, cached_tokens=0)
    row = replace(base, cost=replace(base.cost, projections=(hosted, short)))
    rows = projections.projections(replace(task, strategies={"base": row})).rows
    assert {shown[5] for shown in rows} == {"5,000"}
    assert [shown[4] for shown in rows] == [
        "$0.0020 (1,408 of about 1,500 tokens)",
        "as uncached (about 310 tokens are too few)",
    ]
