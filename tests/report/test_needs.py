"""What was required, in a sentence: nothing that was asked for is left out, and 0 is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from harness.report.needs import CLAUSES, required
from harness.spec.requirements import Requirements


@pytest.mark.parametrize(
    ("needs", "sentence"),
    [
        ({}, "Nothing was required; each task says what was assumed."),
        ({"citations": False, "min_accuracy": None}, "Nothing was required; each task says what was assumed."),
        ({"error_price_usd": 0.0}, "Required: a wrong answer costs $0."),
        ({"monthly_budget_usd": 0, "min_accuracy": 0.0},
         "Required: accuracy at least 0.0 %, at most $0 a month."),
        ({"monthly_queries": 1, "horizon_months": 1}, "Required: 1 query a month, a horizon of 1 month."),
        ({"monthly_queries": 1200}, "Required: 1,200 queries a month."),
        ({"max_latency_s": 2}, "Required: latency at most 2.00 s at the p50."),
        ({"latency_percentile": "p95", "max_latency_s": 0.2}, "Required: latency at most 200 ms at the p95."),
        ({"latency_percentile": "p95"},
         "Required: the p95 of the latency counts, but has no ceiling to keep."),
        ({"citations": True, "in_house": True},
         "Required: answers name their source, data stay on machines of your own."),
    ],
)  # fmt: skip
def test_sentence(needs: dict[str, Any], sentence: str) -> None:
    assert required(needs) == sentence


def test_every_requirement_has_its_clause() -> None:
    assert {*CLAUSES, "latency_percentile"} == set(Requirements.model_fields)
