"""Thousands of mistakes are told as fast as twenty, and no value breaks the sentence that quotes it."""

from __future__ import annotations

import difflib
from typing import Any

import pytest

from harness.errors import InputError, InputErrors, LazyText, did_you_mean, nearest, raise_all, shown


def test_of_many_mistakes_the_sentences_that_are_shown_are_made() -> None:
    made: list[int] = []

    def sentence(number: int) -> str:
        made.append(number)
        return f"mistake {number}"

    with pytest.raises(InputErrors) as caught:
        raise_all([InputError(LazyText(sentence, number), line=number) for number in range(5000)])
    assert str(caught.value).splitlines()[-1] == "… and 4980 more."
    assert made == list(range(20))


@pytest.mark.parametrize("size", [10, 50_000])
def test_few_words_are_compared_letter_by_letter(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []
    own = difflib.get_close_matches

    def counted(word: str, known: Any, **limits: Any) -> list[str]:
        known = list(known)
        compared.append(len(known))
        return own(word, known, **limits)

    monkeypatch.setattr(difflib, "get_close_matches", counted)
    known = [f"handbook/page-{number}" for number in range(size)]
    assert did_you_mean("Handbook/page_7x", known).startswith(" (did you mean 'handbook/page-7")
    assert max(compared) <= 500
    assert nearest("x" * 100_000, known) == []


def test_a_value_that_cannot_be_written_is_quoted_all_the_same() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert shown(int("f" * 10_000, 16)) == "…, of thousands of digits"
    assert shown(deep) == "a list that is nested too deeply"
    assert shown("a" * 1_000_000) == "'" + "a" * 58 + "…"
