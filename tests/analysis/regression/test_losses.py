"""The accuracy rule: the interval of the paired loss against the margin, and the questions behind it."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.regression import losses
from harness.analysis.regression.findings import AccuracyFigures, Outcome, Ruling, outcome_of
from harness.analysis.regression.pairing import Margins
from tests.analysis.regression.reruns import answer_again, made_up, pair_of

# 36 right in both runs, 12 lost, 2 won. Tango's interval (1998), found by maximising the likelihood numerically at each
# difference and solving for the score 1.96 with scipy, is −0.344709 to −0.061112.
BEFORE = ["yes"] * 48 + ["no"] * 2
AFTER = ["yes"] * 36 + ["no"] * 12 + ["yes"] * 2


def accuracy(
    tmp_path: Path, before: list[str], after: list[str], margin: float = 0.02, **options: object
) -> Ruling:
    runs = [
        made_up(tmp_path / name, {"base": replies}, **options)  # type: ignore[arg-type]
        for name, replies in (("a", before), ("b", after))
    ]
    return losses.accuracy(pair_of(runs[1], runs[0], margins=Margins(accuracy=margin)))


def figures_of(said: Ruling) -> AccuracyFigures:
    assert isinstance(said.figures, AccuracyFigures)
    return said.figures


@pytest.mark.parametrize(
    ("margin", "outcome"),
    [
        (0.02, Outcome.FAIL),
        (0.061, Outcome.FAIL),
        (0.062, Outcome.INCONCLUSIVE),
        (0.344, Outcome.INCONCLUSIVE),
        (0.345, Outcome.PASS),
    ],
)
def test_the_whole_interval_has_to_lie_on_one_side_of_the_margin(
    tmp_path: Path, margin: float, outcome: Outcome
) -> None:
    said = accuracy(tmp_path, BEFORE, AFTER, margin)
    assert said.outcome is outcome
    assert said.margin == margin
    assert dataclasses.asdict(figures_of(said)) == {
        "metric": "exact_match", "n": 50, "before": 0.96, "after": pytest.approx(0.76),
        "delta": pytest.approx(-0.2), "ci_low": pytest.approx(-0.344709, abs=1e-6),
        "ci_high": pytest.approx(-0.061112, abs=1e-6), "lost": 12, "won": 2,
    }  # fmt: skip


def test_flipped_questions_are_listed_lost_ones_first(tmp_path: Path) -> None:
    flips = accuracy(tmp_path, BEFORE, AFTER).flips
    assert [flip.question_id for flip in flips] == [f"q{at}" for at in (*range(36, 48), 48, 49)]
    assert [flip.lost for flip in flips] == [True] * 12 + [False] * 2
    first = flips[0]
    assert (first.question, first.right, first.before, first.after) == ("Question 36?", ("yes",), "yes", "no")


def test_a_gain_is_no_loss(tmp_path: Path) -> None:
    assert accuracy(tmp_path, AFTER, BEFORE).outcome is Outcome.PASS


def test_nothing_can_be_lost_where_every_reply_is_the_same_however_few(tmp_path: Path) -> None:
    said = accuracy(tmp_path, ["yes", "no"], ["yes", "no"])
    assert said.outcome is Outcome.PASS


def test_where_nothing_was_right_nothing_can_be_lost(tmp_path: Path) -> None:
    """Other replies and a single gain would leave so few questions inconclusive."""
    for name, after in (("a", ["No."] * 9), ("b", ["yes"] + ["No."] * 8)):
        said = accuracy(tmp_path / name, ["no"] * 9, after)
        assert (said.outcome, said.detail.endswith("nothing was right before, so nothing can be lost")) == (
            Outcome.PASS, True,
        )  # fmt: skip


def test_what_cannot_be_told_names_the_questions_that_would(tmp_path: Path) -> None:
    """So many like these tell: the same answers again and again, up to that number."""
    said = accuracy(tmp_path / "few", BEFORE, AFTER, margin=0.08)
    assert said.outcome is Outcome.INCONCLUSIVE
    found = re.search(r"; about (\d+) questions like these would tell$", said.detail)
    assert found
    times = round(int(found[1]) / 50)
    assert accuracy(tmp_path / "many", BEFORE * times, AFTER * times, margin=0.08).outcome is Outcome.FAIL
    assert "too near the margin" in accuracy(tmp_path / "near", BEFORE, AFTER, margin=0.2).detail


@pytest.mark.parametrize(("off", "outcome"), [(9e-4, Outcome.PASS), (2e-3, Outcome.INCONCLUSIVE)])
def test_likelihoods_in_other_last_bits_are_the_same_reply(
    tmp_path: Path, off: float, outcome: Outcome
) -> None:
    """Another number of threads moves them; the rule `answers` passes that, and nothing can have been lost by it."""
    choices = {"question": lambda at: {"choices": ["yes", "no"]}}

    def likely(by: float) -> Any:
        return lambda *_: {"choice_logprobs": [-1.0 + by, -2.0], "finish_reason": "choice"}

    baseline = made_up(tmp_path / "a", {"base": ["yes"] * 8}, more=likely(0.0), **choices)
    run = made_up(tmp_path / "b", {"base": ["yes"] * 8}, more=likely(off), **choices)
    assert losses.accuracy(pair_of(run, baseline)).outcome is outcome


def test_two_other_replies_to_few_questions_leave_it_open(tmp_path: Path) -> None:
    """No score moved; but where none of 24 does, up to z²/(n + z²) = 13.8 % of all questions may."""
    said = accuracy(tmp_path, ["yes"] * 24, ["Yes."] * 2 + ["yes"] * 22)
    assert (said.outcome, said.flips, figures_of(said).delta) == (Outcome.INCONCLUSIVE, (), 0.0)
    assert figures_of(said).ci_low == pytest.approx(-3.8415 / (24 + 3.8415), abs=1e-4)


def test_whole_clusters_count_as_one(tmp_path: Path) -> None:
    """Twelve lost questions of one document are one loss: it cannot be told from chance."""
    alone = accuracy(tmp_path / "x", BEFORE, AFTER)
    tied = accuracy(
        tmp_path / "y", BEFORE, AFTER, question=lambda at: {"cluster": "lost" if 36 <= at < 48 else f"c{at}"}
    )
    assert (alone.outcome, tied.outcome) == (Outcome.FAIL, Outcome.INCONCLUSIVE)


def test_all_in_one_cluster_cannot_be_judged(tmp_path: Path) -> None:
    said = accuracy(tmp_path, BEFORE, AFTER, question=lambda at: {"cluster": "one"})
    assert said.outcome is Outcome.INCONCLUSIVE
    assert "all questions share one cluster" in said.detail
    assert figures_of(said).ci_low is None


def test_graded_scores_are_compared_as_they_are(tmp_path: Path) -> None:
    """The right answer has two words. One of two found: F1 1/2. Both, among four: 2·1·(1/2) / (3/2) = 2/3."""
    said = accuracy(
        tmp_path, ["red cup"] * 30, ["red cup"] * 10 + ["red box of tea"] * 20, metric="f1", right="red box"
    )
    assert figures_of(said).before == pytest.approx(0.5)
    assert figures_of(said).after == pytest.approx((10 * 0.5 + 20 * 2 / 3) / 30)
    assert said.outcome is Outcome.PASS
    assert [flip.score_after - flip.score_before for flip in said.flips] == pytest.approx([1 / 6] * 20)


def test_seeds_are_averaged_and_the_first_other_reply_is_shown(tmp_path: Path) -> None:
    replies = {"lora": ["yes"] * 8}
    runs = [made_up(tmp_path / name, replies) for name in "ab"]
    for at, run in enumerate(runs):
        answer_again(run, 1, (lambda rows: rows.replace('"yes"', '"no"')) if at else str)
    said = losses.accuracy(pair_of(runs[1], runs[0], "lora"))
    assert (figures_of(said).before, figures_of(said).after, figures_of(said).n) == (1.0, 0.5, 8)
    assert {(flip.before, flip.after) for flip in said.flips} == {("yes", "no")}


@given(low=st.floats(-1, 1), high=st.floats(-1, 1), margin=st.floats(0, 0.99))
def test_an_interval_has_one_outcome_and_a_worse_one_no_better(
    low: float, high: float, margin: float
) -> None:
    low, high = sorted((low, high))
    order = [Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.FAIL]
    here, worse = outcome_of(low, high, margin), outcome_of(low + 0.1, high + 0.1, margin)
    assert order.index(worse) >= order.index(here)
