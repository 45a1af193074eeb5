"""What would change the choice: turning points against closed forms worked out by hand."""

from __future__ import annotations

import pytest

from harness.analysis.decision.candidates import Candidate, Setting
from harness.analysis.decision.choice import choose
from harness.analysis.decision.outlook import outlook
from harness.analysis.decision.sensitivity import (
    INPUTS,
    Change,
    WinnerAt,
    bands,
    change,
    changes,
    grid,
)
from harness.spec.requirements import Requirements
from tests.analysis.elections import Money, candidate, rules, setting, share

BY_FIELD = {one.field: one for one in INPUTS}


def priced(at: Setting) -> list[Candidate]:
    """A fine-tune that costs $120 a cycle and $0.001 a query; retrieval at $0.004; hours at $1, half used."""
    hour = (at.usd_per_hour or 1.0) / 1.0 * 0.5 / (at.utilisation or 0.5)
    lora = Money(0.001 * hour, 120.0 * (at.cycles or 1), refresh_usd=120.0)
    return [
        candidate("lora", share(500, 1000), lora),
        candidate("rag", share(500, 1000), Money(0.004 * hour, refresh_usd=0.5)),
    ]


def winner_at(needs: Requirements | None = None) -> WinnerAt:
    fixed = rules(priced(Setting()), needs)
    return lambda at: choose(priced(at), fixed, at).winner


def moved(field: str, needs: Requirements | None = None, **more: float) -> Change:
    needs = needs or Requirements()
    now = setting(needs, **{"usd_per_hour": 1.0, "utilisation": 0.5, "cycles": 1, **more})
    return change(winner_at(needs), now, BY_FIELD[field])


def test_the_volume_at_which_the_fine_tune_is_paid_off() -> None:
    """$10 a month for twelve months against $0.003 a query: 3,333 queries a month."""
    found = moved("monthly_queries")
    assert found.nearest == found.down
    assert found.down
    assert (found.down.winner, found.up) == ("rag", None)
    assert found.down.value == pytest.approx(10 / 0.003, rel=1e-4)


def test_the_hour_the_utilisation_and_the_cycles_that_turn_it() -> None:
    price, used, cycles = moved("usd_per_hour"), moved("utilisation"), moved("cycles")
    assert price.down
    assert price.down.value == pytest.approx(1 / 3, rel=1e-4)
    assert used.searched == pytest.approx((0.005, 1.0))
    assert used.nearest is None  # at full use $15 a month are saved, still more than $10
    assert cycles.up
    assert (cycles.up.value, cycles.up.winner) == (4.0, "rag")  # three cycles tie and the first named stays


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
    """rag at $0.003 more and 10 points better: from $0.03 an error on."""
    pair = [candidate("base", share(500, 1000)), candidate("rag", share(600, 1000), Money(0.004))]
    fixed = rules(pair)
    at: WinnerAt = lambda point: choose(pair, fixed, point).winner  # noqa: E731
    first, second = bands(at, Setting())
    assert (first.low, first.winner, second.winner) == (0.0, "base", "rag")
    assert second.low == pytest.approx(0.03, rel=1e-4)
    found = change(at, Setting(), BY_FIELD["error_price_usd"])
    assert found.down
    assert (found.down.winner, found.up) == ("base", None)
    now = change(at, Setting(error_price_usd=0.01), BY_FIELD["error_price_usd"])
    assert now.up
    assert now.up.value == pytest.approx(0.03, rel=1e-4)


def test_requirements_count_while_searching() -> None:
    """A budget of $50 a month: rag alone breaks it first, and above some volume nobody keeps it."""
    found = moved("monthly_queries", Requirements(monthly_budget_usd=50))
    assert found.up
    assert found.up.winner is None
    assert found.up.value == pytest.approx(40 / 0.001, rel=1e-4)


def test_an_input_that_plays_no_part_says_so_and_none_in_reach_is_none() -> None:
    found = {one.input.field: one for one in changes(lambda _: "base", Setting())}
    assert set(found) == set(BY_FIELD)
    assert found["usd_per_hour"].searched is None
    assert found["monthly_queries"].nearest is None
    assert found["monthly_queries"].searched == (100, 1_000_000)


def test_every_turn_is_a_turn() -> None:
    """At the value the other wins, and just before it the present one: the decision function says so itself."""
    at = winner_at()
    now = setting(usd_per_hour=1.0, utilisation=0.5, cycles=1)
    present = at(now)
    for one in changes(at, now):
        for turn in filter(None, (one.down, one.up)):
            assert turn.winner != present
            if one.input.field != "error_price_usd":
                value = round(turn.value) if one.input.whole else turn.value
                assert at(now.with_value(one.input.field, value)) == turn.winner


def test_the_map_has_the_users_own_point_in_it() -> None:
    needs = Requirements(monthly_queries=2500, refresh_days=14)
    fixed = rules(priced(Setting()), needs)
    found = outlook(lambda at: choose(priced(at), fixed, at), setting(needs))["map"]
    volumes, refreshes, rows = found["monthly_queries"], found["refresh_days"], found["winners"]
    assert (tuple(volumes), tuple(refreshes)) == grid(setting(needs))
    assert 2500 in volumes
    assert list(volumes) == sorted(volumes)
    assert refreshes[0] is None
    assert 14 in refreshes
    assert {len(row) for row in rows} == {len(volumes)}
    assert rows[0][0] == "rag"
    assert rows[0][-1] == "lora"
    assert rows[-1][volumes.index(10_000)] == "rag"
