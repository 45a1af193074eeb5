"""A short form of benchmarks/family.py: a leader chosen from the data is seldom said to be better than its equals."""

from __future__ import annotations

import pytest

from benchmarks.family import Truth, alike, outcome, tied

ROWS = 600
MOST = 7.7
"""Per cent: 5 and three standard errors of 600 runs."""


@pytest.mark.parametrize(
    "truth", [alike(4, 60), alike(8, 60), alike(14, 60), alike(8, 200)], ids=lambda t: t.name
)
def test_none_is_told_apart_where_all_are_alike(truth: Truth) -> None:
    assert outcome(truth, ROWS).race <= 5


@pytest.mark.parametrize(
    "truth", [tied(2, 4, 0.1, 200), tied(2, 8, 0.25, 200), tied(4, 8, 0.5, 60), tied(2, 14, 0.5, 60)],
    ids=lambda t: t.name,
)  # fmt: skip
def test_nor_where_some_are_worse(truth: Truth) -> None:
    found = outcome(truth, ROWS // 2)
    assert found.race <= MOST
    assert found.shown_race >= found.shown_all_pairs, "and more is shown than by Holm over all pairs"


def test_holm_over_the_leaders_pairs_alone_would_tell_equals_apart() -> None:
    """Why the family is not simply the leader's pairs: somebody always leads."""
    assert outcome(alike(14, 60), ROWS).leader_alone > 7
