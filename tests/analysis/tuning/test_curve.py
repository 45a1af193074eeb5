"""A learning curve is fitted, its interval covers the truth, and it says how many labels a rival is away."""

from __future__ import annotations

import numpy as np
import pytest

from harness.analysis.results.figures import Estimate
from harness.analysis.results.tuning import LearningCurve, LearningPoint, Reach
from harness.analysis.tuning.curve import fit
from harness.analysis.tuning.learning import in_words

SIZES = (25, 50, 100, 200, 320)


def scores(shares: dict[int, float], questions: int, seed: int) -> dict[int, dict[str, float]]:
    """Right or wrong, on questions of which some are hard at every size."""
    hardness = np.random.default_rng(seed).random(questions)
    return {
        size: {f"q{at}": float(hard < share) for at, hard in enumerate(hardness)}
        for size, share in shares.items()
    }


def law(size: float, power: float = 0.3) -> float:
    return float(1 - 2.0 * size**-power)


def test_a_power_law_is_found_again() -> None:
    found = fit(
        scores({size: law(size) for size in SIZES}, 4000, 1), {}, {f"q{at}": 1.0 for at in range(4000)}
    )
    assert found is not None
    assert found.slopes[0] == pytest.approx(0.3, abs=0.03)
    assert found.at(1000).mean == pytest.approx(law(1000), abs=0.02)


def test_how_many_more_it_takes_to_pass_a_rival() -> None:
    target, questions = law(1000), 4000
    rival = {f"q{at}": float(at < target * questions) for at in range(questions)}
    found = fit(scores({size: law(size) for size in SIZES}, questions, 1), {}, rival)
    assert found is not None
    reach = found.reach("rag")
    assert reach.more is not None
    assert reach.low is not None
    assert reach.high is not None
    assert reach.low < reach.more < reach.high
    assert reach.more == pytest.approx(680, rel=0.3)


def test_a_flat_curve_never_gets_there() -> None:
    rival = {f"q{at}": float(at < 160) for at in range(200)}
    found = fit(scores(dict.fromkeys(SIZES, 0.3), 200, 1), {}, rival)
    assert found is not None
    reach = found.reach("rag")
    assert (reach.more, reach.high) == (None, None)


def test_a_curve_that_falls_is_taken_as_flat() -> None:
    found = fit(scores({size: 0.6 - size / 1000 for size in SIZES}, 300, 1), {}, None)
    assert found is not None
    assert found.slopes[0] == 0.0
    assert found.at(25).mean == pytest.approx(found.at(3000).mean)


def test_two_sizes_are_no_curve() -> None:
    assert fit(scores({25: 0.3, 50: 0.4}, 100, 1), {}) is None


def test_a_system_that_is_always_right_has_a_curve_too() -> None:
    found = fit(scores(dict.fromkeys(SIZES, 1.0), 50, 1), {})
    assert found is not None
    assert found.at(3200).mean == pytest.approx(1.0, abs=0.02)


def test_the_interval_of_the_accuracy_covers_the_truth() -> None:
    covered = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        made = {size: {f"q{at}": float(rng.random() < law(size)) for at in range(120)} for size in SIZES}
        found = fit(made, {}, seed=seed)
        assert found is not None
        point = found.at(640)
        covered += point.low <= law(640) <= point.high
    assert covered >= 88  # 95 are promised; 88 come by chance once in 250 times


def curve(reach: Reach | None, reason: str | None = None) -> LearningCurve:
    point = LearningPoint(name="lora", examples=320, accuracy=Estimate(0.5, 0.4, 0.6, 100))
    return LearningCurve(points=(point,), reach=reach, reason=reason)


def test_the_sentence_says_the_number_its_interval_and_its_price() -> None:
    reach = Reach(rival="rag", more=1400, low=900, high=3100)
    expected = "About 1,400 (900–3,100) more labels would let lora pass rag; at $1 a label that is $1,400."
    assert in_words("lora", curve(reach), 1.0) == expected
    unpriced = in_words("lora", curve(Reach(rival="rag", more=1400, low=900, high=None)), None)
    assert unpriced == "About 1,400 (900–more than 2,880) more labels would let lora pass rag."


def test_the_sentence_says_never_and_no_need_and_cannot_tell() -> None:
    never = in_words("lora", curve(Reach(rival="rag", more=None, low=None, high=None)), 1.0)
    assert never == "No number of labels up to 10 times the 320 there are would let lora pass rag."
    unsure = in_words("lora", curve(Reach(rival="rag", more=None, low=500, high=None)), 1.0)
    assert unsure.endswith("pass rag, though 500 more may be enough.")
    assert "needs no more labels" in in_words("lora", curve(None), 1.0)
    assert "cannot be told: a curve takes" in in_words("lora", curve(None, "a curve takes 3 sizes"), 1.0)
