"""The default stays unless another setting is better on dev beyond chance."""

from __future__ import annotations

import random

from harness.run.tuning.choice import Finalist, Why, choose


def finalist(scores: list[float], cost: float = 0.0) -> Finalist:
    return Finalist({f"q{n}": score for n, score in enumerate(scores)}, cost)


def test_a_setting_that_is_better_beyond_chance_is_taken() -> None:
    default, better = finalist([0.0] * 30 + [1.0] * 10), finalist([1.0] * 12 + [0.0] * 18 + [1.0] * 10)
    choice = choose([default, better], {})
    assert (choice.place, choice.why) == (1, Why.BETTER)
    assert choice.p is not None
    assert choice.p < 0.01


def test_a_gain_that_may_be_chance_leaves_the_default() -> None:
    default, better = finalist([0.0] * 38 + [1.0, 0.0]), finalist([1.0, 1.0, *[0.0] * 36, 0.0, 1.0])
    choice = choose([default, better], {})
    assert (choice.place, choice.best, choice.why) == (0, 1, Why.CHANCE)
    assert choice.p is not None
    assert choice.p > 0.05


def test_nothing_better_leaves_the_default() -> None:
    alike = finalist([1.0, 0.0] * 20)
    assert choose([alike, alike], {}).why is Why.NOTHING_BETTER
    assert choose([alike], {}).why is Why.NOTHING_BETTER


def test_fewer_than_thirty_questions_tell_nothing() -> None:
    choice = choose([finalist([0.0] * 29), finalist([1.0] * 29)], {})
    assert (choice.place, choice.why) == (0, Why.FEW)


def test_only_questions_that_all_answered_count() -> None:
    default = finalist([0.0] * 40)
    other = Finalist({f"q{n}": 1.0 for n in range(20)})
    assert choose([default, other], {}).why is Why.FEW


def test_of_equally_good_settings_the_cheaper_is_taken() -> None:
    default = finalist([0.0] * 40)
    dear, cheap = finalist([1.0] * 40, cost=300.0), finalist([1.0] * 40, cost=100.0)
    assert choose([default, dear, cheap], {}).place == 2


def test_questions_of_one_cluster_are_one_observation() -> None:
    default, better = finalist([0.0] * 40), finalist([1.0] * 8 + [0.0] * 32)
    assert choose([default, better], {}).why is Why.BETTER
    one = {f"q{n}": "one document" for n in range(8)}
    assert choose([default, better], one).why is Why.CHANCE


def test_settings_that_were_dropped_count_among_those_that_could_have_won() -> None:
    default, better = finalist([0.0] * 40), finalist([1.0] * 5 + [0.0] * 35)
    alone, one_of_ten = choose([default, better], {}), choose([default, better], {}, tried=10)
    assert alone.why is Why.BETTER
    assert one_of_ten.why is Why.CHANCE
    assert alone.p is not None
    assert one_of_ten.p is not None
    assert one_of_ten.p > alone.p


def test_settings_that_are_alike_replace_the_default_in_five_of_a_hundred_searches() -> None:
    """Six settings, each right on 60 % of 64 dev questions by chance alone."""
    rng = random.Random(1)
    replaced = 0
    for _ in range(200):
        settings = [finalist([float(rng.random() < 0.6) for _ in range(64)]) for _ in range(6)]
        replaced += choose(settings, {}).place != 0
    assert replaced <= 20  # 10 are expected; 20 come by chance once in 400 times
