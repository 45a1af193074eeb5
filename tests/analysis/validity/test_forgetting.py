"""By how much an adapter forgot, and how sure that is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from harness.analysis.statistics.clusters import Design
from harness.analysis.validity.adapters import UNSCORED
from harness.analysis.validity.paired import judged
from tests.analysis.races import N, checks, healthy, results, rows_of


@pytest.mark.parametrize(
    ("right", "status"),
    [
        (17, "pass"),  # −4.2 points
        (16, "pass"),  # −8.3 points, p = 1/4: within error
        (0, "warn"),  # −75 points: an adapter serves its own task
        (5, "warn"),
        (13, "warn"),  # −20.8 points, p = 1/32
        (14, "pass"),  # −16.7 points, p = 1/16
        (24, "pass"),
    ],
)
def test_forgetting_by_how_much_and_how_surely(tmp_path: Path, right: int, status: str) -> None:
    run = healthy()
    for n, row in enumerate(rows_of(run, "lora@facts", "general")):
        row["choice_logprobs"] = [-1.5, -2.5] if n < right else [-2.5, -1.5]
    check = checks(tmp_path, run)["forgetting"]
    assert check["status"] == status
    row = results(tmp_path, run)["tasks"]["general"]["forgetting"][0]["comparison"]
    assert check["figure"] == pytest.approx(row["delta"]) == pytest.approx((right - 18) / N)


def test_a_guard_without_scores_by_question_says_that_nothing_was_measured(tmp_path: Path) -> None:
    """As a task of lm-eval's that gives a perplexity of all its texts together."""
    run = healthy()
    run["manifest"]["tasks"]["general"]["spec"] = {"name": "general", "lm_eval": "texts"}
    for row in run["answers"]:
        if row["task"] == "general":
            row["metrics"] = {}
    check = checks(tmp_path, run)["forgetting"]
    assert (check["status"], check["figure"]) == ("not_applicable", None)
    assert check["detail"] == UNSCORED


def test_a_large_drop_on_few_questions_warns(tmp_path: Path) -> None:
    run = healthy()
    keep = {"g0", "g1", "g2", "g20"}
    run["answers"] = [r for r in run["answers"] if r["task"] == "facts" or r["question_id"] in keep]
    for row in rows_of(run, "lora@facts", "general"):
        row["choice_logprobs"] = [-2.5, -1.5]
    check = checks(tmp_path, run)["forgetting"]
    assert (check["status"], check["figure"], check["threshold"]) == ("warn", -0.75, -0.05)


@pytest.mark.parametrize("clusters", [1, 4])
def test_questions_that_hang_together_show_a_drop_once(tmp_path: Path, clusters: int) -> None:
    """In few clusters a large loss is not sure."""
    run = healthy()
    for question in run["questions"]:
        if question["task"] == "general":
            question["cluster"] = f"c{int(question['id'][1:]) % clusters}"
    for n, row in enumerate(rows_of(run, "lora@facts", "general")):
        row["choice_logprobs"] = [-1.5, -2.5] if n < 13 else [-2.5, -1.5]
    check = checks(tmp_path, run)["forgetting"]
    assert (check["status"], check["figure"]) == ("warn", pytest.approx(-5 / N))
    (row,) = results(tmp_path, run)["tasks"]["general"]["forgetting"]
    assert row["comparison"]["clusters"] == clusters


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(0, 40))
def test_p_of_a_drop_is_the_one_sided_binomial_test(lost: int, gained: int) -> None:
    """And 1 where nothing dropped."""
    changes = [-1.0] * lost + [1.0] * gained + [0.0] * 3
    found = judged(changes, Design.of(range(len(changes))))
    wanted = stats.binomtest(lost, lost + gained, alternative="greater").pvalue if lost > gained else 1.0
    assert (found.lost, found.gained, found.n) == (lost, gained, lost + gained + 3)
    assert found.p == pytest.approx(wanted)


def test_p_of_a_drop_counts_clusters() -> None:
    """Eight lost in two clusters: of the four ways to sign two sums, one is as low."""
    found = judged([-1.0] * 8, Design.of([i // 4 for i in range(8)]))
    assert found.p == pytest.approx(1 / 4)
    assert judged([-1.0] * 8, Design.of([0] * 8)).p is None
