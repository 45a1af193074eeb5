"""How alike two texts are, word by word: near copies of a question are found by it.

Alike are sets of letter triples of padded words, so that order, spacing and a slip of the pen count little; the
measure is Jaccard's, shared ÷ all.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby

from harness.scoring.characters import KINDS
from harness.scoring.normal import normalise

NEAR = 0.85
"""From this likeness on a question is a near copy of another. Of question sets from elsewhere, intents that people
typed have 2 % of such pairs; facts asked anew, none."""


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard's index of two sets of triples, from 0 to 1; two empty ones are alike."""
    return len(one & other) / len(one | other) if one | other else 1.0


def triples(text: str) -> frozenset[str]:
    """Letter triples of the normalised words, each between spaces; text of a script without spaces is one word."""
    words = normalise(text).text.split()
    runs = groupby(words, key=lambda word: KINDS[ord(word[0])] in "UN")
    joined = (word for unspaced, run in runs for word in (["".join(run)] if unspaced else run))
    return frozenset().union(*map(_word_triples, joined))


@lru_cache(maxsize=50_000)
def _word_triples(word: str) -> frozenset[str]:
    padded = f" {word} "
    return frozenset(padded[at : at + 3] for at in range(len(word)))
