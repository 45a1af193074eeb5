"""Reruns change nothing, however the clock runs; what was planted is found where it was planted, and nowhere else."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.history.marks import Mark, Scored, least_p, marks, own_machine, steps
from harness.analysis.history.runs import Entry, Figure, Point
from harness.analysis.results.figures import Estimate, Tokens
from harness.analysis.statistics.exchange import exchange_p
from tests.analysis.history.made import NONE, entry, point, spent
from tests.analysis.regression.reruns import manifest_of
from tests.analysis.runs import manifest

N = 200
ABOUT = manifest_of(manifest())
ACCURACY, COST, LATENCY = Figure
Hits = Sequence[bool]


@dataclass
class Kept:
    """Scores in memory; counts who asked for them."""

    hits: dict[Path, Hits] = field(default_factory=dict)
    cluster: Callable[[int], str] = str
    asked: list[Path] = field(default_factory=list)

    def __call__(self, folder: Path) -> Scored | None:
        self.asked.append(folder)
        hits = self.hits.get(folder)
        if hits is None:
            return None
        scores = {f"q{i}": float(hit) for i, hit in enumerate(hits)}
        return Scored({("t", "rag"): scores}, {"t": {f"q{i}": self.cluster(i) for i in range(len(hits))}})


def figures(hits: Hits, *, noise: float = 1.0, **more: Any) -> Point:
    """A query costs $2: half for the prompt of 100 tokens, half for the answer of 10, times what the clock adds."""
    made = point(
        accuracy=Estimate(sum(hits) / len(hits), None, None, len(hits)),
        cost=Estimate(2 * noise, None, None, 20),
        components=spent(0.0, noise, noise),
        usd_per_hour_of_use=7.2,
        tokens=Tokens(100.0, 10.0),
        latency_ratio=Estimate(1.5, 1.4, 1.6, 20),
    )
    return replace(made, **more)


def history(made: Sequence[Point], scores: Kept, hits: Sequence[Hits]) -> list[Entry]:
    runs = []
    for number, (one, given_) in enumerate(zip(made, hits, strict=True)):
        folder = Path(f"{number:03}")
        scores.hits[folder] = given_
        runs.append(entry(folder, {"rag": one}, n=len(given_), manifest=ABOUT))
    return runs


def first(right: int, n: int = N) -> Hits:
    return [i < right for i in range(n)]


def flipped(hits: Hits, count: int, chance: random.Random) -> Hits:
    places = set(chance.sample(range(len(hits)), count))
    return [hit != (i in places) for i, hit in enumerate(hits)]


def found(made: Sequence[Point], hits: Sequence[Hits], scores: Kept | None = None) -> list[Mark]:
    kept = scores or Kept()
    return marks(history(made, kept, hits), "t", kept)


@given(
    st.integers(0, N),
    st.lists(st.tuples(st.floats(0.2, 5), st.floats(0.93, 1.07)), min_size=2, max_size=12),
)
def test_identical_reruns_change_nothing_whatever_the_clock_says(
    right: int, clocks: list[tuple[float, float]]
) -> None:
    hits = [first(right)] * len(clocks)
    made = [
        figures(hits[0], noise=speed, latency_ratio=Estimate(1.5 * jitter, 1.4 * jitter, 1.6 * jitter, 20))
        for speed, jitter in clocks
    ]
    scores = Kept()
    assert found(made, hits, scores) == []
    assert scores.asked == []  # nothing had to be read for it


@pytest.mark.parametrize("at", range(1, 8))
def test_a_loss_of_15_points_at_200_questions_is_found_where_it_was_planted(at: int) -> None:
    chance = random.Random(100 + at)
    hits = [flipped(first(120 if number < at else 90), 4, chance) for number in range(8)]
    (change,) = found([figures(one) for one in hits], hits)
    assert (change.figure, change.run, change.since) == (
        ACCURACY,
        f"{at:03}",
        f"{at - 1:03}",
    )
    assert not change.up
    assert not change.better
    assert change.n == N
    assert change.size == pytest.approx(sum(hits[at]) / N - sum(hits[at - 1]) / N)
    assert change.ci_low is not None
    assert change.ci_high is not None
    assert change.ci_low < change.size < change.ci_high < 0
    assert change.p_adjusted is not None
    assert change.p_adjusted < 0.001


def test_p_is_adjusted_for_all_steps_of_the_task() -> None:
    """Eight questions lost and none won: p = 2 / 2⁸ = 0.0078. Of five steps that is 0.039; of eight 0.0625."""
    for steps_, marked in ((5, 1), (8, 0)):
        hits = [first(100)] * steps_ + [first(92)]
        assert len(found([figures(one) for one in hits], hits)) == marked


@given(st.lists(st.integers(-6, 6), min_size=1, max_size=14), st.integers(1, 3))
def test_no_p_lies_below_the_bound_by_which_answers_are_left_unread(sums: list[int], seeds: int) -> None:
    """Whatever clusters differ by how much: the p of their net is no lower than that of as many single answers."""
    net = abs(sum(sums)) / seeds
    p = exchange_p(np.array(sums, dtype=float) / seeds)
    old, new = (figures([True], seeds=seeds, accuracy=Estimate(v / 100, None, None, 100)) for v in (0, net))
    kept = Kept()
    (step,) = steps(history([old, new], kept, [[True]] * 2), "t")
    assert least_p(step) <= p * (1 + 1e-9)


def test_answers_are_read_of_the_runs_beside_a_loss_and_of_no_others() -> None:
    hits = [first(120 if number < 20 else 90 + number % 3) for number in range(40)]
    scores = Kept()
    (change,) = found([figures(one) for one in hits], hits, scores)
    assert change.run == "020"
    assert set(scores.asked) == {Path("019"), Path("020")}


def test_questions_of_one_cluster_count_once() -> None:
    """Thirty answers lost, all of three documents: with clusters, three things changed and no more."""
    hits = [first(100), first(70)]
    made = [figures(one) for one in hits]
    assert len(found(made, hits)) == 1
    assert found(made, hits, Kept(cluster=lambda i: str(i // 10))) == []


def test_losses_that_wins_hide_are_no_change() -> None:
    hits = [[i % 2 == 0 for i in range(N)], [i % 2 == 1 for i in range(N)]]
    assert found([figures(one) for one in hits], hits) == []


def test_runs_that_are_not_compared_take_no_part() -> None:
    kept, hits = Kept(), [first(120), first(20), first(119)]
    runs = history([figures(one) for one in hits], kept, hits)
    runs[1] = replace(runs[1], run=replace(runs[1].run, compared=False))
    assert marks(runs, "t", kept) == []
    assert [(step.before.path.name, step.after.path.name) for step in steps(runs, "t")] == [("000", "002")]


def test_other_questions_are_another_series_and_the_old_one_goes_on_after_them() -> None:
    kept, hits = Kept(), [first(120), first(10, 50), first(60)]
    runs = history([figures(one) for one in hits], kept, hits)
    runs[1] = replace(runs[1], tasks={"t": replace(runs[1].tasks["t"], series="other")})
    (change,) = marks(runs, "t", kept)
    assert (change.since, change.run) == ("000", "002")


def test_a_run_whose_answers_cannot_be_read_ends_no_history() -> None:
    kept, hits = Kept(), [first(120), first(80), first(40), first(40)]
    runs = history([figures(one) for one in hits], kept, hits)
    del kept.hits[Path("001")]
    assert marks(runs, "t", kept) == []
    kept.hits[Path("001")] = hits[1]
    assert [change.run for change in marks(runs, "t", kept)] == ["001", "002"]


# Cost


def cost_of(**more: Any) -> list[Mark]:
    hits = [first(100)] * 2
    return [one for one in found([figures(hits[0]), figures(hits[1], **more)], hits) if one.figure == COST]


def test_longer_prompts_cost_what_they_take_at_the_speed_of_the_earlier_run() -> None:
    """Half of the cost is the prompt's; half as many tokens again make a quarter more, whatever the clock said."""
    (change,) = cost_of(tokens=Tokens(150.0, 10.0), noise=3.0)
    assert change.size == pytest.approx(1.25)
    assert [(m.name, m.before, m.after) for m in change.moved] == [("prompt tokens", 100.0, 150.0)]
    assert change.up
    assert not change.better


def test_a_price_moves_the_cost_by_itself_exactly() -> None:
    (change,) = cost_of(usd_per_hour_of_use=5.4, noise=3.0)
    assert change.size == 0.75
    assert change.better


@pytest.mark.parametrize(
    ("more", "marked"),
    [
        ({"tokens": Tokens(101.9, 10.0)}, False),  # 1.9 % of half the cost
        ({"tokens": Tokens(102.1, 10.0)}, True),
        ({"tokens": Tokens(100.0, 9.7)}, True),
        ({"usd_per_hour_of_use": 7.2 * 1.009}, False),
        ({"usd_per_hour_of_use": 7.2 * 1.011}, True),
        ({"cost": Estimate(90.0, None, None, 20), "components": spent(0.0, 45.0, 45.0)}, False),
    ],
)
def test_one_per_cent_of_tokens_and_prices_is_the_margin(more: dict[str, Any], marked: bool) -> None:
    assert bool(cost_of(**more)) is marked


def test_where_the_earlier_run_timed_nothing_what_tokens_cost_is_not_known() -> None:
    hits = [first(100)] * 2
    untimed = figures(hits[0], components=spent(None, None, None))
    assert found([untimed, figures(hits[0], tokens=Tokens(300.0, 10.0))], hits) == []


def test_hosted_prices_count_too() -> None:
    hits = [first(100)] * 2
    made = [figures(hits[0], hosted_usd={"big": usd}) for usd in (0.01, 0.02)]
    (change,) = found(made, hits)
    assert (change.figure, change.size) == (COST, 2.0)
    assert change.moved[0].name == "a query on big, projected"


@given(st.floats(0.01, 100), st.floats(0.01, 100))
def test_without_a_change_of_tokens_or_price_the_factor_is_exactly_one(prompt: float, answer: float) -> None:
    old = figures(first(1), components=spent(0.1, prompt, answer))
    assert own_machine(old, figures(first(1), noise=7.0)) == 1.0


# Latency


@pytest.mark.parametrize(
    ("low", "high", "marked"),
    [
        (1.99, 2.5, False),  # 1.6 × 1.25 = 2
        (2.01, 2.5, True),
        (0.9, 1.11, True),  # 1.4 / 1.25 = 1.12
        (0.9, 1.13, False),
        (0.5, 9.0, False),
    ],
)
def test_ratios_must_lie_apart_with_both_intervals(low: float, high: float, marked: bool) -> None:
    hits = [first(100)] * 2
    other = Estimate((low + high) / 2, low, high, 20)
    told = found([figures(hits[0]), figures(hits[1], latency_ratio=other)], hits)
    assert [one.figure for one in told] == ([LATENCY] if marked else [])
    if told:
        assert told[0].size == pytest.approx((low + high) / 2 / 1.5)


def test_a_ratio_that_was_not_measured_changes_nothing() -> None:
    hits = [first(100)] * 3
    made = [
        figures(hits[0]),
        figures(hits[0], latency_ratio=NONE),
        figures(hits[0], latency_ratio=Estimate(9, 8, 10, 20)),
    ]
    assert found(made, hits) == []
