"""Text metrics on cases worked out by hand."""

from __future__ import annotations

import pytest

from harness.scoring.text import contains, exact_match, f1


@pytest.mark.parametrize(
    ("reply", "answers", "em", "overlap"),
    [
        ("the Eiffel Tower!", ["Eiffel tower"], 1.0, 1.0),
        ("Eiffel", ["Eiffel Tower"], 0.0, 2 / 3),  # precision 1, recall 1/2
        ("the big red dog", ["red cat", "big dog"], 0.0, 0.8),  # best of 2·1/5 and 2·2/5
        ("dog dog", ["dog"], 0.0, 2 / 3),  # a repeated word counts once
        ("贷款期限是十四天", ["期限是十四天"], 0.0, 2 * 5 / (7 + 5)),  # characters; a numeral is one word
        ("cat", ["dog"], 0.0, 0.0),
        ("", ["\u200b"], 1.0, 1.0),  # both empty
        ("", ["dog"], 0.0, 0.0),
        ("dog", [], 0.0, 0.0),
    ],
)
def test_exact_match_and_f1(reply: str, answers: list[str], em: float, overlap: float) -> None:
    assert exact_match(reply, answers) == em
    assert f1(reply, answers) == pytest.approx(overlap, abs=1e-12)


@pytest.mark.parametrize(
    ("reply", "answers", "found"),
    [
        ("It takes 30 days.", ["30 days"], 1.0),
        ("It takes 130 days.", ["30 days"], 0.0),  # whole words only
        ("It is the blue whale", ["a blue whale"], 1.0),
        ("blue and whale", ["blue whale"], 0.0),
        ("green", ["red", "green"], 1.0),
        ("anything", ["\u200b"], 0.0),  # nothing is left of the answer
        ("", ["\u200b"], 1.0),
        ("anything", [], 0.0),
    ],
)
def test_contains_is_whole_words(reply: str, answers: list[str], found: float) -> None:
    assert contains(reply, answers) == found
