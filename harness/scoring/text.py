"""Metrics for free text. What it is compared as stands in `normal.py`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from harness.scoring.normal import Words, normalise


def exact_match(reply: str, answers: Iterable[str]) -> float:
    """1 where the reply is one of the answers, both normalised."""
    return float(any(map(normalise(reply).same, map(normalise, answers))))


def f1(reply: str, answers: Iterable[str]) -> float:
    """The best F1 of the reply's words against any answer's; two empty texts agree fully."""
    replied = normalise(reply)
    return max([_f1(replied.facing(gold), gold) for gold in map(normalise, answers)], default=0.0)


def _f1(replied: Words, gold: Words) -> float:
    shared = _overlap(replied.text.split(), gold.text.split())
    if (replied.bare, gold.bare) == (replied.text, gold.text):
        return shared
    return max(shared, _overlap(replied.bare.split(), gold.bare.split()))


def _overlap(replied: list[str], gold: list[str]) -> float:
    if replied == gold:
        return 1.0
    if {*replied}.isdisjoint(gold):
        return 0.0
    shared = sum((Counter(replied) & Counter(gold)).values())
    return 2.0 * shared / (len(replied) + len(gold))


def contains(reply: str, answers: Iterable[str]) -> float:
    """1 where an answer stands in the reply as whole words, both normalised."""
    return float(contains_normalised(normalise(reply), answers))


def contains_normalised(replied: Words, answers: Iterable[str]) -> bool:
    """`contains` for a text that is normalised already (passages are searched many times over).

    An answer of which nothing is left would stand in everything: it needs an empty text.
    """
    return any(map(replied.hold, map(normalise, answers)))
