"""Each requirement held against a candidate: met, missed by how much, or not to be checked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.analysis.decision.requirements.table import Requirements, outcomes
from harness.analysis.results.requirements import Outcome
from tests.analysis.candidates import Money, candidate, setting, share, timed


def held(candidate_: dict[str, Any], **needs: Any) -> Outcome:
    wanted = Requirements(**needs)
    more = {"right": share(60, 100), **candidate_}
    one = candidate("rag", more.pop("right"), more.pop("money", None), **more)
    (outcome,) = outcomes(one, wanted, setting(wanted))
    return outcome


@pytest.mark.parametrize(
    ("about", "needs", "status", "detail"),
    [
        ({}, {"min_accuracy": 0.6}, "met", "60.0 %, required 60.0 %"),
        ({}, {"min_accuracy": 0.7}, "missed", "60.0 %, required 70.0 %: missed by 10 points"),
        ({"interval": (0.5, 0.7)}, {"min_accuracy": 0.55}, "met",
         "60.0 %, required 55.0 % (its interval reaches down to 50.0 %)"),
        ({"interval": (0.5, 0.7)}, {"min_accuracy": 0.65}, "missed",
         "60.0 %, required 65.0 %: missed by 5 points (its interval reaches up to 70.0 %)"),
        ({"latency": timed(1.5)}, {"max_latency_s": 2}, "met", "1.50 s at the p50, required 2.00 s"),
        ({"latency": timed(1.5, ci={"p50": (1.4, 2.2)})}, {"max_latency_s": 2}, "met",
         "1.50 s at the p50, required 2.00 s (its interval reaches up to 2.20 s)"),
        ({"latency": timed(1.5, ci={"p50": (1.4, 1.9)})}, {"max_latency_s": 2}, "met",
         "1.50 s at the p50, required 2.00 s"),
        ({"latency": timed(2.5, ci={"p50": (1.4, 2.7)})}, {"max_latency_s": 2}, "missed",
         "2.50 s at the p50, required 2.00 s: missed by 500 ms (its interval reaches down to 1.40 s)"),
        ({"latency": timed(2.5, ci={"p50": (2.1, 2.7)})}, {"max_latency_s": 2}, "missed",
         "2.50 s at the p50, required 2.00 s: missed by 500 ms"),
        ({"latency": timed(3.0, ci={"p50": (1.9, 3.1)})}, {"max_latency_s": 2, "latency_percentile": "p99"}, "missed",
         "3.00 s at the p50 already, required 2.00 s: missed by 1.00 s (its interval reaches down to 1.90 s)"),
        ({"latency": timed(1.0, n=200, p95=2.5)}, {"max_latency_s": 2, "latency_percentile": "p95"}, "missed",
         "2.50 s at the p95, required 2.00 s: missed by 500 ms"),
        ({"latency": timed(1.0, n=20)}, {"max_latency_s": 2, "latency_percentile": "p95"}, "unknown",
         "cannot be checked: the p95 needs 130 timed questions, and 20 were timed"),
        ({"latency": timed(None, n=0)}, {"max_latency_s": 2}, "unknown",
         "cannot be checked: the p50 needs 10 timed questions, and 0 were timed"),
        ({"latency": timed(3.0, n=20)}, {"max_latency_s": 2, "latency_percentile": "p99"}, "missed",
         "3.00 s at the p50 already, required 2.00 s: missed by 1.00 s"),
        ({"money": Money(0.004, 12)}, {"monthly_budget_usd": 41, "monthly_queries": 10_000}, "met",
         "$41.00 a month, required $41.00"),
        ({"money": Money(0.004)}, {"monthly_budget_usd": 0}, "missed", "$40.00 a month, required $0: missed by $40.00"),
        ({"money": Money(None, reason="not timed")}, {"monthly_budget_usd": 5}, "unknown",
         "cannot be checked: its cost is not known: not timed"),
        ({"memory_gb": 9.0}, {"max_memory_gb": 8}, "missed",
         "9.00 GB for weights and index alone, required 8.00 GB: missed by 1.00 GB"),
        ({"memory_gb": 1.0, "memory_most_gb": 7.5}, {"max_memory_gb": 8}, "met",
         "7.50 GB at the peak of the whole run, required 8.00 GB"),
        ({"memory_gb": 1.0, "memory_most_gb": 9.5}, {"max_memory_gb": 8}, "unknown",
         "cannot be checked: weights and index take 1.00 GB, and what answering needs beside them was not measured"),
        ({}, {"max_memory_gb": 8}, "unknown", "cannot be checked: the size of its weights is not recorded"),
        ({"cites": True}, {"citations": True}, "met", "its passages can be cited"),
        ({}, {"citations": True}, "missed", "it has no passages to cite"),
        ({}, {"in_house": True}, "met", "it answered on a machine of your own, and nothing left it"),
        ({"update_s": 7200.0}, {"refresh_days": 1 / 24}, "missed",
         "2.00 h to take up a change, required 60.0 min: missed by 60.0 min"),
        ({"update_s": 72.0, "update_people_s": 4 * 3600.0}, {"refresh_days": 0.01}, "missed",
         "4.02 h to take up a change, 4.00 h of them an engineer's, required 14.4 min: missed by 3.78 h"),
        ({"update_s": 7200.0}, {"refresh_days": 1}, "met", "2.00 h to take up a change, required 24.0 h"),
    ],
)  # fmt: skip
def test_requirement(about: dict[str, Any], needs: dict[str, Any], status: str, detail: str) -> None:
    outcome = held(about, **needs)
    assert (outcome.status, outcome.detail) == (status, detail)
    assert (outcome.miss > 0) == (status == "missed")


def test_nothing_required_is_nothing_held() -> None:
    assert outcomes(candidate("base", [1.0]), Requirements(), setting()) == ()
    assert (
        outcomes(
            candidate("base", [1.0]), Requirements(refresh_days=1), setting(Requirements(refresh_days=1))
        )
        == ()
    )


@settings(deadline=None)
@given(st.floats(0.01, 1.0), st.floats(0.0, 1.0))
def test_the_miss_is_the_share_of_the_limit_that_lacks(least: float, right: float) -> None:
    outcome = held({"right": [right]}, min_accuracy=least)
    assert outcome.miss == (pytest.approx((least - right) / least) if right < least else 0.0)


def test_a_limit_of_next_to_nothing_is_missed_by_a_finite_share() -> None:
    assert held({"money": Money(1.0)}, monthly_budget_usd=5e-324).miss == 1e9
