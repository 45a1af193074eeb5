"""The passages that a row brings, and which of them hold its answer."""

from __future__ import annotations

from typing import Any

import pytest

from harness.imports.contexts import Passage, passages_of, supporting

CABIN, DAVIT = Passage("Cabin", "It is Ada's."), Passage("Davit", "It is old.")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("It is Ada's.", [CABIN]),
        (["It is Ada's.", None, " "], [CABIN]),
        ([{"title": "Davit", "text": "It is old."}], [DAVIT]),
        ([{"text": "It is Ada's."}], [CABIN]),
        ({"title": "Davit", "sentences": ["It is", "old."]}, [DAVIT]),
        (None, []),
        ([1], None),
        ([{"where": "there"}], None),
        (["It is Ada's.", 2], None),
    ],
)
def test_passages_of_a_cell(value: Any, found: list[Passage] | None) -> None:
    assert passages_of(value, "Cabin") == found


@pytest.mark.parametrize("facts", [[["Davit", 0]], ["Davit"], "Davit", {"title": ["Davit"], "sent_id": [0]}])
def test_facts_name_the_passages_that_support_an_answer(facts: Any) -> None:
    assert supporting([CABIN, DAVIT], facts) == [DAVIT]


@pytest.mark.parametrize(("facts", "left"), [(None, [CABIN, DAVIT]), ([], [CABIN, DAVIT]), (7, [])])
def test_without_facts_all_support_it_and_unknown_ones_name_none(facts: Any, left: list[Passage]) -> None:
    assert supporting([CABIN, DAVIT], facts) == left
