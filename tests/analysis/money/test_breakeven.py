"""Totals and break-even points of made-up strategies; a sentence says the figures that stand beside it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.money.breakeven import (
    Accuracies,
    Entry,
    break_evens,
)
from harness.analysis.money.breakeven_words import flip, queries, reached, whole_queries
from harness.analysis.money.cost import totals
from harness.analysis.money.economics import DAYS_PER_MONTH, CostInputs, Economics
from harness.analysis.results.hosting import Hosting
from harness.analysis.results.money import BreakEven, Components
from harness.spec.tariff import Tariff
from tests.snapshots import Snapshots

DOLLAR_A_SECOND = Hosting(tariff=Tariff.SHARED, machine="box", usd_per_hour=3600.0)
INPUTS = CostInputs(tariff=Tariff.SHARED)


def entry(
    name: str, accuracy: float | None = 0.5, hosting: Hosting = DOLLAR_A_SECOND, **values: Any
) -> Entry:
    """On shared machines of a dollar a second: seconds are dollars a query."""
    known = {
        "seconds": 0.01, "batched_s": 0.005, "fixed_usd": 0.0, "refresh_usd": 0.0,
        "storage_usd_per_month": 0.0, "reason": None, "per_cycle_usd": 0.0,
    } | values  # fmt: skip
    return Entry(Economics(strategy=name, hosting=hosting, components=Components(), **known), accuracy)


LORA = entry("lora", 0.6, seconds=0.01, fixed_usd=3_000.0, per_cycle_usd=900.0, refresh_usd=50.0)
RAG = entry("rag", 0.8, seconds=0.04, fixed_usd=10.0, refresh_usd=5.0, storage_usd_per_month=1.0)


SHOWN = Accuracies([frozenset(("lora", "rag"))])


def by_cycles(*entries: Entry, accuracies: Accuracies = SHOWN, **inputs: Any) -> dict[int, BreakEven]:
    return {row.cycles: row for row in break_evens(entries, replace(INPUTS, **inputs), accuracies)}


def test_break_even_by_tuning_cycles() -> None:
    rows = by_cycles(RAG, LORA)
    assert {(row.a, row.b, row.tuned) for row in rows.values()} == {("lora", "rag", True)}
    # rag: $10 and 12 months of storage at $1; lora: $3,000 for 3 cycles, $900 a cycle; 3 cents a query apart
    expected = {cycles: (upfront - 22) / 0.03 for cycles, upfront in ((1, 1_200), (3, 3_000), (5, 4_800))}
    assert {cycles: row.queries for cycles, row in rows.items()} == pytest.approx(expected)
    assert {cycles: row.monthly_queries for cycles, row in rows.items()} == pytest.approx(
        {cycles: queries / 12 for cycles, queries in expected.items()}
    )
    assert rows[3].per_refresh_queries == pytest.approx(45 / 0.03)
    assert rows[3].flip_error_price_usd == pytest.approx(0.03 / 0.2)
    assert rows[3].status == "reached"


def test_words(snapshots: Snapshots) -> None:
    """What each outcome says, and what stands in a table's cells for it."""
    base = entry("base")
    cases = {
        "reached, the dearer query shown to be right more often": by_cycles(RAG, LORA)[3],
        "the same, the difference in accuracy not resolved": by_cycles(RAG, LORA, accuracies=Accuracies())[3],
        "the same, by a graded metric": by_cycles(RAG, LORA, accuracies=Accuracies(SHOWN.resolved, "f1"))[3],
        "one failed a check": by_cycles(RAG, replace(LORA, valid=False))[3],
        "one query is told as one": by_cycles(
            entry("base", seconds=1.0),
            entry("lora", seconds=0.5, fixed_usd=0.5, refresh_usd=0.5),
        )[1],
        "never": by_cycles(LORA, base)[3],
        "always": by_cycles(base, entry("few-shot", seconds=0.02))[3],
        "equal": by_cycles(base, entry("twin"))[3],
        "one was not timed": by_cycles(RAG, entry("base", seconds=None, reason="not timed"))[3],
        "one has no one-off cost": by_cycles(RAG, entry("lora", 0.6, fixed_usd=None, reason="no labour"))[3],
    }
    parts = [
        f"{case}\n  {row.sentence}\n  {reached(row)} | {queries(row.per_refresh_queries)} | {flip(row)}\n"
        for case, row in cases.items()
    ]
    snapshots.check("analysis/break_even.txt", "\n".join(parts))


def test_break_even_of_machines_that_are_kept_up() -> None:
    """$2,630 a machine of $3.60 an hour; at three times the mean load a query of 4 s takes 12 of its seconds.

    lora costs $248.17 a month more before the first query: one machine less makes up for that. Its queries of 1 s need
    a quarter of the machines, so from the second machine of rag on it is ahead for good: 2,629,800 s / 12 s.
    """
    kept = Hosting(tariff=Tariff.KEPT_UP, machine="box", usd_per_hour=3.6, peak_factor=3.0)
    lora, rag = (
        replace(e, money=replace(e.money, hosting=kept, seconds=s)) for e, s in ((LORA, 1.0), (RAG, 4.0))
    )
    row = by_cycles(rag, lora, tariff=Tariff.KEPT_UP)[3]
    assert (row.a, row.status, row.monthly_queries) == ("lora", "reached", pytest.approx(219_150))
    assert (row.queries, row.per_refresh_queries) == (None, None), "no constant cost of a query"
    assert row.sentence.startswith(
        "lora costs less than rag from 219,150 queries a month on (tuning cycles: 3)"
    )
    slower = replace(LORA, money=replace(LORA.money, hosting=kept, seconds=4.0))
    assert by_cycles(rag, slower, tariff=Tariff.KEPT_UP)[3].status == "never"


def test_the_accuracy_of_a_system_that_failed_a_check_is_not_weighed() -> None:
    row = by_cycles(RAG, replace(LORA, valid=False))[3]
    assert (row.flip_error_price_usd, row.excluded, row.accuracy_resolved) == (None, ("lora",), False)
    assert row.queries, "what it costs was measured all the same"


def test_an_unresolved_difference_is_marked() -> None:
    assert [
        by_cycles(RAG, LORA, accuracies=accuracies)[3].accuracy_resolved
        for accuracies in (SHOWN, Accuracies())
    ] == [True, False]


def test_the_users_own_cycles_stand_beside_the_usual_ones() -> None:
    assert list(by_cycles(RAG, LORA, cycles=4)) == [1, 3, 4, 5]
    assert list(by_cycles(RAG, LORA)) == [1, 3, 5]


def test_dearer_at_the_start_and_in_each_query_never_pays() -> None:
    row = by_cycles(LORA, entry("base", seconds=0.01))[3]
    assert (row.status, row.queries, row.flip_error_price_usd) == ("never", None, None)


def test_cheaper_from_the_first_query_and_just_alike() -> None:
    one, two = entry("base"), entry("few-shot", seconds=0.02)
    for pair in ((one, two), (two, one)):
        row = by_cycles(*pair)[3]
        assert (row.a, row.status, row.queries) == ("base", "always", 0)
    same = by_cycles(one, entry("twin"))[3]
    assert (same.status, same.queries, same.flip_error_price_usd) == ("equal", None, None)


def test_what_is_not_known_is_said_and_the_rest_is_still_told() -> None:
    untimed = by_cycles(RAG, entry("base", seconds=None, reason="not timed"))[3]
    assert (untimed.status, untimed.queries, untimed.flip_error_price_usd) == ("unknown", None, None)
    unlabelled = by_cycles(RAG, entry("lora", 0.6, fixed_usd=None, reason="no labour"))[3]
    assert (unlabelled.status, unlabelled.queries) == ("unknown", None)
    assert unlabelled.flip_error_price_usd == pytest.approx(0.15)


def test_totals_at_the_usual_volumes_and_the_users_own() -> None:
    rows = totals([RAG.money], replace(INPUTS, monthly_queries=2_500, refresh_days=30))
    assert [row.monthly_queries for row in rows] == [1_000, 2_500, 10_000, 100_000]
    assert [row.own_volume for row in rows] == [False, True, False, False]
    rest = 1.0 + 10 / 12 + 5 * DAYS_PER_MONTH / 30
    assert [row.monthly_usd for row in rows] == pytest.approx(
        [q * 0.04 + rest for q in (1e3, 2.5e3, 1e4, 1e5)]
    )
    assert rows[0].batched_monthly_usd == pytest.approx(1_000 * 0.005 + rest)
    assert rows[0].over_horizon_usd == pytest.approx(12 * (rows[0].monthly_usd or 0.0))
    assert (rows[0].standing_usd, rows[0].machines) == (pytest.approx(rest), None)
    (unknown, *_) = totals([entry("x", seconds=None, reason="not timed").money], CostInputs())
    assert (unknown.monthly_usd, unknown.over_horizon_usd, unknown.reason) == (
        None,
        None,
        "not timed",
    )


@given(
    st.lists(
        st.tuples(*[st.one_of(st.none(), st.floats(0, 1e6))] * 3, st.one_of(st.none(), st.floats(0, 1))),
        min_size=2,
        max_size=4,
    ),
    st.sampled_from(Tariff),
)
def test_any_figures_give_finite_ones_and_totals_that_cross_there(rows: list[Any], tariff: Tariff) -> None:
    entries = [
        entry(f"s{i}", right, seconds=query, fixed_usd=fixed, refresh_usd=refresh, reason="?")
        for i, (query, fixed, refresh, right) in enumerate(rows)
    ]
    inputs = CostInputs(tariff=tariff)
    hosting = replace(DOLLAR_A_SECOND, tariff=tariff, peak_factor=3.0)
    entries = [replace(one, money=replace(one.money, hosting=hosting)) for one in entries]
    found = break_evens(entries, inputs)
    assert len(found) == 3 * len(entries) * (len(entries) - 1) // 2
    months = totals([one.money for one in entries], inputs)
    json.dumps([asdict(row) for row in (*found, *months)], allow_nan=False)
    for row in found:
        assert row.sentence
        if row.queries:
            count, *known = (value or 0.0 for value in (
                row.queries, row.upfront_a_usd, row.upfront_b_usd, row.per_query_a_usd, row.per_query_b_usd
            ))  # fmt: skip
            assert known[0] + count * known[2] == pytest.approx(known[1] + count * known[3])


def test_whole_queries() -> None:
    assert [whole_queries(n) for n in (63_492.06, 100_000.00000001, 0.2, 1e15)] == [
        "63,493", "100,000", "1", "over 1,000,000,000,000",
    ]  # fmt: skip
