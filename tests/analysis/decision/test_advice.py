"""Common advice and published shapes beside what was measured."""

from __future__ import annotations

import pytest

from harness.analysis.decision.literature import expected_range
from tests.analysis.candidates import (
    Money,
    candidate,
    share,
)
from tests.analysis.decision.worlds import (
    BASE,
    LORA,
    MIXED,
    RAG,
    decided,
)


def test_advice_and_shapes_stand_beside_what_was_measured() -> None:
    found = decided([BASE, RAG, LORA, MIXED], sizes={None: 1.35e8}).literature
    assert [row.verdict for row in found.priors] == ["as in the literature", "differs", "not measured"]
    shapes = {row.shape: row for row in found.shapes}
    rag = shapes["knowledge: rag − base"]
    assert (rag.measured, rag.verdict, expected_range(rag)) == (
        pytest.approx(0.35), "as in the literature", "+23.0 to +42.0 points",
    )  # fmt: skip
    small = next(row for name, row in shapes.items() if name.startswith("models of 3"))
    assert (small.verdict, expected_range(small)) == ("as in the literature", "above 0")
    assert {row.verdict for name, row in shapes.items() if "raw text" in name} == {"not measured"}


def test_a_large_model_is_held_against_the_shape_of_large_models() -> None:
    rows = decided([BASE, RAG, MIXED], sizes={None: 8e9}).literature.shapes
    (large,) = [row for row in rows if row.shape.startswith("models of 7")]
    assert (large.verdict, large.certain, expected_range(large)) == ("differs", True, "below 0")


@pytest.mark.parametrize(("right", "expected"), [(500, "as in the literature"), (50, "differs")])
def test_behaviour_turns_the_order_round_or_the_report_says_so(right: int, expected: str) -> None:
    lora = candidate("lora", share(right, 1000), Money(0.001, 6000))
    found = decided([BASE, lora], probes="behaviour", sizes={None: 1.35e8}).literature
    assert (found.priors[0].verdict, found.shapes[0].verdict) == (expected, expected)
