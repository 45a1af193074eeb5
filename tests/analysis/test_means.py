"""A mean does not depend on the order in which its values came."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.means import mean


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.randoms())
def test_the_order_does_not_matter(values: list[float], order: object) -> None:
    shuffled = list(values)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert mean(shuffled) == mean(values) == float(sum(map(Fraction, values))) / len(values)


def test_nothing_has_no_mean() -> None:
    assert mean([]) is None
