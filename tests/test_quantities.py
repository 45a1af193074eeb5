"""Counts, spans and distances as people read them (prices, shares and seconds: tests/report/test_numbers.py)."""

from __future__ import annotations

import pytest

from harness.quantities import counted, days, listed, months, points, queries, share, signed, whole


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (whole(1234.6), "1,235"), (whole(None), "n/a"), (days(7), "7 days"), (days(1), "1 day"),
        (days(181.94), "181.9 days"), (days(1 / 24), "1 hour"), (days(0.5), "12 hours"), (days(0.01), "14.4 min"),
        (days(0.001), "86.4 s"), (days(1e-5), "864 ms"), (counted(1, "answer"), "1 answer"),
        (counted(1200, "query", "queries"), "1,200 queries"), (counted(0, "answer"), "0 answers"),
        (days(None), "n/a"), (queries(1.0), "1 query"), (queries(1200.4), "1,200 queries"), (queries(None), "n/a"),
        (months(12), "12 months"), (months(1.0), "1 month"), (share(0.05), "5 points"),
        (share(0.01), "1 point"), (share(0.023), "2.3 points"),
    ],
)  # fmt: skip
def test_words(text: str, wanted: str) -> None:
    assert text == wanted


@pytest.mark.parametrize(
    ("count", "most", "wanted"),
    [
        (0, None, ""), (1, None, "a"), (2, None, "a and b"), (3, None, "a, b and c"), (3, 3, "a, b and c"),
        (5, 3, "a, b, c and 2 more"), (5, 1, "a and 4 more"),
    ],
)  # fmt: skip
def test_lists(count: int, most: int | None, wanted: str) -> None:
    assert listed("abcde"[:count], most) == wanted


def test_a_list_of_clauses_is_kept_apart() -> None:
    assert listed(("a is b", "c is d", "e is f"), 2, apart="; ") == "a is b; c is d; and 1 more"
    assert listed(("a is b",), apart="; ") == "a is b"


def test_a_signed_difference_is_the_same_with_and_without_its_unit() -> None:
    assert (signed(-0.0312), points(-0.0312)) == ("−3.1", "−3.1 points")
    assert (signed(0.05), points(0.05)) == ("+5.0", "+5.0 points")
    assert (signed(None), points(None)) == ("n/a", "n/a")
