"""The most likely option is the answer; per character takes the advantage from short ones."""

from __future__ import annotations

from harness.scoring.choice import best, by_likelihood, is_right, per_character

CHOICES = ("no", "certainly")


def test_likelihood_prefers_the_short_option_and_per_character_does_not() -> None:
    logprobs = (-3.0, -9.0)  # per character: -1.5 and -1.0
    assert by_likelihood(CHOICES, logprobs, ["no"]) == 1.0
    assert by_likelihood(CHOICES, logprobs, ["certainly"]) == 0.0
    assert per_character(CHOICES, logprobs, ["certainly"]) == 1.0


def test_first_of_equals_wins() -> None:
    assert best((-2.0, -1.0, -1.0)) == 1


def test_options_are_compared_as_they_are_written() -> None:
    assert is_right("A", [" A "])
    assert not is_right("a", ["A"])
    assert not is_right("The", ["A"])  # both would be normalised to nothing
