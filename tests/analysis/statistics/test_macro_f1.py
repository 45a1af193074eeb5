"""Macro-F1 and its interval, against scikit-learn and the jackknife as it is written down."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness.analysis.statistics.intervals import Z95, quantile, wilson
from harness.analysis.statistics.macro_f1 import Cells, macro_f1

LABELS = ("card", "loan", "oos")


def drawn(n: int, seed: int) -> list[tuple[str, str]]:
    """(right, reply) of n questions: two in three right, some replies no label."""
    rng = np.random.default_rng(seed)
    right = rng.choice(LABELS, n, p=(0.6, 0.3, 0.1))
    other = rng.choice([*LABELS, ""], n)
    return [
        (str(a), str(a if hit else b)) for a, b, hit in zip(right, other, rng.random(n) < 2 / 3, strict=True)
    ]


def asked(pairs: list[tuple[str, str]]) -> dict[str, Cells]:
    return {f"q{n}": {pair: 1.0} for n, pair in enumerate(pairs)}


def apart(questions: dict[str, Cells]) -> dict[str, str]:
    return {name: name for name in questions}


def test_it_is_that_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    pairs = drawn(80, 1)
    right, replies = zip(*pairs, strict=True)
    theirs = metrics.f1_score(right, replies, labels=LABELS, average="macro", zero_division=0)
    questions = asked(pairs)
    assert macro_f1(questions, apart(questions))[0] == pytest.approx(theirs)


def test_the_interval_is_a_score_interval_with_the_jackknifes_variance() -> None:
    pairs = drawn(60, 2)
    questions = asked(pairs)
    mean, interval = macro_f1(questions, apart(questions))
    without = [
        macro_f1(rest, apart(rest))[0] for n in range(60) for rest in [asked(pairs[:n] + pairs[n + 1 :])]
    ]
    centre = sum(without) / 60
    variance = 59 / 60 * math.fsum((value - centre) ** 2 for value in without) * (quantile(59) / Z95) ** 2
    low, high = wilson(np.asarray(mean), np.asarray(mean * (1 - mean) / variance))
    assert interval is not None
    assert interval == (pytest.approx(float(low)), pytest.approx(float(high)))
    assert interval[0] < mean < interval[1]


def test_a_rare_label_counts_as_much_as_a_frequent_one() -> None:
    questions = asked([("card", "card")] * 9 + [("oos", "card")])
    assert macro_f1(questions, apart(questions))[0] == pytest.approx((18 / 19 + 0) / 2)


def test_clusters_widen_it_and_one_cluster_has_none() -> None:
    questions = asked([pair for pair in drawn(30, 3) for _ in range(4)])
    fours = {name: str(n // 4) for n, name in enumerate(questions)}
    free, tied = macro_f1(questions, apart(questions))[1], macro_f1(questions, fours)[1]
    assert free is not None
    assert tied is not None
    assert tied[1] - tied[0] > 1.5 * (free[1] - free[0])
    assert macro_f1(questions, dict.fromkeys(questions, "one"))[1] is None


def test_what_is_right_throughout_still_has_an_interval() -> None:
    questions = asked([("card", "card")] * 10 + [("loan", "loan")] * 10)
    mean, interval = macro_f1(questions, apart(questions))
    assert mean == 1
    assert interval is not None
    assert interval[0] == pytest.approx(float(wilson(np.asarray(1.0), np.asarray(20.0))[0]))
