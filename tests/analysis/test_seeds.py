"""The training seed's part of the uncertainty, against statsmodels' analysis of variance and a known truth."""

from __future__ import annotations

import numpy as np
import pytest

from harness.analysis.seeds import by_seed, seed_spread
from harness.analysis.statistics.clusters import Design
from tests.analysis.test_accuracy import alone, columns, scored


def test_parts_are_those_of_the_analysis_of_variance() -> None:
    import pandas as pd
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    rng = np.random.default_rng(0)
    scores = rng.normal(size=20) + 0.5 * rng.normal(size=(4, 1)) + 0.3 * rng.normal(size=(4, 20))
    seed, question = (index.ravel() for index in np.indices(scores.shape))
    frame = pd.DataFrame({"score": scores.ravel(), "seed": seed, "question": question})
    squares = anova_lm(ols("score ~ C(seed) + C(question)", frame).fit())["mean_sq"]
    rest, of_seed, of_question = squares["Residual"], squares["C(seed)"], squares["C(question)"]
    found = seed_spread(scores, Design.of(range(20)))
    assert found.variance is not None
    assert found.sd is not None
    assert found.variance.rest == pytest.approx(rest / 80)
    assert found.variance.seeds == pytest.approx((of_seed - rest) / 20 / 4)
    assert found.variance.questions == pytest.approx((of_question - rest) / 4 / 20)
    assert found.sd**2 == pytest.approx((of_seed - rest) / 20)
    assert found.seed_share == pytest.approx((of_seed - rest) / (of_seed + of_question - rest))


def test_a_known_spread_between_trainings_is_found() -> None:
    rng = np.random.default_rng(1)
    scores = 0.5 + rng.normal(0, 0.05, (400, 1)) + rng.normal(0, 0.3, (400, 100))
    assert seed_spread(scores, Design.of(range(100))).sd == pytest.approx(0.05, abs=0.005)


def test_seeds_that_agree_have_no_share() -> None:
    rows = columns(*(scored(f"q{i}", float(i % 2), seed) for i in range(10) for seed in (0, 1, 2)))
    found = by_seed(rows, "m", alone(*(f"q{i}" for i in range(10))))
    assert found is not None
    assert (found.n_seeds, found.n, found.means) == (3, 10, {"0": 0.5, "1": 0.5, "2": 0.5})
    assert found.variance is not None
    assert (found.sd, found.seed_share, found.variance.rest) == (0.0, 0.0, 0.0)


def test_scores_that_are_all_alike_have_no_variance_to_share() -> None:
    rows = columns(*(scored(f"q{i}", 1.0, seed) for i in range(4) for seed in (0, 1)))
    found = by_seed(rows, "m", alone("q0", "q1", "q2", "q3"))
    assert found is not None
    assert (found.sd, found.seed_share, found.single_seed_share, found.ci_low) == (
        0.0,
        None,
        None,
        None,
    )


def test_clustered_questions_leave_the_seeds_less_of_a_larger_variance() -> None:
    rng = np.random.default_rng(2)
    common = np.repeat(rng.normal(size=10), 4)
    scores = common + rng.normal(0, 0.3, (3, 1)) + rng.normal(0, 0.3, (3, 40))
    tied = seed_spread(scores, Design.of([i // 4 for i in range(40)]))
    free = seed_spread(scores, Design.of(range(40)))
    assert tied.variance is not None
    assert free.variance is not None
    assert tied.variance.questions > 2 * free.variance.questions
    assert (tied.seed_share or 0.0) < (free.seed_share or 0.0)


def test_one_seed_and_too_few_questions() -> None:
    assert by_seed(columns(scored("q1", 1.0)), "m", alone("q1")) is None
    assert by_seed(columns(), "m", {}) is None
    found = by_seed(
        columns(scored("q1", 1.0, 0), scored("q1", 0.0, 1), scored("q2", 1.0, 1)), "m", alone("q1", "q2")
    )
    assert found is not None
    assert (found.n, found.means, found.sd) == (1, {"0": 1.0, "1": 0.0}, None)
    nothing = by_seed(columns(scored("q1", 1.0, 0), scored("q2", 0.0, 1)), "m", alone("q1", "q2"))
    assert nothing is not None
    assert (nothing.n, nothing.means) == (0, {"0": None, "1": None})


def test_one_cluster_shows_nothing() -> None:
    rows = columns(*(scored(f"q{i}", float(i == seed), seed) for i in range(4) for seed in (0, 1)))
    found = by_seed(rows, "m", {f"q{i}": "c" for i in range(4)})
    assert found is not None
    assert (found.n, found.seed_share) == (4, None)
