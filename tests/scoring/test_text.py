"""Text metrics agree with the SQuAD script on cases worked out by hand; refusals are told from answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.scoring.text import contains, exact_match, f1, is_refusal, normalise


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("The  Cat, a dog\tand AN owl!", "cat dog and owl"),
        ("theatre", "theatre"),  # an article inside a word stays
        ("the-atre", "theatre"),  # punctuation goes first, as in the official script
        ("U.S.A.", "usa"),
        ("$1,000.50", "100050"),
        ("Café “Zürich”", "café “zürich”"),  # only ASCII punctuation goes
        ("a b", "b"),
        ("The", ""),
        ("", ""),
    ],
)
def test_normalisation(text: str, normal: str) -> None:
    assert normalise(text) == normal


@pytest.mark.parametrize(
    ("reply", "answers", "em", "overlap"),
    [
        ("the Eiffel Tower!", ["Eiffel tower"], 1.0, 1.0),
        ("Eiffel", ["Eiffel Tower"], 0.0, 2 / 3),  # precision 1, recall 1/2
        ("the big red dog", ["red cat", "big dog"], 0.0, 0.8),  # best of 2·1/5 and 2·2/5
        ("dog dog", ["dog"], 0.0, 2 / 3),  # a repeated word counts once
        ("cat", ["dog"], 0.0, 0.0),
        ("", ["the"], 1.0, 1.0),  # both empty
        ("", ["dog"], 0.0, 0.0),
        ("dog", [], 0.0, 0.0),
    ],
)
def test_squad_metrics(reply: str, answers: list[str], em: float, overlap: float) -> None:
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
        ("anything", ["The!"], 0.0),  # nothing is left of the answer
        ("", ["The!"], 1.0),
        ("anything", [], 0.0),
    ],
)
def test_contains_is_whole_words(reply: str, answers: list[str], found: float) -> None:
    assert contains(reply, answers) == found


@pytest.mark.parametrize(
    ("reply", "refused"),
    [
        ("not in the documents", True),
        ("  Not in the documents.", True),
        ("Not in the documents. They only speak of leave.", True),
        ("Not in the documents\nAnything else?", True),
        ("Not in the documents, but it is five days.", False),
        ("It is not in the documents", False),
        ("", False),
    ],
)
def test_refusal_is_the_phrase_or_opens_with_it_as_a_sentence(reply: str, refused: bool) -> None:
    assert is_refusal(reply, "not in the documents") is refused


def test_without_a_refusal_text_nothing_is_a_refusal() -> None:
    assert not is_refusal("", None)
    assert not is_refusal("", "the")


@given(st.text(max_size=40), st.lists(st.text(max_size=20), max_size=3))
def test_scores_are_shares_and_an_exact_match_is_a_full_one(reply: str, answers: list[str]) -> None:
    scores = [metric(reply, answers) for metric in (exact_match, f1, contains)]
    assert all(0 <= score <= 1 for score in scores)
    if scores[0] == 1:
        assert scores == [1, 1, 1]
