"""The chance of being best: against direct resampling, and where it is certain."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from harness.analysis.decision.appraisal import Appraisal, appraise
from harness.analysis.decision.candidates import Candidate, Taught, on_the_same_questions
from harness.analysis.decision.chances import pareto, probability_best, resampled_means
from harness.analysis.decision.requirements.table import Requirements
from harness.analysis.results.figures import Estimate
from harness.analysis.results.setting import Setting
from harness.analysis.results.verdict import Basis
from harness.quantities import percent
from tests.analysis.candidates import Money, candidate, setting, share, timed


def appraisals(*candidates: Candidate, **needs: float) -> list[Appraisal]:
    wanted = Requirements(**needs)  # type: ignore[arg-type]
    return [appraise(one, wanted, setting(wanted)) for one in candidates]


def test_means_spread_as_resampled_questions_do() -> None:
    """Against numpy drawing question after question: the same mean and the same covariance."""
    rng = np.random.default_rng(1)
    a, b = rng.random(60), rng.random(60)
    pair = [candidate("a", list(a)).scores, candidate("b", list(b)).scores]
    found = resampled_means(pair, {})
    drawn = rng.integers(0, 60, size=(20000, 60))
    direct = np.stack([a[drawn].mean(1), b[drawn].mean(1)], axis=1)
    assert found.mean(0) == pytest.approx(direct.mean(0), abs=0.004)
    assert np.cov(found.T) == pytest.approx(np.cov(direct.T), rel=0.12, abs=1e-4)


def test_equal_rows_are_drawn_together_without_changing_the_spread() -> None:
    means = resampled_means([candidate("a", share(30, 100)).scores], {})
    assert means.std() == pytest.approx((0.3 * 0.7 / 100) ** 0.5, rel=0.05)


def test_clusters_are_drawn_whole() -> None:
    """Ten clusters of ten equal questions spread as ten questions do."""
    scores = candidate("a", share(30, 100)).scores
    means = resampled_means([scores], {question: question[:-1] for question in scores})
    assert means.std() == pytest.approx((0.3 * 0.7 / 10) ** 0.5, rel=0.05)


def test_chances_are_seeded_sum_to_one_and_follow_the_evidence() -> None:
    field = appraisals(
        candidate("base", share(10, 100)),
        candidate("rag", share(60, 100)),
        candidate("lora", share(55, 100, 40)),
    )
    found = probability_best(field, {}, Setting(), Basis.ACCURACY).of
    assert found == probability_best(field, {}, Setting(), Basis.ACCURACY).of
    assert sum(found.values()) == pytest.approx(1.0)
    assert 0.5 < found["rag"] < 0.95


def test_a_weak_third_that_left_out_questions_makes_none_of_two_others_the_best() -> None:
    """base is right where the weak one has no answer."""
    base, rag = candidate("base", share(60, 100)), candidate("rag", share(50, 100, 10))
    weak = candidate("full-context", share(5, 100, 30))
    for question in [*weak.scores][:10]:
        del weak.scores[question]  # type: ignore[attr-defined]
    found = probability_best(
        appraisals(*on_the_same_questions([base, rag, weak])), {}, Setting(), Basis.ACCURACY
    ).of
    assert found["base"] > 0.9


def test_no_chance_is_none_or_all() -> None:
    """4,000 draws that all say the same, and one more in which both are alike."""
    field = appraisals(candidate("base", share(10, 100)), candidate("rag", share(60, 100)))
    found = probability_best(field, {}, Setting(), Basis.ACCURACY).of
    assert found == {"base": pytest.approx(0.5 / 4001), "rag": pytest.approx(4000.5 / 4001)}
    assert [percent(found[name]) for name in ("base", "rag")] == ["< 0.1 %", "> 99.9 %"]


@pytest.mark.parametrize("groups", [1, 5])
def test_few_questions_or_clusters_tell_no_chance(groups: int) -> None:
    few = appraisals(candidate("base", [0.0] * groups), candidate("rag", [1.0] * groups))
    many = appraisals(candidate("base", share(10, 60)), candidate("rag", share(30, 60)))
    clusters = {f"q{index:05}": str(index % groups) for index in range(60)}
    for found, why in (
        (probability_best(few, {}, Setting(), Basis.ACCURACY), "fewer than six questions"),
        (probability_best(many, clusters, Setting(), Basis.ACCURACY), "fewer than six groups"),
    ):
        assert found.of == {}
        assert why in str(found.reason)


def test_value_and_accuracy_are_different_questions() -> None:
    field = appraisals(candidate("base", share(50, 100)), candidate("rag", share(60, 100), Money(0.5)))
    assert probability_best(field, {}, Setting(), Basis.ACCURACY).of["rag"] > 0.999
    cheap = Setting(error_price_usd=0.01)
    assert probability_best(field, {}, cheap, Basis.VALUE).of["base"] > 0.999


def test_by_value_it_is_the_net_value_at_the_setting_that_is_resampled() -> None:
    """Against numpy drawing question after question: dollars a month with wrong answers, three strategies."""
    rng = np.random.default_rng(2)
    level = rng.random((80, 1))
    right = (0.5 * level + 0.5 * rng.random((80, 3)) < [0.45, 0.5, 0.55]).astype(float)
    prices = np.array([0.001, 0.004, 0.02])
    names = ("base", "rag", "lora")
    field = appraisals(
        *(candidate(name, list(right[:, i]), Money(prices[i])) for i, name in enumerate(names)),
        monthly_queries=5000,
    )
    found = probability_best(field, {}, Setting(monthly_queries=5000, error_price_usd=0.2), Basis.VALUE).of
    means = right[rng.integers(0, 80, size=(20000, 80))].mean(axis=1)
    direct = np.bincount((5000 * (prices + 0.2 * (1 - means))).argmin(axis=1), minlength=3) / 20000
    assert 0.05 < direct.max() < 0.95
    assert [found[name] for name in names] == pytest.approx(direct, abs=0.025)


def test_those_equally_good_share() -> None:
    field = appraisals(
        candidate("a", share(50, 100), Money(0.002)), candidate("b", share(50, 100), Money(0.001))
    )
    assert probability_best(field, {}, Setting(), Basis.ACCURACY).of == {"a": 0.5, "b": 0.5}


def test_what_misses_a_requirement_does_not_compete() -> None:
    field = appraisals(candidate("base", share(50, 100)), candidate("rag", share(60, 100)), min_accuracy=0.55)
    found = probability_best(field, {}, Setting(), Basis.ACCURACY)
    assert (found.of, found.reason) == ({}, "fewer than two candidates meet the requirements")


def test_pareto_leaves_out_what_is_beaten_in_every_respect() -> None:
    field = appraisals(
        candidate("base", share(50, 100), Money(0.001), latency=timed(1.0)),
        candidate("rag", share(60, 100), Money(0.004), latency=timed(2.0)),
        candidate("few-shot", share(40, 100), Money(0.002), latency=timed(1.5)),
    )
    assert pareto(field) == (("accuracy", "cost", "latency"), ("base", "rag"))
    untimed = appraisals(
        candidate("base", share(50, 100)), candidate("rag", share(60, 100), latency=timed(None, n=3))
    )
    assert pareto(untimed) == (("accuracy", "cost"), ("rag",))


def test_a_chance_is_of_what_is_left_once_facts_have_changed() -> None:
    """lora is right on 80 % as measured, and on some 40 % once facts change: it is not the best then."""
    taught = Taught(Estimate(0.8, 0.7, 0.9, 100), Estimate(0.0, 0.0, 0.1, 50), 0.1)
    pair = [candidate("lora", share(160, 200), taught=taught), candidate("rag", share(120, 200))]
    assert probability_best(appraisals(*pair), {}, Setting(), Basis.ACCURACY).of["lora"] > 0.99
    changed = probability_best(appraisals(*pair, refresh_days=30), {}, Setting(), Basis.ACCURACY)
    assert changed.of["rag"] > 0.99


def test_other_trainings_count_in_a_chance() -> None:
    """Five points ahead for certain, but for what another training may change: 25 points either way, so 65 in 100."""
    field = appraisals(candidate("lora", share(550, 1000)), candidate("rag", share(500, 1000)))
    assert probability_best(field, {}, Setting(), Basis.ACCURACY, {}).of["lora"] > 0.99
    found = probability_best(field, {}, Setting(), Basis.ACCURACY, {"lora": 0.25})
    assert found.of["lora"] == pytest.approx(NormalDist().cdf(0.05 / (0.25 / 1.96)), abs=0.03)
