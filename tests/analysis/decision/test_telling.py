"""Sentences take their figures from the results, and from nowhere else."""

from __future__ import annotations

import pytest

from harness.analysis.decision.telling import Teller, joined, value_at

TASK = {"n": 120, "strategies": {"few-shot+rag": {"accuracy": {"mean": 0.4523}}}, "rows": [{"usd": 0.0135}]}


def test_a_sentence_looks_its_figures_up() -> None:
    told = Teller(TASK).say(
        "{right:percent} of {n:whole} at {price:dollars}.",
        right="strategies/few-shot+rag/accuracy/mean",
        n="n",
        price="rows/0/usd",
    )
    assert told["text"] == "45.2 % of 120 at $0.0135."
    assert told["figures"] == {
        "strategies/few-shot+rag/accuracy/mean": 0.4523,
        "n": 120,
        "rows/0/usd": 0.0135,
    }


@pytest.mark.parametrize("place", ["strategies/lora/accuracy/mean", "rows/3/usd", "m"])
def test_a_figure_that_is_not_there_cannot_be_told(place: str) -> None:
    with pytest.raises((KeyError, IndexError)):
        Teller(TASK).say("{x:percent}", x=place)


def test_sentences_join_with_their_figures() -> None:
    one, two = Teller(TASK).say("{n:whole}.", n="n"), Teller(TASK).say("None.")
    assert joined(one, two) == {"text": "120. None.", "figures": {"n": 120}}


def test_places_reach_into_lists() -> None:
    assert value_at(TASK, "rows/0") == {"usd": 0.0135}
