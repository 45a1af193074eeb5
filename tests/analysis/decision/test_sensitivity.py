"""What would change the choice: turning points against closed forms worked out by hand."""

from __future__ import annotations

import pytest

from harness.analysis.decision.candidates import Candidate
from harness.analysis.decision.change_words import would_change, write
from harness.analysis.decision.choice import choose
from harness.analysis.decision.requirements.table import Requirements
from harness.analysis.decision.sensitivity import (
    INPUTS,
    NO_PRICE,
    UNKNOWN_COST,
    Outcome,
    OutcomeAt,
    bands,
    change,
    changes,
    decision_map,
    grid,
    outcome_of,
)
from harness.analysis.results.setting import Setting
from harness.analysis.results.turns import Change
from harness.analysis.results.verdict import Verdict
from harness.spec.tariff import Tariff
from tests.analysis.candidates import Money, candidate, rules, setting, share

BY_FIELD = {one.field: one for one in INPUTS}


def priced(at: Setting) -> list[Candidate]:
    """A fine-tune that costs $120 a cycle and $0.001 a query; retrieval at $0.004; hours at $1, half used."""
    hour = (at.usd_per_hour or 1.0) / 1.0 * 0.5 / (at.utilisation or 0.5)
    lora = Money(0.001 * hour, 120.0 * (at.cycles or 1), refresh_usd=120.0)
    return [
        candidate("lora", share(500, 1000), lora),
        candidate("rag", share(500, 1000), Money(0.004 * hour, refresh_usd=0.5)),
    ]


def outcome_at(needs: Requirements | None = None) -> OutcomeAt:
    fixed = rules(priced(Setting()), needs)

    def at(point: Setting) -> Outcome:
        return outcome_of(choose(priced(point), fixed, point))

    return at


def of(candidates: list[Candidate]) -> OutcomeAt:
    """Candidates that cost the same whatever an hour does."""
    fixed = rules(candidates)

    def at(point: Setting) -> Outcome:
        return outcome_of(choose(candidates, fixed, point))

    return at


def moved(field: str, needs: Requirements | None = None, **more: float) -> Change:
    needs = needs or Requirements()
    now = setting(needs, **{"usd_per_hour": 1.0, "utilisation": 0.5, "cycles": 1, **more})
    return change(outcome_at(needs), now, BY_FIELD[field])


def test_the_volume_at_which_the_fine_tune_is_paid_off() -> None:
    """$10 a month for twelve months against $0.003 a query: 3,333 queries a month."""
    found = moved("monthly_queries")
    assert found.nearest == "down"
    assert found.down
    assert (found.down.winner, found.up) == ("rag", None)
    assert found.down.value == pytest.approx(10 / 0.003, rel=1e-4)


def test_the_hour_the_utilisation_and_the_cycles_that_turn_it() -> None:
    price, used, cycles = moved("usd_per_hour"), moved("utilisation"), moved("cycles")
    assert price.down
    assert price.down.value == pytest.approx(1 / 3, rel=1e-4)
    assert (used.searched_low, used.searched_high) == pytest.approx((0.005, 1.0))
    assert used.nearest is None  # at full use $15 a month are saved, still more than $10
    assert cycles.up
    assert (cycles.up.value, cycles.up.winner) == (
        4.0,
        "rag",
    )  # three cycles tie and the first named stays


def test_knowledge_that_changes_often_turns_it() -> None:
    """A refresh costs $119.50 more; $20 a month are left over: every 181.9 days."""
    found = moved("refresh_days")
    assert found.current is None
    assert found.down
    assert found.down.winner == "rag"
    assert found.down.value == pytest.approx(119.5 * 365.25 / 12 / 20, rel=1e-4)
    back = moved("refresh_days", Requirements(refresh_days=7))
    assert back.up
    assert back.up.winner == "lora"
    assert back.up.value == pytest.approx(181.9, abs=0.1)


def test_bands_of_the_error_price_have_their_ends_where_the_sums_say() -> None:
    """rag at $0.003 more and 10 points better: from $0.03 an error on; undecided on both sides of that."""
    at = of([candidate("base", share(500, 1000)), candidate("rag", share(600, 1000, 400), Money(0.004))])
    spans = bands(at, Setting())
    assert [(band.outcome.winner, band.outcome.status) for band in spans] == [
        ("base", "recommended"), ("base", "undecided"), ("rag", "undecided"), ("rag", "recommended"),
    ]  # fmt: skip
    assert spans[0].value == 0.0
    assert spans[2].value == pytest.approx(0.03, rel=1e-4)
    found = change(at, Setting(), BY_FIELD["error_price_usd"])
    assert found.down
    assert (found.down.winner, found.up) == ("base", None)
    now = change(at, Setting(error_price_usd=0.01), BY_FIELD["error_price_usd"])
    assert now.up
    assert now.up.value == pytest.approx(0.03, rel=1e-4)


def test_where_the_winner_stays_and_is_no_longer_settled_is_a_turn_of_its_own() -> None:
    """rag, 10 points better for $0.003: the interval's lower end, put into the sums, is where it ends to be settled."""
    pair = [candidate("base", share(500, 1000)), candidate("rag", share(600, 1000, 400), Money(0.004))]
    found = change(of(pair), Setting(error_price_usd=1.0), BY_FIELD["error_price_usd"])
    assert found.verdict_down
    assert found.down
    assert (found.verdict_down.winner, found.verdict_down.status) == ("rag", "undecided")
    # settled while 0.003 - H low <= 5 % of what rag costs in all, 0.004 + 0.4 H
    low = -rules(pair).pairs.of("base", "rag").high
    assert found.verdict_down.value == pytest.approx((0.003 - 0.05 * 0.004) / (low + 0.05 * 0.4), rel=1e-4)
    assert found.down.value == pytest.approx(0.03, rel=1e-4)
    assert (found.verdict_up, found.up) == (None, None)


@pytest.mark.parametrize("limit", [9_800.0, 9_999.0, 10_100.0])
def test_a_turn_within_the_first_step_is_found_exactly(limit: float) -> None:
    def at(point: Setting) -> Outcome:
        return Outcome("rag" if point.monthly_queries < limit else "lora", Verdict.RECOMMENDED)

    found = change(at, Setting(monthly_queries=10_000), BY_FIELD["monthly_queries"])
    way = found.down if limit < 10_000 else found.up
    assert way
    assert way.value == pytest.approx(limit, rel=1e-6)


def test_many_tuning_cycles_are_searched_in_few_steps_and_exactly() -> None:
    asked: list[int | None] = []

    def at(point: Setting) -> Outcome:
        asked.append(point.cycles)
        return Outcome("lora" if (point.cycles or 0) < 54_321 else "rag", Verdict.RECOMMENDED)

    found = change(at, Setting(cycles=1000), BY_FIELD["cycles"])
    assert (found.searched_low, found.searched_high) == (10, 100_000)
    assert found.up
    assert found.up.value == 54_321
    assert len(asked) < 250


def test_what_costs_nobody_knows_how_much_cannot_be_weighed() -> None:
    """Nobody knows what a refresh of lora costs: from the first change of knowledge on nothing can be said."""

    pair = [
        candidate("lora", share(500, 1000), Money(0.001, refresh_usd=None)),
        candidate("rag", share(500, 1000), Money(0.004)),
    ]
    fixed = rules(pair)
    rows = {row.input: row for row in changes(of(pair), setting())}
    assert rows["refresh_days"].unknown_down == 3650
    assert (rows["refresh_days"].down, rows["refresh_days"].verdict_down) == (None, None)
    assert would_change(rows["refresh_days"]).figures["unknown_down"] == 3650
    assert rows["monthly_queries"].unknown_down is None
    found = decision_map(lambda at: choose(pair, fixed, at), setting())
    assert found.weighed == ((True,) * 6, *((False,) * 6,) * 5)


def test_where_a_cost_is_unknown_already_no_input_passes_for_one_that_changes_nothing() -> None:
    pair = [
        candidate("lora", share(500, 1000), Money(None)),
        candidate("rag", share(500, 1000), Money(0.004)),
    ]
    for row in changes(of(pair), setting(usd_per_hour=1.0, utilisation=0.5, cycles=3)):
        assert row.why_not == UNKNOWN_COST
        assert (row.searched_low, row.up, row.nearest) == (None, None, None)


def test_an_input_that_changes_nothing_is_not_told() -> None:
    pair = [
        candidate("lora", share(900, 1000), Money(0.001)),
        candidate("rag", share(100, 1000), Money(0.001)),
    ]
    volume = change(of(pair), setting(Requirements(monthly_queries=1)), BY_FIELD["monthly_queries"])
    assert (volume.turns, would_change(volume).text) == (False, "")
    assert write("monthly_queries", 1) == "1 query a month"


def test_requirements_count_while_searching() -> None:
    """A budget of $50 a month: rag alone breaks it first, and above some volume nobody keeps it."""
    found = moved("monthly_queries", Requirements(monthly_budget_usd=50))
    assert found.up
    assert found.up.winner is None
    assert found.up.value == pytest.approx(40 / 0.001, rel=1e-4)


def test_an_input_that_plays_no_part_says_so_and_none_in_reach_is_none() -> None:
    def found_at(tariff: Tariff) -> dict[str, Change]:
        at = Setting(tariff=tariff)
        return {one.input: one for one in changes(lambda _: Outcome("base", Verdict.RECOMMENDED), at)}

    found = found_at(Tariff.SHARED)
    assert set(BY_FIELD) - set(found) == {"peak_factor", "token_factor"}, (
        "machines of one's own have a peak, shared ones a utilisation, and nobody pays for tokens"
    )
    assert set(BY_FIELD) - set(found_at(Tariff.KEPT_UP)) == {"utilisation", "token_factor"}
    assert found["usd_per_hour"].why_not == NO_PRICE
    assert found["monthly_queries"].nearest is None
    assert (found["monthly_queries"].searched_low, found["monthly_queries"].searched_high) == (100, 1_000_000)


def test_every_turn_is_a_turn() -> None:
    """At the value the outcome is another one: the decision function says so itself."""
    at = outcome_at()
    now = setting(usd_per_hour=1.0, utilisation=0.5, cycles=1)
    found = [
        (one.input, turn)
        for one in changes(at, now)
        for turn in (one.verdict_down, one.down, one.verdict_up, one.up)
        if turn and one.input != "error_price_usd"
    ]
    assert len(found) >= 6
    for field, turn in found:
        value = round(turn.value) if BY_FIELD[field].whole else turn.value
        there = at(now.with_value(field, value))
        assert (there.winner, there.status) == (turn.winner, turn.status)
        assert there != at(now)


def test_the_map_has_the_users_own_point_in_it() -> None:
    needs = Requirements(monthly_queries=2500, refresh_days=14)
    fixed = rules(priced(Setting()), needs)
    found = decision_map(lambda at: choose(priced(at), fixed, at), setting(needs))
    volumes, refreshes, rows = found.monthly_queries, found.refresh_days, found.winners
    assert (volumes, refreshes) == grid(setting(needs))
    assert 2500 in volumes
    assert list(volumes) == sorted(volumes)
    assert refreshes[0] is None
    assert 14 in refreshes
    assert {len(row) for row in rows} == {len(volumes)}
    assert rows[0][0] == "rag"
    assert rows[0][-1] == "lora"
    assert rows[-1][volumes.index(10_000)] == "rag"
    assert {tuple(map(len, rows)) for rows in (found.statuses, found.weighed, found.pays_to_usd)} == {
        tuple(map(len, rows))
    }


def test_a_price_of_errors_near_nothing_is_found_as_it_is() -> None:
    """rag, 60 points better for $0.00000003 more a query: from $0.00000005 an error on."""
    pair = [
        candidate("base", share(100, 1000), Money(0.001)),
        candidate("rag", share(700, 1000), Money(0.00100003)),
    ]
    spans = bands(of(pair), Setting())
    assert [band.outcome.winner for band in spans][-1] == "rag"
    assert next(band.value for band in spans if band.outcome.winner == "rag") == pytest.approx(5e-8, rel=1e-3)
